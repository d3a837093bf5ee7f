"""Real processes that die: workers of one workspace, each a Python process of its own, and what they did outside.

The tools write every effect as one line to a file, with O_APPEND and fsync, before they answer; the lines survive
whatever happens to the process. Then they ring a bell, so that nobody has to look all the time. A worker says on its
standard output when it is ready.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections import Counter
from collections.abc import AsyncGenerator, Generator, Iterable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.warm import Started, Warm

WORKER = Path(__file__).with_name("kill_worker.py")
READY_SECONDS = 60.0


@dataclass
class WorkerProcess:
    """One worker; `pid` is its own."""

    process: Started

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def send(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    async def stopped(self) -> None:
        """Wait until it stands still by a SIGSTOP."""
        await asyncio.to_thread(self.process.stopped)

    async def ended(self) -> int:
        """Wait until it has ended; how."""
        return await asyncio.to_thread(self.process.wait)

    async def kill(self) -> None:
        """`kill -9`, and wait until the kernel is done with it."""
        self.process.kill()
        await self.ended()


@dataclass
class Fleet:
    """A workspace, its database, its outside world, and the workers that serve it."""

    place: Path
    database: str
    warm: Warm
    settings: dict[str, str] = field(default_factory=dict[str, str])
    workers: list[WorkerProcess] = field(default_factory=list[WorkerProcess])
    kills: int = 0
    rung: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def world(self) -> Path:
        return self.place / "effects"

    async def start_worker(self, *, die_at: str = "", after: int = 0, by: str = "SIGKILL") -> WorkerProcess:
        """Start a worker, which kills itself at a point if one is given, and wait until it has its lease."""
        environment = {**os.environ, **self.settings, "EFFECTS": str(self.world)}
        arguments = [str(self.place), self.database, by, die_at, str(after)]
        ours, its = os.pipe()
        with open(ours) as told, open(os.devnull) as nothing:  # noqa: ASYNC230, PTH123 - one is a pipe
            process = self.warm.start(
                ["python", str(WORKER), *arguments], self.place, environment, [nothing.fileno(), its]
            )
            os.close(its)
            async with asyncio.timeout(READY_SECONDS):
                said = await asyncio.to_thread(told.readline)
        assert said == "ready\n" or die_at, said
        worker = WorkerProcess(process)
        self.workers.append(worker)
        return worker

    def effects(self) -> list[dict[str, str]]:
        """Every effect in the order in which it happened."""
        lines = self.world.read_text("utf-8").splitlines() if self.world.exists() else []
        return [json.loads(line) for line in lines]

    async def acted(self, often: int) -> None:
        """Wait until there are so many effects."""
        while len(self.effects()) < often:
            await self.rung.wait()
            self.rung.clear()

    def count(self, kind: str) -> Counter[str]:
        """How often each call of a kind acted, told apart by call and key: the same key is one effect."""
        found = {(e["call"], e["key"] or str(n)) for n, e in enumerate(self.effects()) if e["kind"] == kind}
        return Counter(call for call, _ in found)

    async def stop(self, workers: Iterable[WorkerProcess] | None = None) -> None:
        """Kill whoever is left."""
        for worker in list(workers or self.workers):
            worker.send(signal.SIGCONT)
            await worker.kill()


@asynccontextmanager
async def fleet(place: Path, database: str, warm: Warm, **settings: str) -> AsyncGenerator[Fleet]:
    """A fleet without workers yet; none of its processes outlives the block."""
    made = Fleet(place, database, warm, settings)
    with _bell(place / "bell", made.rung):
        try:
            yield made
        finally:
            await made.stop()


@contextmanager
def _bell(pipe: Path, rung: asyncio.Event) -> Generator[None]:
    """Set the event whenever another process writes into a pipe."""
    os.mkfifo(pipe)
    bell = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    loop = asyncio.get_running_loop()

    def hear() -> None:
        os.read(bell, 4096)
        rung.set()

    loop.add_reader(bell, hear)
    try:
        yield
    finally:
        loop.remove_reader(bell)
        os.close(bell)
