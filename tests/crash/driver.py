"""Brings runs to their end through any number of deaths: people answer, signals come, time passes in leaps, and a
new process starts whenever one was killed. It plays everybody but the platform, and is as forgetful as they are:
what was acknowledged to it is not said again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, TypeVar
from weakref import WeakSet

from remit.control.approving.views import InboxItem
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import AlreadyDecided, Infrastructure, WrongState
from remit.domain.events import StepUnknown
from remit.domain.runs import RunRow, RunStatus
from remit.engine import faults
from remit.engine.outside import run_stream
from remit.store.database import Database
from remit.store.runs import run_row
from remit.testing import ManualClock, Stage, stage
from remit.testing.crash import COMMITS, Death, SimulatedCrash, quiet_crashes
from remit.testing.faulty_database import StoreFaults, faulty_databases
from remit.testing.programs import Node, worth
from tests.crash.world import FLOWS, WORLD, program

T = TypeVar("T")

PATIENCE_SECONDS = 0.05
"""Real time without any news after which the hand-moved clock is pushed a little."""
MOST_RUNS = 200
MOST_ROUNDS = 400
"""Rounds of looking after the runs; who is not done by then is stuck."""
_NEWS = frozenset({"park.recorded", "end.recorded", "takeover.recorded", "schedule.fired"})


class Killed(Exception):
    """The process died under the driver's hands."""


class Stuck(AssertionError):
    """A run does not come to its end."""


@dataclass(frozen=True)
class Message:
    """A signal that somebody will send: to the run itself, or to the child that was spawned at a label."""

    to: str
    name: str
    value: int


@dataclass
class Case:
    """One run, what it has to come to, and what is still to be said to it."""

    tag: str
    body: Node
    cancel: bool = False
    """Whether somebody orders it to cancel on the way."""
    cancelled: bool = False
    run: str = ""
    tried: bool = False
    unsent: list[Message] = field(default_factory=list[Message])

    def __post_init__(self) -> None:
        self.unsent = list(_messages(self.body, self.tag, ""))


def _messages(node: Node, tag: str, child: str) -> Iterator[Message]:
    if node.kind == "signal":
        yield Message(child, f"s{node.id}", worth(node))
    for number, part in enumerate(node.parts):
        if node.kind == "again":
            yield from _messages(part, f"{tag}:{number}", child)
        elif node.kind == "child":
            yield from _messages(part, f"{tag}/{node.id}+", f"{tag}/{node.id}+")
        else:
            yield from _messages(part, tag, child)


