"""A database that fails on command, around a real one: it dies before or after a commit landed, loses answers, or
is full or away for a while. It keeps the contract of every database otherwise; in particular it refuses what was
sealed on top of a commit that it refused.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast
from unittest import mock

from remit.control.ground import ground
from remit.domain.errors import Infrastructure, StoreFull, StoreUnavailable
from remit.store.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.store.database import (
        Commit,
        Committed,
        Cursor,
        Database,
        Filling,
        Row,
        Snapshot,
        TailedEvent,
        WorkerIdentity,
    )  # fmt: skip


class StoreFaults:
    """What is to go wrong; outlives the databases that are opened meanwhile."""

    def __init__(self) -> None:
        self.commits = 0
        """How many commits came so far."""
        self.refusing: type[Infrastructure] | None = None
        self.landed = asyncio.Event()
        """Unset while a commit is on its way to the disk whose process dies as soon as it is there."""
        self.landed.set()
        self._at: dict[int, tuple[str, Callable[[], None] | None]] = {}
        self._awaited: dict[str, asyncio.Event] = {}

    def die_at(self, nth: int, die: Callable[[], None], *, landed: bool) -> None:
        """Call `die` at the nth commit from now: before it is written, or when it is durable and nobody knows."""
        self._at[self.commits + nth] = ("landed" if landed else "lost", die)

    def lose_answer(self, nth: int) -> None:
        """Write the nth commit from now, and say that the store was unavailable."""
        self._at[self.commits + nth] = ("ambiguous", None)

    def refuse(self, nth: int, times: int = 1) -> None:
        """Do not write the nth commit from now, and as many after it as `times` says; claim a full disk."""
        for each in range(nth, nth + times):
            self._at[self.commits + each] = ("refused", None)

    def calm(self) -> None:
        """Nothing more goes wrong."""
        self._at.clear()
        self.refusing = None

    @contextmanager
    def full(self) -> Generator[None]:
        """Refuse every commit for a while, as a full disk does; reading goes on."""
        with self._refusing(StoreFull):
            yield

    @contextmanager
    def away(self) -> Generator[None]:
        """Refuse every commit and every read for a while."""
        with self._refusing(StoreUnavailable):
            yield

    async def refused(self, statement: str) -> None:
        """Wait until somebody tries this in vain."""
        tried = self._awaited.setdefault(statement, asyncio.Event())
        await tried.wait()

    def refuses(self, statements: Iterable[str]) -> None:
        """Somebody tries these in vain."""
        for statement in statements:
            tried = self._awaited.pop(statement, None)
            if tried is not None:
                tried.set()

    def next(self) -> tuple[str, Callable[[], None] | None]:
        """What becomes of the commit that comes now."""
        here, self.commits = self.commits, self.commits + 1
        return self._at.pop(here, ("", None))

    @contextmanager
    def _refusing(self, why: type[Infrastructure]) -> Generator[None]:
        self.refusing = why
        try:
            yield
        finally:
            self.refusing = None


@contextmanager
def faulty_databases(faults: StoreFaults) -> Generator[None]:
    """Every platform opened in this block stands on a faulty database."""
    make = ground.database_for

    def wrapped(workspace: Path, url: str, clock: Clock) -> Database:
        return cast("Database", FaultyDatabase(make(workspace, url, clock), faults))

    with mock.patch.object(ground, "database_for", wrapped):
        yield


class FaultyDatabase:
    """Delegates everything to `inner`, except what its faults say."""

    def __init__(self, inner: Database, faults: StoreFaults) -> None:
        self._inner = inner
        self._faults = faults
        self._refusals = Refusals()

    @property
    def identity(self) -> WorkerIdentity | None:
        """Set by a worker once it is registered."""
        return self._inner.identity

    @identity.setter
    def identity(self, value: WorkerIdentity | None) -> None:
        self._inner.identity = value

    @property
    def dialect(self) -> str:
        """The inner database's."""
        return self._inner.dialect

    @property
    def url(self) -> str:
        """The inner database's."""
        return self._inner.url

    async def open(self) -> None:
        """Connect."""
        await self._inner.open()

    async def close(self) -> None:
        """Make durable what was submitted, then let go."""
        await self._inner.close()

    def abandon(self) -> None:
        """Let go at once."""
        self._inner.abandon()

    def submit(self, commit: Commit) -> asyncio.Future[Committed]:
        """Queue a commit, unless something is to go wrong with it."""
        what, die = self._faults.next()
        orphan = self._refusals.cause(commit) if self._refusals else None
        if what == "lost" and die is not None:
            die()
            return _silence()
        if orphan is not None or self._faults.refusing is not None or what == "refused":
            return self._refused(commit, orphan or self._trouble(StoreFull))
        answer = self._inner.submit(commit)
        if what == "landed" and die is not None:
            return self._die_when_durable(answer, die)
        return self._lose(commit, answer) if what == "ambiguous" else answer

    def hurry(self, commit: Commit) -> None:
        """Somebody waits now."""
        self._inner.hurry(commit)

    async def fetch(self, query: str, *params: object) -> list[Row]:
        """Run a named read; what it finds in the log is no refused event."""
        if self._faults.refusing is StoreUnavailable:
            self._faults.refuses([query])
            raise self._trouble(StoreUnavailable)
        rows = await self._inner.fetch(query, *params)
        if self._refusals and query == "log.read":
            self._refusals.found(row[10] for row in rows)
        return rows

    async def tail(self, after: Cursor, limit: int) -> list[TailedEvent]:
        """The next events of the whole log."""
        return await self._inner.tail(after, limit)

    async def run_script(self, statements: str) -> None:
        """Execute a migration."""
        await self._inner.run_script(statements)

    async def lease_now(self) -> int:
        """The clock that leases are measured on."""
        return await self._inner.lease_now()

    async def wait_for_change(self, seconds: float) -> None:
        """Return when another process may have committed."""
        await self._inner.wait_for_change(seconds)

    def announce(self) -> None:
        """Tell other processes."""
        self._inner.announce()

    def snapshot(self) -> AbstractAsyncContextManager[Snapshot]:
        """Open a consistent view."""
        return self._inner.snapshot()

    def filling(self) -> AbstractAsyncContextManager[Filling]:
        """Begin a restore."""
        return self._inner.filling()

    async def scrub(self) -> None:
        """Remove what was deleted."""
        await self._inner.scrub()

    def _trouble(self, otherwise: type[Infrastructure]) -> Infrastructure:
        return (self._faults.refusing or otherwise)(
            "the store was told to fail.", "Wait for the test to go on."
        )

    def _refused(self, commit: Commit, cause: Exception) -> asyncio.Future[Committed]:
        self._faults.refuses(op.query for op in commit.ops)
        self._refusals.add(commit, cause)
        answer: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        answer.set_exception(cause)
        return answer

    def _die_when_durable(
        self, answer: asyncio.Future[Committed], die: Callable[[], None]
    ) -> asyncio.Future[Committed]:
        """Nobody hears that it landed; that it failed is told."""
        told: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()
        self._faults.landed.clear()

        def landed(done: asyncio.Future[Committed]) -> None:
            self._faults.landed.set()
            if done.cancelled():
                return
            wrong = done.exception()
            if wrong is None:
                die()
            elif not told.done():
                told.set_exception(wrong)

        answer.add_done_callback(landed)
        return told

    def _lose(self, commit: Commit, answer: asyncio.Future[Committed]) -> asyncio.Future[Committed]:
        """Whoever waits hears of a failure, though the commit is durable; what follows is refused until it is read."""
        lost = self._refused(commit, self._trouble(StoreUnavailable))
        told: asyncio.Future[Committed] = asyncio.get_running_loop().create_future()

        def tell(landed: asyncio.Future[Committed]) -> None:
            wrong = lost.exception()
            if not told.done() and not landed.cancelled() and wrong is not None:
                told.set_exception(landed.exception() or wrong)

        answer.add_done_callback(tell)
        return told


def _silence() -> asyncio.Future[Any]:
    return asyncio.get_running_loop().create_future()
