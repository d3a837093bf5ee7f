"""A provider that does what a test says, attempt by attempt, on a clock that the test moves; and a health book that
writes down what it is told.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, field
from typing import Any

from remit.domain.action_errors import ModelFailed
from remit.domain.clock import sleep_until
from remit.models.attempt import Attempt, HealthOutcome, Latency, Permission, Reset
from remit.models.calling import Calls
from remit.models.failures import from_refusal
from remit.models.plan import Answered, CallPlan, Candidate
from remit.models.provider import Credential, ModelCall
from remit.testing.clock import ManualClock
from remit.wire.dialect import WireError
from remit.wire.messages import (
    Failed,
    Finished,
    Message,
    ModelRequest,
    ModelResponse,
    PartDone,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    Usage,
)

USAGE = Usage(input=5, output=2)
ASKED = ModelRequest("whatever", (Message("user", (Text("hi"),)),))
STREAMED = ModelRequest("whatever", ASKED.messages, stream=True)
Turn = Sequence[StreamEvent | BaseException | float]


def refused(kind: str, status: int, after: float | None = None, message: str = "no") -> ModelFailed:
    return from_refusal(WireError(status, kind, message, retry_after=after), "p")


def says(text: str, after: float = 0.0) -> list[StreamEvent | BaseException | float]:
    words: list[StreamEvent | BaseException | float] = [TextDelta(0, word) for word in text]
    done = PartDone(0, Text(text))
    return [after, Started("id", "served", Usage(input=5)), *words, done, Finished("stop", USAGE)]


CUT = Failed("the line went dead", "cut")


class Played:
    """Plays a list of things for each call: events, failures to raise, seconds to wait."""

    dialect = "openai_chat"
    simulated = False

    def __init__(self, name: str, clock: ManualClock, *turns: Turn) -> None:
        self.name = name
        self.calls: list[ModelCall] = []
        self.left = 0
        self._turns = list(turns)
        self._clock = clock

    async def complete(self, call: ModelCall) -> ModelResponse:
        words: list[str] = []
        async for event in self.stream(call):
            if isinstance(event, TextDelta):
                words.append(event.text)
            if isinstance(event, Failed):
                raise refused(event.kind, event.status, message=event.message)
        return ModelResponse("served", Message("assistant", (Text("".join(words)),)), usage=USAGE)

    async def stream(self, call: ModelCall) -> AsyncGenerator[StreamEvent]:
        self.calls.append(call)
        turn = self._turns.pop(0) if len(self._turns) > 1 else self._turns[0]
        try:
            for each in turn:
                if isinstance(each, BaseException):
                    raise each
                if isinstance(each, float | int):
                    await sleep_until(self._clock, self._clock.now() + int(each * 1_000_000))
                else:
                    yield each
        finally:
            self.left += 1

    async def close(self) -> None:
        pass


@dataclass
class Book:
    """A health book."""

    resting: set[str] = field(default_factory=set[str])
    told: list[tuple[str, HealthOutcome, float | None]] = field(
        default_factory=list[tuple[str, HealthOutcome, float | None]]
    )
    out: int = 0

    def admit(self, model: str) -> Permission | None:
        if model in self.resting:
            return None
        self.out += 1
        return Permission(model)

    def done(
        self,
        permission: Permission,
        outcome: HealthOutcome,
        latency: Latency,
        retry_after: float | None = None,
    ) -> None:
        self.out -= 1
        self.told.append((permission.model, outcome, retry_after))


@dataclass
class Account:
    """A witness; raises what it is given instead of opening an attempt of that number."""

    refuses: dict[int, Exception] = field(default_factory=dict[int, Exception])
    open: set[int] = field(default_factory=set[int])
    closed_: list[Attempt] = field(default_factory=list[Attempt])

    async def opened(self, number: int, candidate: Candidate) -> None:
        if number in self.refuses:
            raise self.refuses[number]
        self.open.add(number)

    def closed(self, attempt: Attempt) -> None:
        self.open.remove(attempt.number)
        self.closed_.append(attempt)


@dataclass
class Heard:
    """Everything that was handed on."""

    events: list[tuple[int, StreamEvent | Reset]] = field(
        default_factory=list[tuple[int, StreamEvent | Reset]]
    )
    spoke: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, number: int, event: StreamEvent | Reset) -> None:
        self.events.append((number, event))
        self.spoke.set()

    def shown(self) -> str:
        """What a person would have in front of them: a reset wipes it."""
        text = ""
        for _, event in self.events:
            if isinstance(event, Reset):
                text = ""
            elif isinstance(event, TextDelta):
                text += event.text
        return text


async def no_key(provider: str) -> Credential:
    return Credential(f"key-of-{provider}")


def calls(clock: ManualClock, book: Book | None = None, spread: float = 0.5) -> Calls:
    return Calls(no_key, health=book, clock=clock, spread=lambda: spread)


async def settle(clock: ManualClock, task: asyncio.Task[Any], most: float = 10_000) -> None:
    """Move time until the task is over."""
    moved = 0.0
    while True:
        await breathe()
        if task.done():
            return
        assert moved < most, "it never ends"
        await clock.advance(0.25)
        moved += 0.25


async def breathe() -> None:
    """Let everything that can go on without time go on."""
    for _ in range(20):
        await asyncio.sleep(0)


def plan(*providers: Played, **more: Any) -> CallPlan:
    return CallPlan(tuple(Candidate(f"m-{each.name}", each) for each in providers), **more)


async def made(
    clock: ManualClock, wanted: CallPlan, request: ModelRequest = ASKED, book: Book | None = None, **more: Any
) -> Answered:
    task = asyncio.create_task(calls(clock, book).perform(wanted, ModelCall(request), **more))
    await settle(clock, task)
    return task.result()
