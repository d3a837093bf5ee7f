"""One attempt under way: it asks one provider once, measures every part of it, and says what became of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from msgspec import Struct

from remit.domain.action_errors import (
    ContextTooLong,
    ModelFailed,
    ModelRefused,
    ProviderBusy,
    ProviderDown,
    ProviderRefused,
    StreamCut,
)
from remit.domain.errors import Refused, RemitError, TimedOut
from remit.engine.attempts import InTime
from remit.models.attempt import Attempt, AttemptOutcome, HealthOutcome, Latency, Permission
from remit.models.failures import from_event, with_trouble
from remit.models.listening import listening
from remit.models.provider import Credential, Trouble, trouble_of
from remit.wire.assembly import Assembly
from remit.wire.messages import Failed, Started, Text, TextDelta, ToolCall

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.models.plan import Candidate
    from remit.models.provider import ModelCall
    from remit.wire.messages import ModelResponse, StreamEvent, Usage

_NONE = Trouble()
_OPEN = Credential()
Deliver = Callable[["Underway", "StreamEvent"], Awaitable[None]]

_ILL = frozenset({"authentication", "permission", "not_found"})
"""Refusals that every call to this model would get: they count against its health."""


class Underway(Struct):
    """An attempt from the moment it was wanted; times are of the boot clock, except those that a log shows."""

    number: int
    candidate: Candidate
    permission: Permission
    clock: Clock
    wanted: int
    hedge: bool = False
    credential: Credential = _OPEN
    usage: Usage | None = None
    contact: int | None = None
    first: int | None = None
    first_at: int | None = None
    started_at: int = 0
    ended: int = 0
    delivered: bool = False
    over: bool = False

    async def perform(self, call: ModelCall, deliver: Deliver) -> ModelResponse:
        """Ask; raises a `ModelFailed` that carries its `Trouble`."""
        self.contact, self.started_at = self.clock.boot(), self.clock.now()
        try:
            provider = self.candidate.provider
            work = self._stream(call, deliver) if call.request.stream else provider.complete(call)
            response = await InTime(work, self.clock, call.deadlines.total, self.candidate.model)
        except TimedOut:
            pass
        else:
            self.usage = response.usage
            return _said_something(response, self.candidate.provider.name)
        late = ProviderDown(
            f"provider {self.candidate.provider.name} gave no whole answer within {call.deadlines.total:g} s."
        )
        raise with_trouble(late, Trouble(kind="timeout"))

    async def _stream(self, call: ModelCall, deliver: Deliver) -> ModelResponse:
        """Hand on event by event. The opening is held back until something is said: an attempt that fails right
        after it can be repeated in silence.
        """
        provider = self.candidate.provider
        assembly, held = Assembly(provider.dialect), list[Started]()
        async with listening(provider.stream(call)) as events:
            async for event in events:
                if not isinstance(
                    event, TextDelta
                ):  # which its part repeats, and a long text is not kept twice
                    assembly.add(event)
                    if isinstance(event, Failed):
                        raise from_event(event, provider.name)
                    if isinstance(event, Started):
                        held.append(event)
                        continue
                self._mark_first()
                if held:
                    for opening in held:
                        await deliver(self, opening)
                    held.clear()
                await deliver(self, event)
        if assembly.finished is None:
            raise from_event(Failed("it ended before the answer was complete", "cut"), provider.name)
        return assembly.response()

    def _mark_first(self) -> None:
        if self.first is None:
            self.first, self.first_at = self.clock.boot(), self.clock.now()

    def latency(self) -> Latency:
        """How long each part took so far."""
        now = self.ended = self.clock.boot()
        contact = now if self.contact is None else self.contact
        first = None if self.first is None else self.first - contact
        return Latency(contact - self.wanted, first, now - contact)

    def closed(self, wrong: BaseException | None) -> tuple[Attempt, HealthOutcome]:
        """The record of it, and what it says about the model."""
        outcome, health = ("answered", "ok") if wrong is None else _meaning(wrong)
        trouble = trouble_of(wrong) if isinstance(wrong, ModelFailed) else _NONE
        code, now = wrong.code if isinstance(wrong, RemitError) else "", self.clock.now()
        sent = self.contact is not None and trouble.sent and outcome != "skipped"
        attempt = Attempt(
            self.number, self.candidate.model, self.candidate.provider.name, outcome, code, trouble.status,
            self.started_at or now, self.first_at, now, self.usage, sent, self.delivered, self.hedge, self.latency(),
        )  # fmt: skip
        return attempt, health


def _meaning(wrong: BaseException) -> tuple[AttemptOutcome, HealthOutcome]:
    match wrong:
        case ModelRefused() | ContextTooLong():
            return "refused", "ok"
        case ProviderRefused():
            return "refused", "failed" if trouble_of(wrong).kind in _ILL else "ok"
        case ProviderBusy():
            return "busy", "busy"
        case StreamCut():
            return "cut", "failed"
        case Refused():
            return "skipped", "released"  # refused on this side, before anything was sent
        case Exception():
            return "failed", "failed"
        case _:
            return "cancelled", "released"


def _said_something(response: ModelResponse, provider: str) -> ModelResponse:
    """The answer, unless a filter left nothing of it."""
    if response.finish != "filter" or any(
        isinstance(part, (Text, ToolCall)) for part in response.message.parts
    ):
        return response
    refused = ModelRefused(f"provider {provider} declined to answer: its content filter left nothing.")
    raise with_trouble(refused, Trouble(200, "content_filter", None, retryable=False))
