"""The contract of a database: durable commits, named queries, and nothing about what they mean.

A `Commit` is all or nothing. `submit` gathers commits of many runs into one transaction and answers when
that is on disk; a commit that is refused (fenced, conflicting) fails alone and never its batch.
Implementations live in `databases/` and pass one conformance suite.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

Row = tuple[Any, ...]


class EventRow(NamedTuple):
    """One sealed event as the log holds it; the position is the database's to give."""

    stream: str
    seq: int
    team: str
    at: int
    kind: str
    path: str
    body: bytes
    key_id: str
    commitment: bytes
    prev_hash: bytes
    hash: bytes


class BlobRow(NamedTuple):
    """A sealed body that is too large for its event, or a node of a conversation."""

    id: bytes
    key_id: str
    body: bytes


class Head(NamedTuple):
    """The end of a stream."""

    seq: int
    hash: bytes


class Op(NamedTuple):
    """A named statement on state tables; `one` demands that it touches exactly one row."""

    query: str
    params: tuple[Any, ...]
    one: bool = False


class Fence(NamedTuple):
    """The claim under which a run's owner writes."""

    run: str
    epoch: int


class SharedEvent(NamedTuple):
    """An event for a stream with many writers: sealed inside the transaction, on the head found there."""

    stream: str
    seal: Callable[[Head], EventRow]
    blobs: tuple[BlobRow, ...] = ()
    """What its body refers to; names of blobs do not depend on the place of the event."""


@dataclass(slots=True)
class Commit:
    """What is written together or not at all."""

    events: list[EventRow] = field(default_factory=list[EventRow])
    blobs: list[BlobRow] = field(default_factory=list[BlobRow])
    ops: list[Op] = field(default_factory=list[Op])
    shared: list[SharedEvent] = field(default_factory=list[SharedEvent])
    fence: Fence | None = None
    patient: bool = False
    """Nobody waits for it yet: it leaves when somebody does, or by itself a moment later."""
    gathering: bool = False
    """It was submitted and has not left yet: whoever submitted it may add to it, and `hurry` it then. What is added
    stands or falls with it.
    """


class Committed(NamedTuple):
    """A durable commit: the position of its last event (or 0), and the rows its last operation gave."""

    pos: int
    rows: list[Row]


class WorkerIdentity(NamedTuple):
    """The worker that a database handle writes for; its row is locked by every fenced batch (S2)."""

    id: str
    epoch: int


class Conflict(Exception):
    """A commit met a state it did not expect: an operation touched no row, or a row exists already."""

    def __init__(self, query: str) -> None:
        self.query = query
        super().__init__(query)


class Cursor(NamedTuple):
    """How far a reader of the whole log has come, in an order in which nothing can appear behind it (S4)."""

    tx: int
    pos: int


class TailedEvent(NamedTuple):
    """An event with its place in the reading order."""

    cursor: Cursor
    row: EventRow


class Column(NamedTuple):
    """A column as a backup carries it."""

    name: str
    binary: bool


class Snapshot(Protocol):
    """Every table as it stood at one moment, while others go on writing."""

    async def columns(self, table: str) -> list[Column]:
        """What both dialects have of a table, in order."""
        ...

    def rows(self, table: str, columns: list[Column]) -> AsyncIterator[list[Row]]:
        """The rows of a table, page by page."""
        ...


class Filling(Protocol):
    """One transaction that fills the empty tables of a new database, as they are, positions included."""

    async def add(self, table: str, columns: list[Column], rows: list[Row]) -> None:
        """Add rows to a table."""
        ...

    async def perform(self, query: str, rows: list[Row]) -> None:
        """Execute a named statement once for each row of parameters."""
        ...


class Database(Protocol):
    """A durable store."""

    identity: WorkerIdentity | None
    """Set by a worker once it is registered; fenced commits need it."""

    @property
    def dialect(self) -> str:
        """`sqlite` or `postgres`."""
        ...

    @property
    def url(self) -> str:
        """Where it is, without any secret in it."""
        ...

    async def open(self) -> None:
        """Connect, or explain in one sentence why that is not possible."""
        ...

    async def close(self) -> None:
        """Make durable what was submitted, then let go of everything. Safe to call twice."""
        ...

    def abandon(self) -> None:
        """Let go at once, as a killed process would: nothing submitted after the last commit survives."""
        ...

    def submit(self, commit: Commit) -> asyncio.Future[Committed]:
        """Queue a commit; the answer comes when it is durable, or is `Fenced`, `Conflict` or the cause."""
        ...

    async def fetch(self, query: str, *params: object) -> list[Row]:
        """Run a named read."""
        ...

    async def tail(self, after: Cursor, limit: int) -> list[TailedEvent]:
        """The next events of the whole log that can no longer be preceded by one not yet visible."""
        ...

    async def run_script(self, statements: str) -> None:
        """Execute a migration in one transaction."""
        ...

    async def lease_now(self) -> int:
        """The clock that leases are measured on: the machine's boot clock, or the server's (S15)."""
        ...

    async def wait_for_change(self, seconds: float) -> None:
        """Return when another process may have committed, or after `seconds`."""
        ...

    def hurry(self, commit: Commit) -> None:
        """Somebody waits now for what was submitted with patience, or for what was added to it."""
        ...

    def announce(self) -> None:
        """Tell other processes, soon and coalesced, that some run became due or got mail (S19)."""
        ...

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a consistent view of everything, for a backup."""
        ...

    def filling(self) -> AbstractAsyncContextManager[Filling]:
        """Begin a restore; it takes effect as a whole at the end, or not at all."""
        ...

    async def scrub(self) -> None:
        """Remove from the files what was deleted from the tables, as far as this database can (S7)."""
        ...
