"""What the engine's tests are written with: workspaces on either store, a clock that ticks, and ways to wait for
something that is about to happen without ever sleeping for a guessed time.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from remit.control.settings import Settings
from remit.domain.clock import Clock
from remit.domain.events import Event
from remit.engine.execution import Execution
from remit.engine.flow import Flow
from remit.engine.outside import run_stream
from remit.store.log import Entry
from remit.testing import ManualClock, Stage, StagedRun, stage

PATIENCE = 20.0
"""Seconds after which something that was to happen did not."""


@dataclass
class Place:
    """A workspace folder and its database; every stage on it is another process."""

    folder: Path
    database: str = ""

    @property
    def dialect(self) -> str:
        return "postgres" if self.database else "sqlite"

    @asynccontextmanager
    async def stage(
        self, *flows: Flow, clock: Clock | None = None, chosen: Settings | None = None, worker: bool = True
    ) -> AsyncGenerator[Stage]:
        async with stage(
            *flows, workspace=self.folder, database=self.database, clock=clock, chosen=chosen, worker=worker
        ) as made:
            yield made


class TickingClock(ManualClock):
    """A clock on which no two moments are the same, as on a real one."""

    def now(self) -> int:
        self._move_to(self._now + 1)
        return self._now


@dataclass
class Outside:
    """The world that steps touch: what happened in it, in order."""

    happened: list[Any] = field(default_factory=list[Any])
    doors: dict[str, asyncio.Event] = field(default_factory=dict[str, asyncio.Event])
    listeners: list[Callable[[], object]] = field(default_factory=list[Callable[[], object]])

    def note(self, what: Any) -> None:
        self.happened.append(what)
        for tell in list(self.listeners):
            tell()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to happen; a step may note it from a thread of its own."""
        news = asyncio.Event()
        tell = partial(asyncio.get_running_loop().call_soon_threadsafe, news.set)
        self.listeners.append(tell)
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds():
                    await news.wait()
                    news.clear()
        finally:
            self.listeners.remove(tell)

    def count(self, what: Any) -> int:
        return self.happened.count(what)

    def door(self, name: str) -> asyncio.Event:
        """Something that a step waits behind until the test opens it."""
        return self.doors.setdefault(name, asyncio.Event())


async def until(true: Callable[[], bool | Awaitable[bool]]) -> None:
    """Look until something holds that nobody tells of: what the engine has in memory, or has written.

    The moment between two looks belongs to the threads that write: a loop that never rests would keep them waiting,
    and a clock that a look moves would outrun the disk.
    """
    async with asyncio.timeout(PATIENCE):
        while True:
            holds = true()
            if holds if isinstance(holds, bool) else await holds:
                return
            await asyncio.sleep(0.001)


async def parked(run: StagedRun, reason: str = "", at: Stage | None = None) -> None:
    """Wait until a run has left memory for this reason."""

    async def there() -> bool:
        row = await (await run.handle()).row()
        assert not row.status.ended, f"the run ended ({row.status}: {row.error}) instead of waiting"
        return row.status == "parked" and (not reason or row.reason == reason)

    await until(there)


async def ended(run: StagedRun) -> str:
    """Wait for the end; gives the status."""
    handle = await run.handle()

    async def over() -> bool:
        return (await handle.status()).ended

    await until(over)
    return (await handle.status()).value


async def journal(stage: Stage, run: str) -> list[Entry]:
    """Everything in the stream of a run."""
    entries, _ = await stage.platform.ground.log.read(run_stream(run))
    return entries


async def events(stage: Stage, run: str, kind: type[Event] = Event) -> list[Any]:
    """The events of one kind in the stream of a run."""
    return [e.event for e in await journal(stage, run) if isinstance(e.event, kind)]


def in_memory(stage: Stage, run: str) -> Execution:
    """A run that the stage's worker has in memory."""
    worker = stage.platform.worker
    assert worker is not None
    return worker._executions[run]


def holds(stage: Stage, run: str) -> bool:
    """Whether the stage's worker holds a run."""
    worker = stage.platform.worker
    return worker is not None and worker.holds(run)