class Theatre:
    """A stage whose platform dies as planned, and everybody around it."""

    def __init__(
        self,
        stage: Stage,
        clock: ManualClock,
        troubles: StoreFaults,
        random: Random,
        before: set[asyncio.Task[Any]],
    ) -> None:
        self.stage = stage
        self.clock = clock
        self.troubles = troubles
        self.random = random
        self.deaths: list[str] = []
        """Where processes died so far."""
        self.reached: set[str] = set()
        self.asked: set[str] = set()
        """Paths of writes that were reported as unknown."""
        self.checked: set[str] = set()
        """Runs that were found in order."""
        self.on_start: Callable[[StoreFaults], None] = lambda _: None
        """Spoils the store once the runs are about to start."""
        self._plan: list[Death] = []
        self._before = before
        self._children: dict[str, str] = {}
        self._news = asyncio.Event()
        self._died = asyncio.Event()
        self._mine: set[asyncio.Task[Any]] = set()
        self._dead: WeakSet[asyncio.Task[Any]] = WeakSet()
        """What dead processes had set going; how that ends is nobody's business any more, and nobody keeps it."""
        self._passed = 0
        self._next: Death | None = None

    @property
    def database(self) -> Database:
        return self.stage.platform.ground.database

    # --- life and death ---------------------------------------------------------------------------------

    async def play(self, cases: list[Case], plan: list[Death]) -> None:
        """Start the runs and bring them to their end, dying as planned on the way."""
        self._plan = list(plan)
        current = asyncio.current_task()
        self._mine = self._before | ({current} if current else set())
        self._arm()
        self.on_start(self.troubles)
        while True:
            try:
                if not WORLD.process:
                    await self._come_up()
                await self._bring_to_end(cases)
                self._disarm()
                await self.living(_wait(self.troubles.landed))
            except Killed:
                continue
            break

    async def _come_up(self) -> None:
        self._died.clear()
        WORLD.begin()
        self._arm()
        await self.living(self.stage.up())

    def die(self, where: str) -> None:
        """Kill the process that is alive."""
        self._disarm()
        WORLD.end()
        self._dead |= asyncio.all_tasks() - self._mine
        self.deaths.append(where)
        self.stage.die()
        self._died.set()

    async def living(self, work: Coroutine[Any, Any, T]) -> T:
        """Do something with the platform, unless it dies meanwhile."""
        doing = asyncio.ensure_future(work)
        died = asyncio.ensure_future(self._died.wait())
        try:
            await asyncio.wait({doing, died}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            died.cancel()
            if not doing.done():
                doing.cancel()
        if not self._died.is_set():
            return doing.result()
        await asyncio.gather(doing, return_exceptions=True)
        await self._bury()
        raise Killed

    async def _bury(self) -> None:
        """End whatever the dead process had set going in this loop: it could be taken for the next one's."""
        for turn in range(12):
            if turn in {0, 3, 6, 9, 11}:  # looking at all tasks is dear
                left = asyncio.all_tasks() - self._mine
                self._dead |= left
                for task in left:
                    task.cancel()
            await asyncio.sleep(0)

    @contextmanager
    def deaf_to_the_dead(self) -> Generator[None]:
        """Let the loop say nothing of what tasks of dead processes came to."""
        loop = asyncio.get_running_loop()
        before = loop.get_exception_handler() or type(loop).default_exception_handler

        def hear(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
            if context.get("future") not in self._dead and context.get("task") not in self._dead:
                before(loop, context)

        loop.set_exception_handler(hear)
        try:
            yield
        finally:
            loop.set_exception_handler(before)

    def _arm(self) -> None:
        self._next = self._plan.pop(0) if self._plan else None
        self._passed = 0
        faults.arm(self._hook)
        if self._next is not None and self._next.where in COMMITS:
            where = self._next.where
            landed = where == "commit landed"
            self.troubles.die_at(self._next.after, lambda: self.die(where), landed=landed)

    def _disarm(self) -> None:
        faults.arm(None)
        self.troubles.calm()

    def _hook(self, point: str) -> None:
        self.reached.add(point)
        if self._next is not None and point == self._next.where:
            self._passed += 1
            if self._passed > self._next.after:
                self.die(point)
                raise SimulatedCrash(point)
        if point in _NEWS:
            self._news.set()

    # --- everybody else ---------------------------------------------------------------------------------

    async def _bring_to_end(self, cases: list[Case]) -> None:
        for case in cases:
            while not case.run:
                await self.living(self._start(case))
        rows: list[RunRow] = []
        for _ in range(MOST_ROUNDS):
            self._news.clear()
            rows = await self.living(self._unfinished())
            if not rows:
                return
            asleep = all(row.status is RunStatus.PARKED for row in rows)
            acted = await self.living(self._speak(cases, rows)) if asleep else False
            if not acted and not (asleep and self._sleep_over(rows)) and not await self._hear():
                self.clock.leap(1)  # somebody waits in memory
        raise Stuck(f"after {self.deaths}: {rows} {[(c.tag, c.cancelled, c.unsent) for c in cases]}")

    async def _start(self, case: Case) -> None:
        """Start a run; after a death in the middle, look whether it exists before trying again."""
        if case.tried:
            for summary in await self.stage.platform.runs(flow=program.name, limit=20):
                if (await self.stage.platform.show(summary.id)).input["tag"] == case.tag:
                    case.run = summary.id
                    return
        case.tried = True
        try:
            case.run = (await self.stage.start(program, body=case.body, tag=case.tag)).id
        except Infrastructure:
            return  # it may exist nevertheless: look first, then try again

    async def _unfinished(self) -> list[RunRow]:
        """All runs that have not ended, as they stand at one moment: children and scheduled ones too."""
        rows = await self.database.fetch("runs.list", None, None, None, MOST_RUNS)
        return [row for row in map(run_row, rows) if not row.status.ended]

    async def _hear(self) -> bool:
        """Wait for news for a moment of real time."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self.living(_wait(self._news))
        except TimeoutError:
            return False
        return True

    def _sleep_over(self, rows: list[RunRow]) -> bool:
        """Leap to the next thing that is due, if everybody sleeps until then."""
        due = min((row.due for row in rows if row.due is not None), default=0)
        if due <= self.clock.now():
            return False
        self.clock.leap((due - self.clock.now()) / MICROSECONDS + 0.001)
        return True

    async def _speak(self, cases: list[Case], rows: list[RunRow]) -> bool:
        acted = False
        await self._get_to_know(rows)
        for case in cases:
            for message in list(case.unsent):
                acted = await self._send(case, message) or acted
            if case.cancel and self.random.random() < 0.3:
                case.cancel, case.cancelled = False, True
                acted = await _said(self.stage.platform.cancel(case.run, "changed my mind")) or acted
        for item in await self.stage.inbox():
            with suppress(Infrastructure):  # the question is still there, or was answered
                acted = await self._answer(item) or acted
        return acted

    async def _get_to_know(self, rows: list[RunRow]) -> None:
        """Children by their tags; even their parent may not have heard that they exist, if it was cut off."""
        for row in rows:
            if row.parent is not None and row.id not in self._children.values():
                self._children[(await self.stage.platform.show(row.id)).input["tag"]] = row.id

    async def _send(self, case: Case, message: Message) -> bool:
        run = self._children.get(message.to) if message.to else case.run
        if run is None:
            return False
        try:
            said = await _said(self.stage.platform.signal(run, message.name, message.value))
        except Infrastructure:
            return False  # nobody said that it arrived: say it again
        case.unsent.remove(message)  # acknowledged: it is never said again
        return said

    async def _answer(self, item: InboxItem) -> bool:
        platform = self.stage.platform
        if item.kind == "human":
            wanted = item.value["answer"]
            if wanted == 2:
                return await _said(platform.reject(item.id, "no"))
            if wanted == 1:
                edited = {"worth": item.value["worth"] + 1, "answer": 1}
                return await _said(platform.approve(item.id, value=edited))
            return await _said(platform.approve(item.id))
        return await self._tell_the_truth(item)

    async def _tell_the_truth(self, item: InboxItem) -> bool:
        """A person finds out whether an unknown write really happened, and says so."""
        path = item.value["step"]
        entries, _ = await self.stage.platform.ground.log.read(run_stream(item.run))
        digest = next(
            e.event.digest for e in reversed(entries) if e.path == path and isinstance(e.event, StepUnknown)
        )
        call, value = WORLD.calls[digest]
        self.asked.add(call)
        if not WORLD.effects[call]:
            return await _said(self.stage.platform.reject(item.id, "it did not happen"))
        answer = {"worth": value, "nonce": next(WORLD.nonces), "bulk": ""}
        return await _said(self.stage.platform.approve(item.id, value=answer))


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _said(saying: Awaitable[Any]) -> bool:
    """Whether there was still somebody to say it to."""
    try:
        await saying
    except (AlreadyDecided, WrongState):
        return False
    return True


@asynccontextmanager
async def theatre(place: Path, database: str, seed: str) -> AsyncGenerator[Theatre]:
    """A stage on a database whose platform may die, in a world that is empty at first."""
    WORLD.__init__()
    clock, troubles, before = ManualClock(), StoreFaults(), asyncio.all_tasks()
    with faulty_databases(troubles), quiet_crashes():
        async with stage(*FLOWS, workspace=place, database=database, clock=clock) as made:
            WORLD.begin()
            theatre = Theatre(made, clock, troubles, Random(seed), before)
            with theatre.deaf_to_the_dead():
                yield theatre
            faults.arm(None)
