"""The world outside: what tools did to it, kept where no crash of the platform reaches, and what flows were told.

It counts every effect, remembers the keys under which one came, and can be asked what really happened. Code of a
process that is dead may do nothing to it any more.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter, defaultdict
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from remit import Absent, Backoff, Happened, Run, ToolFailed, flow, step
from remit.domain.action_events import ActionAdmitted
from remit.domain.errors import StepFailed
from remit.engine.flow import Flow
from remit.engine.step import Step
from remit.engine.stepping import perform as perform_step
from remit.testing.programs import HOPELESS, Node, perform, worth
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.engine.admission import Placed
    from remit.engine.execution import Execution
    from remit.store.database import Op

BY_THE_CLOCK = "hourly "
_process: ContextVar[int] = ContextVar("process", default=-1)


class Dead(asyncio.CancelledError):
    """This code belongs to a process that is no more."""


@dataclass
class World:
    """Everything that is outside the platform."""

    process: int = 0
    """The number of the process that is alive; 0 while none is."""
    started: int = 0
    effects: Counter[str] = field(default_factory=Counter[str])
    """How often each logical call really acted; what comes with a key acts once per key."""
    keys: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    tries: Counter[str] = field(default_factory=Counter[str])
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    """What flows were told, by place."""
    answers: set[str] = field(default_factory=set[str])
    """Places at which a tool's answer was told."""
    journaled: set[int] = field(default_factory=set[int])
    """Answers that were found in the log."""
    lies: list[str] = field(default_factory=list[str])
    """Places where a replay was told something else than before."""
    calls: dict[str, tuple[str, int]] = field(default_factory=dict[str, tuple[str, int]])
    """Which call, worth what, has a digest: the log keeps no arguments."""
    nonces: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    performed: int = 0
    """Calls of tools in all, those without effect included; but not by runs that the clock starts at any moment."""

    def begin(self) -> None:
        """A process starts."""
        self.started += 1
        self.process = self.started

    def end(self) -> None:
        """It is killed."""
        self.process = 0

    def alive(self) -> None:
        """Let code of a dead process go no further."""
        if not self.process or _process.get() != self.process:
            raise Dead

    def act(self, call: str, key: str = "") -> None:
        """Something happened in the world."""
        if key not in self.keys[call]:
            self.effects[call] += 1
        self.keys[call].add(key or f"plain {self.effects[call]}")

    def tell(self, label: str, value: Any) -> None:
        if self.process and _process.get() == self.process and self.told.setdefault(label, value) != value:
            self.lies.append(f"{label}: first {self.told[label]}, then {value}")


WORLD = World()
"""The one that the flows of this process live in; a test replaces its content."""


@dataclass(frozen=True)
class Answer:
    """What a tool gives: its worth, and a number that no other call ever gives."""

    worth: int
    nonce: int
    bulk: str = ""


async def _reach_the_world(call: str, pause: int = 1) -> int:
    """On the way in a process may die; gives how often this call came here before."""
    for _ in range(pause):
        await asyncio.sleep(0)
    WORLD.alive()
    WORLD.performed += not call.startswith(BY_THE_CLOCK)
    WORLD.tries[call] += 1
    return WORLD.tries[call]


async def _answer(value: int, bulk: str = "") -> Answer:
    """On the way back, too."""
    await asyncio.sleep(0)
    WORLD.alive()
    return Answer(value, next(WORLD.nonces), bulk)


@step(effect="read")
async def read(call: str, value: int, mood: int) -> Answer:
    await _reach_the_world(call, mood % 3)
    if mood >= HOPELESS:
        raise ToolFailed("there is no such thing")
    return await _answer(value, "x" * 6000 if mood == 4 else "")


@step(effect="read", retry=Backoff(attempts=3, first=20.0))
async def insist(call: str, value: int, mood: int) -> Answer:
    if await _reach_the_world(call) <= mood:
        raise ConnectionError("try again")
    return await _answer(value)


async def _write(call: str, value: int, mood: int, key: str = "") -> Answer:
    """Act; the first time, a mood of 1 loses the answer and a mood of 2 the request; a hopeless one is refused."""
    tries = await _reach_the_world(call)
    if mood >= HOPELESS:
        raise ToolFailed("no")
    if mood == 2 and tries == 1:
        raise ConnectionError("the request was lost")
    WORLD.act(call, key)
    if mood == 1 and tries == 1:
        raise ConnectionError("the answer was lost")
    return await _answer(value)


