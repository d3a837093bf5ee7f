"""What the store's tests are written with: databases of either dialect, workers, runs and sealed events."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from remit.domain.events import PatchChosen, RunCreated, StepDone
from remit.store.database import Commit, Database, EventRow, Fence, Head, Op, SharedEvent, WorkerIdentity
from remit.store.keys import DataKey
from remit.store.pen import Pen, envelope_of, link

SECRET = bytes(range(32))
NOW = 1_700_000_000_000_000


@dataclass
class Store:
    """One database, opened by as many handles as a test asks for."""

    dialect: str
    place: str
    make: Callable[[], Database]
    opened: list[Database] = field(default_factory=list[Database])

    async def open(self) -> Database:
        """Another handle, as another process would have."""
        database = self.make()
        await database.open()
        self.opened.append(database)
        return database

    async def close(self) -> None:
        for database in self.opened:
            await database.close()


@dataclass
class Journal:
    """The pen of one run, and the claim under which it writes."""

    run: str
    worker: str
    epoch: int = 1
    pen: Pen = field(init=False)

    def __post_init__(self) -> None:
        self.pen = Pen(f"run:{self.run}", "team", DataKey(f"k-{self.run}", SECRET))

    @property
    def stream(self) -> str:
        return self.pen.stream

    @property
    def fence(self) -> Fence:
        return Fence(self.run, self.epoch)

    def event(self, size: int = 0) -> EventRow:
        """The next event of the run, sealed."""
        return self.pen.write(StepDone("f", "d", "x" * size, NOW), "a", NOW)

    def step(self, ops: list[Op] | None = None) -> Commit:
        """A commit as the owner of the run makes it."""
        return Commit(events=[self.event()], ops=ops or [], fence=self.fence)

    def birth(self) -> Commit:
        """The commit that creates the run, owned by its worker."""
        created = self.pen.write(RunCreated("flow", {}, "me", "pin"), "", NOW)
        row = (self.run, "team", "flow", "running", None, 100, self.worker, 1, "pin", None, "k", "", NOW)
        return Commit(events=[created], ops=[Op("runs.add", row)])


async def enlist(database: Database, name: str = "w-1") -> WorkerIdentity:
    """Register a worker and write in its name."""
    await database.submit(Commit(ops=[Op("workers.add", (name, "host", os.getpid(), NOW, NOW))]))
    database.identity = WorkerIdentity(name, 1)
    return database.identity


async def owned_run(database: Database, run: str = "r-1") -> Journal:
    """A run that the handle's worker owns."""
    assert database.identity is not None
    journal = Journal(run, database.identity.id)
    await database.submit(journal.birth())
    return journal


async def take_over(database: Database, dead: WorkerIdentity, run: str) -> None:
    """What a rescuer does, in its order: fence the worker, then own the run (S2)."""
    assert database.identity is not None
    fence = Op("workers.fence", (dead.id, dead.epoch, NOW), one=True)
    await database.submit(Commit(ops=[fence, Op("runs.disown", (dead.id, NOW))]))
    claim = Op("runs.claim", (database.identity.id, NOW, '["flow"]', 1, run))
    taken = await database.submit(Commit(ops=[claim]))
    assert [row[0] for row in taken.rows] == [run]


def shared(stream: str = "team:team", note: bool = True) -> SharedEvent:
    """An event that any process may add to a stream of many writers."""

    def seal(head: Head) -> EventRow:
        return Pen(stream, "team", DataKey("k-team", SECRET), head).write(PatchChosen(note), "", NOW)

    return SharedEvent(stream, seal)


async def stream_of(database: Database, stream: str) -> list[EventRow]:
    """Everything in a stream, with its chain checked."""
    rows = [EventRow(*row) for row in await database.fetch("log.read", stream, 1, 100_000)]
    assert [row.seq for row in rows] == list(range(1, len(rows) + 1))
    previous = bytes(32)
    for row in rows:
        assert row.prev_hash == previous
        assert row.hash == link(previous, envelope_of(row), row.commitment)
        previous = row.hash
    return rows


async def seqs(database: Database, stream: str) -> list[int]:
    return [row.seq for row in await stream_of(database, stream)]
