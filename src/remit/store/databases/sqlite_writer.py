"""The writer of a SQLite file: many commits, one transaction, one flush; a refused commit fails alone.

It runs on the writer thread only. The batch is first tried whole; when one commit is refused, by the database or
by the driver, the batch is rolled back and each commit gets a transaction of its own (S2).
"""

from __future__ import annotations

from itertools import chain, groupby
from typing import TYPE_CHECKING, NamedTuple, cast

import apsw
import msgspec

from remit.domain.errors import Fenced, RemitError, StoreUnavailable
from remit.store.database import Commit, Committed, Conflict, Head, Op, WorkerIdentity
from remit.store.databases.sqlite_errors import explain
from remit.store.pen import GENESIS
from remit.store.queries import queries
from remit.store.refusals import Refusals, unwritable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Collection
    from pathlib import Path

    from remit.store.database import Fence, Row, SharedEvent
    from remit.store.databases.sqlite_driver import Connection
    from remit.store.databases.turnstile import Turnstile


class Submission(NamedTuple):
    """A commit, who waits for it, and the worker in whose name it was made."""

    commit: Commit
    future: asyncio.Future[Committed]
    worker: WorkerIdentity | None


class SqliteWriter:
    """Turns batches into transactions."""

    BATCH_LIMIT = 256
    """Keeps one turn at the turnstile to a few milliseconds."""

    def __init__(self, connection: Connection, turnstile: Turnstile, path: Path) -> None:
        self._connection = connection
        self._execute = connection.execute
        self._turnstile = turnstile
        self._path = path
        self._sql = {name: query.sql for name, query in queries("sqlite").items()}
        self._append, self._hold = self._sql["log.append"], self._sql["log.hold"]
        self._performing = "log.append"
        self._refusals = Refusals()

    def write(self, batch: list[Submission]) -> list[Committed | BaseException]:
        """One outcome for each commit, in order, whatever happens."""
        try:
            with self._turnstile:
                return self._together(batch)
        except Exception as wrong:  # noqa: BLE001 - a writer that dies of one commit takes every run with it
            return [self._noted(submission, self._explained(wrong)) for submission in batch]

    def _together(self, batch: list[Submission]) -> list[Committed | BaseException]:
        try:
            outcomes = self._transaction(batch)
        except Exception as wrong:
            if _concerns_everybody(wrong):
                raise
            return [self._noted(submission, self._alone(submission)) for submission in batch]
        return [self._noted(submission, outcome) for submission, outcome in zip(batch, outcomes, strict=True)]

    def _noted(self, submission: Submission, outcome: Committed | BaseException) -> Committed | BaseException:
        """Remember a refusal, so that what was sealed on top of it is refused as well."""
        if isinstance(outcome, Exception):
            self._refusals.add(submission.commit, outcome)
        elif self._refusals:
            self._refusals.withdraw(submission.commit)
        return outcome

    def _alone(self, submission: Submission) -> Committed | BaseException:
        try:
            return self._transaction([submission])[0]
        except Conflict as conflict:
            return conflict
        except apsw.ConstraintError as refused:
            return self._settle(submission.commit, refused)
        except Exception as wrong:  # noqa: BLE001 - the others of its batch have nothing to do with it
            return self._explained(wrong)

    def _explained(self, wrong: Exception) -> Exception:
        """The error of the tree; what is nobody's fault but the commit's own is refused for good."""
        if isinstance(wrong, RemitError):
            return wrong
        ground = _concerns_everybody(wrong) or isinstance(wrong, apsw.SQLError)
        return explain(wrong, self._path) if ground else unwritable(wrong)

    def _settle(self, commit: Commit, refused: apsw.ConstraintError) -> Committed | BaseException:
        """A commit that is there already is done; another one in its place means the pen was lost (S2)."""
        if not commit.events or commit.shared:
            return self._conflict(refused)
        last = commit.events[-1]
        found = self._execute(self._sql["log.same"], (last.stream, last.seq)).fetchall()
        if not found:
            return self._conflict(refused)
        if found[0][0] == last.hash:
            return Committed(
                self._execute(self._sql["log.positions"], (last.stream, last.seq)).fetchall()[0][0], []
            )
        return _fenced(last.stream)

    def _conflict(self, refused: apsw.ConstraintError) -> Conflict:
        conflict = Conflict(self._performing)
        conflict.__cause__ = refused
        return conflict

    def _transaction(self, batch: list[Submission]) -> list[Committed | BaseException]:
        if self._connection.in_transaction:
            self._execute("ROLLBACK")  # of the last batch, which could not be rolled back then
        self._execute("BEGIN IMMEDIATE")
        try:
            outcomes: list[Committed | BaseException] = []
            for kind, submissions in groupby(batch, self._kind_of):
                group = list(submissions)
                if kind is None:
                    outcomes += map(self._apply, group)
                elif isinstance(kind, WorkerIdentity):
                    outcomes += self._append_all(kind, group)
                else:
                    outcomes += self._apply_all(kind, group)
            self._execute("COMMIT")
        except BaseException:
            if self._connection.in_transaction:
                self._execute("ROLLBACK")
            raise
        return outcomes

    def _kind_of(self, submission: Submission) -> WorkerIdentity | tuple[str, ...] | None:
        """What goes together with its like: what only adds events to runs for a worker; and runs that begin, perhaps to
        their end, with the same operations. None: it does more.
        """
        commit = submission.commit
        if not commit.events or commit.shared:
            return None
        if commit.fence is not None:
            return None if commit.ops or commit.blobs else submission.worker
        shape = tuple([op.query for op in commit.ops if not op.one])
        return shape if len(shape) == len(commit.ops) and _OF_A_LIFE.issuperset(shape) else None

    def _apply_all(self, shape: tuple[str, ...], group: list[Submission]) -> list[Committed | BaseException]:
        """Runs that begin at once: what they have in common is said once, in the order in which each says it."""
        if self._refusals or len(group) == 1:
            return [self._apply(submission) for submission in group]
        commits = [submission.commit for submission in group]
        blobs = [blob for commit in commits for blob in commit.blobs]
        if blobs:
            self._connection.executemany(self._sql["log.add_blob"], blobs)
        self._performing = "log.append"
        self._connection.executemany(self._append, chain.from_iterable(commit.events for commit in commits))
        pos = self._connection.last_insert_rowid() - sum(len(commit.events) for commit in commits)
        for place, query in enumerate(shape):
            self._performing = query
            self._connection.executemany(self._sql[query], [commit.ops[place].params for commit in commits])
        outcomes: list[Committed | BaseException] = []
        for commit in commits:
            pos += len(commit.events)
            outcomes.append(Committed(pos, []))
        return outcomes

    def _append_all(self, worker: WorkerIdentity, group: list[Submission]) -> list[Committed | BaseException]:
        """The events of many runs at once, without those whose worker has lost them."""
        if self._refusals:
            return [self._apply(submission) for submission in group]
        fences = [submission.commit.fence for submission in group if submission.commit.fence is not None]
        held = self._held(worker, fences)
        kept = [
            submission.commit.events for submission, fence in zip(group, fences, strict=True) if fence in held
        ]
        self._performing = "log.append"
        self._connection.executemany(self._append, chain.from_iterable(kept))
        # nobody else writes meanwhile, so that positions have no gaps
        pos = self._connection.last_insert_rowid() - sum(map(len, kept))
        outcomes: list[Committed | BaseException] = []
        for submission, fence in zip(group, fences, strict=True):
            pos += len(submission.commit.events) if fence in held else 0
            outcomes.append(Committed(pos, []) if fence in held else _fenced(fence.run))
        return outcomes

    def _apply(self, submission: Submission) -> Committed | BaseException:
        commit = submission.commit
        if self._refusals and (cause := self._standing_on(commit)) is not None:
            return cause
        if commit.fence is not None and commit.fence not in self._held(submission.worker, [commit.fence]):
            return _fenced(commit.fence.run)
        if commit.blobs:
            self._connection.executemany(self._sql["log.add_blob"], commit.blobs)
        self._performing = "log.append"
        if commit.events:
            self._connection.executemany(self._append, commit.events)
        for shared in commit.shared:
            self._append_shared(shared)
        pos = self._connection.last_insert_rowid() if commit.events or commit.shared else 0
        rows: list[Row] = []
        for op in commit.ops:
            rows = self._perform(op)
        return Committed(pos, rows)

    def _standing_on(self, commit: Commit) -> Exception | None:
        """Why the event that this commit continues was refused, unless it is in the log after all."""
        for event in self._refusals.doubtful(commit):
            found = self._execute(self._sql["log.same"], (event.stream, event.seq - 1)).fetchall()
            self._refusals.found(row[0] for row in found)
        return self._refusals.cause(commit)

    def _held(self, worker: WorkerIdentity | None, fences: list[Fence]) -> Collection[tuple[str, int]]:
        """The claims among these that the worker has."""
        if worker is None or not fences:
            return ()
        runs = _encode([fence.run for fence in fences]).decode()
        return set(cast("list[tuple[str, int]]", self._execute(self._hold, (*worker, runs)).fetchall()))

    def _append_shared(self, shared: SharedEvent) -> None:
        self._execute(self._sql["log.open_stream"], (shared.stream, GENESIS))
        head = Head(*self._execute(self._sql["log.head"], (shared.stream,)).fetchall()[0])
        event = shared.seal(head)
        self._connection.executemany(self._sql["log.add_blob"], shared.blobs)
        self._execute(self._append, event)
        self._execute(self._sql["log.move_head"], (shared.stream, event.seq, event.hash))

    def _perform(self, op: Op) -> list[Row]:
        self._performing = op.query
        rows = self._execute(self._sql[op.query], op.params).fetchall()
        if op.one and self._connection.changes() != 1:
            raise Conflict(op.query)
        return rows


_OF_A_LIFE = frozenset(
    {"keys.add", "runs.add", "budgets.admit", "budgets.settle", "runs.finish", "protection.mark"}
)
"""What such a commit may do beside appending, for it to be done with others: none of it looks at what another did."""

_encode = msgspec.json.Encoder().encode


def _concerns_everybody(wrong: Exception) -> bool:
    """Whether the ground gave way, rather than that one commit of a batch cannot stand."""
    ground = isinstance(wrong, (apsw.Error, OSError, MemoryError, StoreUnavailable))
    return ground and not isinstance(wrong, _OF_ONE_COMMIT)


_OF_ONE_COMMIT = (
    apsw.ConstraintError,
    apsw.TooBigError,
    apsw.MismatchError,
    apsw.BindingsError,
    apsw.SQLError,
)


def _fenced(name: str) -> Fenced:
    return Fenced(
        f"{name} belongs to another worker now; nothing of this write was kept.",
        "The other worker goes on with it; nothing needs to be done.",
    )