@step(effect="write")
async def keyed(call: str, value: int, mood: int, *, idempotency_key: str) -> Answer:
    return await _write(call, value, mood, idempotency_key)


async def _look_it_up(call: str, value: int, mood: int) -> Happened | Absent:
    await asyncio.sleep(0)
    WORLD.alive()
    return Happened(Answer(value, next(WORLD.nonces))) if WORLD.effects[call] else Absent()


@step(effect="write", reconcile=_look_it_up)
async def reconciled(call: str, value: int, mood: int) -> Answer:
    return await _write(call, value, mood)


@step(effect="irreversible")
async def unkeyed(call: str, value: int, mood: int) -> Answer:
    return await _write(call, value, mood)


TOOLS: dict[str, Step] = {tool.name: tool for tool in (read, insist, keyed, reconciled, unkeyed)}


class Thought:
    """Something that is let pass and whose outcome only leads on, as the answer of a model does: nobody is told it."""

    leads_on = True
    protected = None

    def __init__(self, call: str) -> None:
        self._call = call

    async def admit(self, execution: Execution, call: Placed, number: int) -> None:
        execution.admit(ActionAdmitted(call.step.name, call.digest, {"number": number}), call.path)

    async def perform(self, *args: object, idempotency_key: str = "") -> object:
        del args, idempotency_key
        return await read.fn(self._call, 0, 0)

    async def reconcile(self, *args: object, idempotency_key: str = "") -> None:
        del args, idempotency_key

    def claiming(self) -> tuple[Any, Sequence[Op]]:
        return None, ()

    def settling(self, wrong: BaseException | None) -> tuple[Any, Sequence[Op]]:
        del wrong
        return None, ()

    def taken_up(self, execution: Execution, call: Placed, detail: Any) -> None:
        del execution, call, detail

    def replayed(self, execution: Execution, detail: Any) -> None:
        del execution, detail

    def dropped(self) -> None:
        """It sets nothing aside."""


class WorldHands:
    """How programs act on the world."""

    async def act(self, run: Run, node: Node, label: str) -> int:
        if node.kind == "think":
            thought = f"{label} thought"
            await perform_step(run.execution, read, (thought, 0, 0), {}, Thought(thought))
            node = replace(node, kind="keyed")
        given = (label, worth(node), node.amount)
        no_names: dict[str, object] = {}
        WORLD.calls[canonical.digest(canonical.plain((given, no_names)))] = (label, worth(node))
        try:
            answer: Answer = await run.step(TOOLS[node.kind], *given)
        except StepFailed:
            if node.amount != HOPELESS:
                raise
            self.saw(run, label, "failed")
            return 0
        self.saw(run, label, answer.nonce)
        if label in WORLD.told:
            WORLD.answers.add(label)
        return answer.worth

    async def child(self, run: Run, node: Node, label: str) -> int:
        child = await run.spawn(program, body=node, tag=f"{label}+")
        self.saw(run, f"{label} child", child.id)
        value = await child.result()
        self.saw(run, label, value)
        return value

    def saw(self, run: Run, label: str, value: Any) -> None:
        WORLD.tell(label, value)


HANDS = WorldHands()


@flow
async def program(run: Run, body: Node, tag: str, carried: int = 0, generation: int = 0) -> int:
    """Carry out a program that is given as data."""
    _process.set(WORLD.process)
    if body.kind != "again":
        return carried + await perform(run, body, tag, HANDS)
    value = carried + await perform(run, body.parts[generation], f"{tag}:{generation}", HANDS)
    if generation + 1 < len(body.parts):
        run.continue_as(body=body, tag=tag, carried=value, generation=generation + 1)
    return value


@flow(cron="0 * * * *")
async def hourly(run: Run) -> int:
    """What the clock starts."""
    _process.set(WORLD.process)
    answer: Answer = await run.step(keyed, f"{BY_THE_CLOCK}{run.id}", 1, 0)
    return answer.worth


FLOWS: list[Flow] = [program, hourly]
