"""One SQLite file as the database: WAL, every commit on disk, one writer thread that shares each flush.

The loop never waits for the disk: commits queue to the writer thread, reads go to reader threads, and a
third thread checkpoints. Several processes may share the file; they line up at a turnstile.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import apsw

from remit.domain.clock import SystemClock
from remit.domain.errors import StoreUnavailable
from remit.store.database import Commit, Committed, Cursor, EventRow, TailedEvent
from remit.store.databases.sqlite_copy import filling, scrub, snapshot
from remit.store.databases.sqlite_driver import connect
from remit.store.databases.sqlite_errors import explained
from remit.store.databases.sqlite_writer import SqliteWriter, Submission
from remit.store.databases.turnstile import Turnstile, refuse_network_file_system
from remit.store.queries import queries
from remit.store.refusals import unaskable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from remit.domain.clock import Clock
    from remit.store.database import Row, WorkerIdentity
    from remit.store.databases.sqlite_copy import SqliteFilling, SqliteSnapshot
    from remit.store.databases.sqlite_driver import Connection

_log = logging.getLogger("remit.store")
_POLL_SECONDS = 0.05
_READERS = 2
_WAL_PAGES = 4000
_PATIENCE = 0.1
"""Seconds for which a commit waits at most that nobody waits for; whoever submitted it mostly hurries it before."""
_HALF_A_BATCH = SqliteWriter.BATCH_LIMIT // 2
"""What is handed over at once at most, so that two of them are one batch."""


class SqliteDatabase:
    """The embedded default: nothing to start, one file."""

    dialect = "sqlite"

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.identity: WorkerIdentity | None = None
        self._path = path
        self._clock = clock or SystemClock()
        self._queries = queries("sqlite")
        self._gathered: list[Submission] = []
        """Of this turn of the loop."""
        self._patient: dict[int, tuple[float, Submission]] = {}
        """What nobody waits for, in the order in which it came, with the time at which it leaves by itself."""
        self._turning = False
        """Whether it is handed over when the loop turns."""
        self._leaves: asyncio.TimerHandle | None = None
        """When the first of what nobody waits for leaves."""
        self._queue: queue.SimpleQueue[list[Submission] | None] = queue.SimpleQueue()
        self._local = threading.local()
        self._readers = ThreadPoolExecutor(_READERS, "remit-read", initializer=self._open_reader)
        self._reader_handles: list[Connection] = []
        self._wal_is_long = threading.Event()
        self._open = False
        self._abandoned = False
        self._dead: BaseException | None = None
        """What the writer thread died of: nothing is written any more, and whoever asks for it is told at once."""
        self._threads: list[threading.Thread] = []

    @property
    def url(self) -> str:
        """The file."""
        return f"sqlite:///{self._path}"

    async def open(self) -> None:
        """Create or open the file and start the threads."""
        if self._open:
            return
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self._connect)
        self._threads = [
            threading.Thread(target=self._write_until_closed, name="remit-write", daemon=True),
            threading.Thread(target=self._checkpoint_until_closed, name="remit-checkpoint", daemon=True),
        ]
        self._open = True
        for thread in self._threads:
            thread.start()

    async def close(self) -> None:
        """Write what is queued, then let go."""
        if self._open:
            self._open = False
            self._lose_patience(float("inf"))
            self._hand_over()
            self._queue.put(None)
            self._wal_is_long.set()
            await asyncio.to_thread(self._let_go)

    def abandon(self) -> None:
        """Let go as a killed process would; a batch already at the disk may still land."""
        if self._open:
            self._open = False
            self._abandoned = True
            self._queue.put(None)
            self._wal_is_long.set()
            self._let_go()

    def submit(self, commit: Commit) -> asyncio.Future[Committed]:
        """Queue for the writer thread, which is told once the loop turns: what is submitted in one turn shares a flush,
        and the two threads do not get into each other's way.
        """
        if not self._open:
            raise self._closed()
        future: asyncio.Future[Committed] = self._loop.create_future()
        submission = Submission(commit, future, self.identity)
        commit.gathering = True
        if commit.patient:
            self._patient[id(commit)] = (self._loop.time() + _PATIENCE, submission)
            if self._leaves is None:
                self._leaves = self._loop.call_later(_PATIENCE, self._leave)
            return future
        if commit.fence is None and self._patient:
            self._lose_patience(float("inf"))  # what belongs to no run may stand on anything
        self._gathered.append(submission)
        self._turn()
        return future

    def hurry(self, commit: Commit) -> None:
        """Hand it over when the loop turns."""
        found = self._patient.pop(id(commit), None)
        if found is not None:
            self._gathered.append(found[1])
            self._turn()

    async def fetch(self, query: str, *params: object) -> list[Row]:
        """Read on a reader thread."""
        if not self._open:
            raise self._closed()
        return await self._loop.run_in_executor(self._readers, self._read, self._queries[query].sql, params)

    async def tail(self, after: Cursor, limit: int) -> list[TailedEvent]:
        """With a single writer at a time, rowids are in commit order."""
        rows = await self.fetch("log.tail", after.tx, after.pos, limit)
        return [TailedEvent(Cursor(row[0], row[1]), EventRow(*row[2:])) for row in rows]

    async def run_script(self, statements: str) -> None:
        """Run a migration on a connection of its own, behind the turnstile."""
        await asyncio.to_thread(self._script, statements)

    async def lease_now(self) -> int:
        """The boot clock: one host, and nobody can set it back."""
        return self._clock.boot()

    async def wait_for_change(self, seconds: float) -> None:
        """Watch SQLite's own change counter: a few microseconds a look, no file is read."""
        waited = 0.0
        while waited < seconds:
            await asyncio.sleep(_POLL_SECONDS)
            waited += _POLL_SECONDS
            if not self._open or self._changed():
                return

    def announce(self) -> None:
        """Every commit changes the counter that other processes watch; nothing to add."""

    def snapshot(self) -> AbstractAsyncContextManager[SqliteSnapshot]:
        """A private copy made by SQLite's online backup."""
        return snapshot(self._path)

    def filling(self) -> AbstractAsyncContextManager[SqliteFilling]:
        """One transaction behind the turnstile."""
        return filling(self._path, self._turnstile, connect(self._path))

    async def scrub(self) -> None:
        """Cut off the WAL; deleted cells of the file itself are overwritten when they are deleted."""
        await asyncio.to_thread(scrub, self._path, self._turnstile, connect(self._path))

    def _turn(self) -> None:
        if not self._turning:
            self._turning = True
            self._loop.call_soon(self._hand_over)

    def _leave(self) -> None:
        """The first of what nobody waits for has waited long enough."""
        self._leaves = None
        self._lose_patience(self._loop.time())
        self._hand_over()
        if self._patient:
            first, _ = next(iter(self._patient.values()))
            self._leaves = self._loop.call_at(first, self._leave)

    def _lose_patience(self, due: float) -> None:
        """What was to leave by then leaves with this turn."""
        for name, (leaves, submission) in list(self._patient.items()):
            if leaves > due:
                return
            del self._patient[name]
            self._gathered.append(submission)

    def _hand_over(self) -> None:
        gathered, self._gathered = self._gathered, []
        self._turning = False
        for submission in gathered:
            submission.commit.gathering = False
        for first in range(0, len(gathered), _HALF_A_BATCH):
            self._queue.put(gathered[first : first + _HALF_A_BATCH])
        if self._dead is not None:
            self._bury(self._dead)

    # --- threads ------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        folder = self._path.parent
        with explained(self._path):
            folder.mkdir(parents=True, exist_ok=True)
            refuse_network_file_system(folder)
            self._turnstile = Turnstile(self._path)
            with self._turnstile:
                self._connection = connect(self._path)
                self._connection.pragma("journal_mode", "wal")
            self._watcher = connect(self._path)
            self._version = self._watcher.pragma("data_version")
        self._connection.set_wal_hook(self._note_wal)
        self._writer = SqliteWriter(self._connection, self._turnstile, self._path)

    def _note_wal(self, _connection: object, _name: str, pages: int) -> int:
        if pages > _WAL_PAGES:
            self._wal_is_long.set()
        return apsw.SQLITE_OK

    def _write_until_closed(self) -> None:
        batch: list[Submission] = []
        try:
            closing = False
            while not closing:
                batch, closing = self._next_batch()
                if self._abandoned:
                    return
                if batch:
                    outcomes = self._writer.write(batch)
                    self._tell(batch, outcomes)
        except BaseException as fatal:  # noqa: BLE001 - nobody would hear of it, and everybody wait for ever
            _log.critical("the writer of %s died", self._path, exc_info=fatal)
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._bury, fatal, batch)

    def _bury(self, fatal: BaseException, batch: Sequence[Submission] = ()) -> None:
        """Answer all who wait for a writer that is dead; on the loop, where they ask."""
        self._dead = fatal
        left = list(batch)
        while not self._queue.empty():
            left += self._queue.get_nowait() or []
        for each in left:
            if not each.future.done():
                each.future.set_exception(
                    StoreUnavailable(
                        f"what writes to {self._path} in this process has died ({type(fatal).__name__}: {fatal}).",
                        "Start the process again: what was acknowledged is safe.",
                    )
                )

    def _next_batch(self) -> tuple[list[Submission], bool]:
        first = self._queue.get()
        if first is None:
            return [], True
        batch = first
        while len(batch) <= _HALF_A_BATCH:
            try:
                more = self._queue.get_nowait()
            except queue.Empty:
                break
            if more is None:
                return batch, True
            batch += more
        return batch, False

    def _tell(self, batch: list[Submission], outcomes: list[Committed | BaseException]) -> None:
        try:
            self._loop.call_soon_threadsafe(_resolve, batch, outcomes)
        except RuntimeError:
            return  # the loop is gone and nobody waits for the answer; what was written is durable

    def _checkpoint_until_closed(self) -> None:
        """Copy the WAL back in two rounds: most of it beside the writers, the rest while they wait a moment.

        Without the second round a busy writer is always a few pages ahead, and the WAL grows for ever.
        """
        connection, turnstile = connect(self._path), Turnstile(self._path)
        while True:
            self._wal_is_long.wait()
            self._wal_is_long.clear()
            if not self._open:
                break
            try:
                connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
                with turnstile:
                    connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
            except (apsw.Error, StoreUnavailable):
                continue  # the next long WAL asks again; writers report a disk that is really gone
        connection.close()
        turnstile.close()

    def _open_reader(self) -> None:
        connection = connect(self._path)
        self._reader_handles.append(connection)
        self._local.connection = connection

    def _read(self, sql: str, params: tuple[Any, ...]) -> list[Row]:
        with explained(self._path):
            try:
                return list(self._local.connection.execute(sql, params))
            except (OverflowError, UnicodeEncodeError) as wrong:
                raise unaskable(wrong) from None

    def _script(self, statements: str) -> None:
        with explained(self._path), self._turnstile:
            connection = connect(self._path)
            try:
                with connection:
                    connection.execute(statements)
            finally:
                connection.close()

    def _closed(self) -> StoreUnavailable:
        return StoreUnavailable(f"the database {self._path} is closed.", "Open it first.")

    def _changed(self) -> bool:
        version = self._watcher.pragma("data_version")
        changed = version != self._version
        self._version = version
        return changed

    def _let_go(self) -> None:
        for thread in self._threads:
            thread.join()
        self._readers.shutdown(wait=True)
        for connection in (*self._reader_handles, self._watcher, self._connection):
            connection.close()
        self._turnstile.close()


def _resolve(batch: list[Submission], outcomes: list[Committed | BaseException]) -> None:
    for submission, outcome in zip(batch, outcomes, strict=True):
        future = submission.future
        if future.done():
            continue
        if isinstance(outcome, BaseException):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
