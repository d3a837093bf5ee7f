"""The writer of a Postgres database: one task, one connection, everything pending in one transaction.

While a batch is on its way to the disk the next one gathers. A refused commit fails alone, because a
refused batch is divided until the culprit stands alone. After a lost connection it looks what became of the
batch: the same hash in the log means done, nothing means send again, another hash means fenced (S2).
"""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.errors import NotEncodable, RemitError
from remit.store.database import Committed, Conflict
from remit.store.databases.postgres_batch import Batch, Outcome, Submission, fenced
from remit.store.databases.postgres_driver import REFUSALS, asyncpg, explain, is_loss
from remit.store.queries import queries
from remit.store.refusals import Refusals, unwritable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from remit.store.database import Commit, WorkerIdentity
    from remit.store.databases.postgres_connections import Patience, Server
    from remit.store.databases.postgres_driver import Connection

_MOST_COMMITS = 500
_MOST_BYTES = 16_000_000
_GOODBYE_SECONDS = 5.0


class _Backend(NamedTuple):
    """The server process behind a connection, if the connection is a direct one."""

    pid: int
    since: datetime


class PostgresWriter:
    """Takes commits from all runs and makes them durable together."""

    def __init__(self, server: Server, identity: Callable[[], WorkerIdentity | None]) -> None:
        self._server = server
        self._identity = identity
        self._name = secrets.token_hex(8)
        self._number = 0
        self._waiting: deque[Submission] = deque()
        self._taken: Sequence[Submission] = ()
        """The commits of the last batch."""
        self._work = asyncio.Event()
        self._closing = False
        self._refusals = Refusals()
        self._connection: Connection | None = None
        self._backend: _Backend | None = None
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._write_until_closed(), name="remit-write")
        self._task.add_done_callback(self._bury)

    def submit(self, commit: Commit) -> asyncio.Future[Committed]:
        """Queue a commit for the next batch."""
        if self._closing:
            raise self._server.closed()
        future: asyncio.Future[Committed] = self._loop.create_future()
        commit.gathering = True
        self._waiting.append(Submission(commit, future))
        self._work.set()
        if self._task.done():
            self._bury()
        return future

    async def close(self) -> None:
        """Write what is queued, then let go."""
        self._closing = True
        self._work.set()
        await asyncio.wait({self._task})
        connection, self._connection = self._connection, None
        if connection is not None:
            await _say_goodbye(connection, self._name)

    def abandon(self) -> None:
        """Cut the connection in the middle of whatever it does; nobody is answered any more."""
        self._closing = True
        self._drop_connection()
        self._task.remove_done_callback(self._bury)
        self._task.cancel()

    # --- the loop -----------------------------------------------------------------------------------------

    async def _write_until_closed(self) -> None:
        while self._waiting or not self._closing:
            if not self._waiting:
                self._work.clear()
                await self._work.wait()
                continue
            self._taken = self._take()
            try:
                await self._write(self._taken)
            except Exception as wrong:  # noqa: BLE001 - a writer that dies leaves everybody waiting for ever
                self._drop_connection()
                self._fail_all(self._taken, explain(wrong, self._server.url))

    def _bury(self, _ended: asyncio.Task[None] | None = None) -> None:
        """Answer who waits for a writer that has ended."""
        self._fail_all([*self._taken, *self._waiting], self._server.closed())
        self._waiting.clear()

    def _take(self) -> list[Submission]:
        """Everything pending, up to a commit of a run whose row an earlier one of this batch changes."""
        taken: list[Submission] = []
        changed: set[str] = set()
        size = 0
        while self._waiting and len(taken) < _MOST_COMMITS and size < _MOST_BYTES:
            commit = self._waiting[0].commit
            if changed and not changed.isdisjoint(_runs_of(commit)):
                break
            if commit.ops:
                changed.update(_runs_of(commit))
            size += sum(len(event.body) for event in commit.events) + sum(
                len(blob.body) for blob in commit.blobs
            )
            commit.gathering = False
            taken.append(self._waiting.popleft())
        return taken

    async def _write(self, submissions: Sequence[Submission]) -> None:
        """Answer every one of these, dividing and repeating as often as it takes."""
        batches = deque([self._batch(submissions)])
        patience = self._server.patience()
        while batches:
            batch = batches[0]
            try:
                rest = await self._attempt(batch)
            except (Conflict, NotEncodable, *REFUSALS) as refused:
                batch.refused = refused
                await self._roll_back()
                continue
            except Exception as wrong:  # noqa: BLE001 - whatever it is, those who wait must hear of it
                if await self._may_repeat(batch, wrong, patience):
                    continue
                rest = []
            batches.popleft()
            batches.extendleft(reversed([self._batch(part) for part in rest if part]))
            if rest:
                self._number_anew(batches)

    async def _attempt(self, batch: Batch) -> list[Sequence[Submission]]:
        """Write a batch, or find out what became of it; returns what has to be written anew."""
        connection = await self._connected()
        if self._refusals and len(standing := await self._standing(batch, connection)) < len(
            batch.submissions
        ):
            return [standing]
        if batch.refused is not None or batch.cut_off:
            if batch.outcomes is not None and await self._is_durable(batch, connection):
                return self._deliver(batch, batch.outcomes)
            left = await self._settle(batch, connection)
            if len(left) < len(batch.submissions):
                return [left]
            if batch.refused is not None:
                return self._divide(batch, batch.refused)
            batch.cut_off = False
        return self._deliver(batch, await batch.write(connection, self._name))

    def _number_anew(self, batches: Iterable[Batch]) -> None:
        """Number what was never tried in the order in which it will be: a lower number after a higher one would
        look as if it were durable already.
        """
        for batch in batches:
            self._number += 1
            batch.number = self._number

    def _batch(self, submissions: Sequence[Submission]) -> Batch:
        self._number += 1
        return Batch(submissions, self._identity(), self._number)

    def _divide(self, batch: Batch, refused: Exception) -> list[Sequence[Submission]]:
        """Try the halves of a refused batch, until what is refused stands alone."""
        if len(batch.submissions) > 1:
            middle = len(batch.submissions) // 2
            return [batch.submissions[:middle], batch.submissions[middle:]]
        self._fail(batch.submissions[0], _reason(refused, batch.performing))
        return []

    async def _may_repeat(self, batch: Batch, wrong: Exception, patience: Patience) -> bool:
        """Prepare another try of the same batch, or tell everyone in it that it has failed."""
        lost = is_loss(wrong)
        if lost:
            batch.cut_off = True
            self._drop_connection()
        else:
            await self._roll_back()
        final = explain(wrong, self._server.url) if isinstance(wrong, asyncpg.PostgresError) else wrong
        if lost or isinstance(wrong, asyncpg.TransactionRollbackError):
            try:
                await patience.after(wrong)
            except RemitError as over:
                final = over
            else:
                return True
        self._fail_all(batch.submissions, final)
        return False

    # --- what became of a batch ---------------------------------------------------------------------------

    async def _standing(self, batch: Batch, connection: Connection) -> list[Submission]:
        """Refuse what was sealed on top of a refused event that is indeed not in the log; returns the others."""
        doubtful = [event for each in batch.submissions for event in self._refusals.doubtful(each.commit)]
        if not doubtful:
            return list(batch.submissions)
        places = ([event.stream for event in doubtful], [event.seq - 1 for event in doubtful])
        self._refusals.found(row[2] for row in await connection.fetch(_SQL["log.found"].sql, *places))
        standing: list[Submission] = []
        for submission in batch.submissions:
            cause = self._refusals.cause(submission.commit)
            if cause is None:
                standing.append(submission)
            else:
                self._fail(submission, cause)
        return standing

    async def _is_durable(self, batch: Batch, connection: Connection) -> bool:
        witness = batch.witness
        if witness is None:
            return False  # its number will tell, when it is written again
        found = await connection.fetch(_SQL["log.same"].sql, witness.stream, witness.seq)
        return bool(found) and found[0][0] == witness.hash

    async def _settle(self, batch: Batch, connection: Connection) -> list[Submission]:
        """Answer the commits whose events are in the log, or whose places are taken; returns the others."""
        last = {n: each.commit.events[-1] for n, each in enumerate(batch.submissions) if each.commit.events}
        streams, seqs = [event.stream for event in last.values()], [event.seq for event in last.values()]
        rows = await connection.fetch(_SQL["log.found"].sql, streams, seqs)
        found = {(stream, seq): (digest, pos) for stream, seq, digest, pos in rows}
        left: list[Submission] = []
        for n, submission in enumerate(batch.submissions):
            digest, pos = found.get((last[n].stream, last[n].seq), (None, 0)) if n in last else (None, 0)
            if digest is None:
                left.append(submission)
            elif digest == last[n].hash:
                self._succeed(submission, Committed(pos, []))
            else:
                self._fail(submission, fenced(last[n].stream))
        return left

    def _deliver(self, batch: Batch, outcomes: list[Outcome]) -> list[Sequence[Submission]]:
        for submission, outcome in zip(batch.submissions, outcomes, strict=True):
            if isinstance(outcome, Committed):
                self._succeed(submission, outcome)
            else:
                self._fail(submission, outcome)
        return []

    def _succeed(self, submission: Submission, committed: Committed) -> None:
        if self._refusals:
            self._refusals.withdraw(submission.commit)
        if not submission.future.done():
            submission.future.set_result(committed)

    def _fail_all(self, submissions: Iterable[Submission], cause: Exception) -> None:
        for submission in submissions:
            self._fail(submission, cause)

    def _fail(self, submission: Submission, cause: Exception) -> None:
        self._refusals.add(submission.commit, cause)
        if not submission.future.done():
            submission.future.set_exception(_copy(cause))

    # --- the connection -----------------------------------------------------------------------------------

    async def _connected(self) -> Connection:
        """The connection, made anew if it was lost; what the old one may still hold is let go of first."""
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._server.connect()
            if self._backend is not None:
                await self._connection.fetch(_SQL["log.end_backend"].sql, *self._backend)
            found = await self._connection.fetch(_SQL["log.backend"].sql)
            self._backend = next((_Backend(*row) for row in found), None)
            if self._backend and self._backend.pid != self._connection.get_server_pid():
                self._backend = None  # a pooler stands between: that process serves others, too
        return self._connection

    async def _roll_back(self) -> None:
        connection = self._connection
        if connection is None or not connection.is_in_transaction():
            return
        try:
            await connection.execute("ROLLBACK")
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            self._drop_connection()

    def _drop_connection(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()


def _runs_of(commit: Commit) -> set[str]:
    runs = {event.stream for event in commit.events}
    if commit.fence is not None:
        runs.add(commit.fence.run)
    return runs


def _reason(refused: Exception, performing: str) -> Exception:
    """What is told about a commit that was refused and stands alone."""
    if isinstance(refused, (Conflict, NotEncodable)):
        return refused
    if not isinstance(refused, asyncpg.IntegrityConstraintViolationError):
        return unwritable(refused)
    conflict = Conflict(performing)
    conflict.__cause__ = refused
    return conflict


def _copy(cause: Exception) -> Exception:
    """An exception of one's own: several tasks raise it, and each adds its traceback."""
    if isinstance(cause, RemitError):
        return type(cause)(cause.message, cause.hint)
    return Conflict(cause.query) if isinstance(cause, Conflict) else cause


async def _say_goodbye(connection: Connection, writer: str) -> None:
    try:
        await connection.execute(_SQL["log.forget_batches"].sql, writer)
        await connection.close(timeout=_GOODBYE_SECONDS)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        connection.terminate()


_SQL = queries("postgres")
