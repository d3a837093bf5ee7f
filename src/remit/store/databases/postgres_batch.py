"""One batch of commits on its way into Postgres: one transaction, as few round trips as its contents allow.

A batch of nothing but events is a single statement that checks the fence and commits by itself. Anything
more is a transaction: append, blobs, operations grouped by their text, commit. It raises what the database
says about the batch as a whole; who tries again, and with which commits, is the writer's business.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.domain.errors import Fenced, RemitError
from remit.store.database import Committed, Conflict, EventRow, Head
from remit.store.databases.postgres_driver import FROM_BELOW
from remit.store.pen import GENESIS
from remit.store.queries import queries
from remit.store.refusals import unwritable

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterable, Sequence

    from remit.store.database import Commit, Op, Row, WorkerIdentity
    from remit.store.databases.postgres_driver import Connection

Outcome = Committed | Exception


class Submission(NamedTuple):
    """A commit and who waits for it."""

    commit: Commit
    future: asyncio.Future[Committed]


class Batch:
    """What is written together, and how far that has come."""

    def __init__(self, submissions: Sequence[Submission], worker: WorkerIdentity | None, number: int) -> None:
        self.submissions = submissions
        self.number = number
        self.performing = "log.append"
        """The statement under way, to name it when the database refuses it."""
        self.refused: Exception | None = None
        """Why an attempt at the whole of it was turned down."""
        self.cut_off = False
        """Whether the connection was lost in an attempt, so that nobody knows what became of it (S2)."""
        self.outcomes: list[Outcome] | None = None
        """The answers, once the only thing open is whether the commit took place."""
        self.witness: EventRow | None = None
        """An event of those answers: found in the log, it proves the commit."""
        self._commits = [submission.commit for submission in submissions]
        self._shared: dict[int, list[EventRow]] = {}
        self._worker = worker or ("", 0)

    async def write(self, connection: Connection, writer: str) -> list[Outcome]:
        """Make the batch durable; one answer for each commit, in order."""
        try:
            return await self._write(connection, writer)
        except (Conflict, RemitError, *FROM_BELOW):
            raise
        except Exception as wrong:
            raise unwritable(wrong) from wrong  # what a commit holds, not where it goes, is at fault

    async def _write(self, connection: Connection, writer: str) -> list[Outcome]:
        self.performing = "log.append"
        if all(map(_is_only_events, self._commits)):
            placed = await self._append(connection)
            return [self._answer(n, placed, frozenset()) for n in range(len(self._commits))]
        if all(map(_is_only_lives, self._commits)):
            self.performing = "log.append_lives"
            placed = await self._append(connection, _lives(self._commits))
            return [self._answer(n, placed, frozenset()) for n in range(len(self._commits))]
        await connection.execute("BEGIN")
        outcomes = await self._fill(connection, writer)
        if outcomes is None:
            await connection.execute("ROLLBACK")
            return self.outcomes or []
        self.outcomes = outcomes
        await connection.execute("COMMIT")
        return outcomes

    async def _fill(self, connection: Connection, writer: str) -> list[Outcome] | None:
        """Everything between begin and commit; nothing if the batch proves to be durable already."""
        await self._seal_shared(connection)
        placed = await self._append(connection)
        if not placed and not await connection.fetch(_SQL["log.mark_batch"].sql, writer, self.number):
            return None
        self.outcomes = None
        held = await self._held(connection)
        outcomes = [self._answer(n, placed, held) for n in range(len(self._commits))]
        accepted = [n for n, outcome in enumerate(outcomes) if isinstance(outcome, Committed)]
        if self._shared and len(accepted) < len(outcomes) > 1:
            raise Conflict("log.append")  # the next event of a shared stream may be sealed on a refused one
        await self._store_blobs(connection, accepted)
        await self._perform_all(connection, accepted, outcomes)
        return outcomes

    # --- the log ------------------------------------------------------------------------------------------

    async def _seal_shared(self, connection: Connection) -> None:
        """Seal what goes to streams of many writers on the ends found under lock, in the order submitted."""
        self._shared = {}
        streams = {shared.stream for commit in self._commits for shared in commit.shared}
        if not streams:
            return
        opened = [(stream, GENESIS) for stream in sorted(streams)]
        await connection.executemany(_SQL["log.open_stream"].sql, opened)
        rows = await connection.fetch(_SQL["log.heads"].sql, sorted(streams))
        heads = {stream: Head(seq, digest) for stream, seq, digest in rows}
        for n, commit in enumerate(self._commits):
            for shared in commit.shared:
                event = shared.seal(heads[shared.stream])
                heads[shared.stream] = Head(event.seq, event.hash)
                self._shared.setdefault(n, []).append(event)

    async def _append(
        self, connection: Connection, lives: Sequence[Sequence[Any]] | None = None
    ) -> dict[bytes, int]:
        """Add every event whose fence holds, with the runs that begin and end; return where those stand, by hash."""
        events: list[EventRow] = []
        runs: list[str | None] = []
        epochs: list[int | None] = []
        for n, commit in enumerate(self._commits):
            added = [*commit.events, *self._shared[n]] if n in self._shared else commit.events
            run, epoch = commit.fence or (None, None)
            events += added
            runs += [run] * len(added)
            epochs += [epoch] * len(added)
        if not events:
            return {}
        columns = zip(*events, strict=True)
        sql = _SQL["log.append" if lives is None else "log.append_lives"].sql
        rows = await connection.fetch(sql, *columns, runs, epochs, *self._worker, *(lives or ()))
        placed: dict[bytes, int] = {row[0]: row[1] for row in rows}
        self.witness = next((event for event in events if event.hash in placed), None)
        return placed

    async def _held(self, connection: Connection) -> frozenset[tuple[str, int]]:
        """Which claims hold of those commits that have a fence and no event to show it."""
        silent = [commit for commit in self._commits if not (commit.events or commit.shared)]
        fences = [commit.fence for commit in silent if commit.fence is not None]
        if not fences:
            return frozenset()
        rows = await connection.fetch(_SQL["log.hold"].sql, *self._worker, [fence.run for fence in fences])
        return frozenset((run, epoch) for run, epoch in rows)

    def _answer(self, n: int, placed: dict[bytes, int], held: frozenset[tuple[str, int]]) -> Outcome:
        commit = self._commits[n]
        last = self._shared[n][-1] if n in self._shared else commit.events[-1] if commit.events else None
        if last is not None:
            pos = placed.get(last.hash)
            return fenced(last.stream) if pos is None else Committed(pos, [])
        if commit.fence is not None and commit.fence not in held:
            return fenced(commit.fence.run)
        return Committed(0, [])

    # --- beside the log -----------------------------------------------------------------------------------

    async def _store_blobs(self, connection: Connection, accepted: list[int]) -> None:
        commits = [self._commits[n] for n in accepted]
        blobs = [blob for commit in commits for blob in commit.blobs]
        blobs += [blob for commit in commits for shared in commit.shared for blob in shared.blobs]
        if blobs:
            self.performing = "log.add_blob"
            await connection.executemany(_SQL["log.add_blob"].sql, blobs)

    async def _perform_all(
        self, connection: Connection, accepted: list[int], outcomes: list[Outcome]
    ) -> None:
        """Perform commits of one shape side by side, each in its own order.

        Those that hand back rows, or look at the end of a shared stream, come one after the other.
        """
        alike: dict[tuple[tuple[str, bool], ...], list[Commit]] = {}
        for n in accepted:
            commit = self._commits[n]
            if n in self._shared or any(_SQL[op.query].returns for op in commit.ops):
                await self._move_heads(connection, self._shared.get(n, []))
                rows = await self._perform(connection, commit.ops)
                outcomes[n] = Committed(_position(outcomes[n]), rows)
            elif commit.ops:
                alike.setdefault(tuple((op.query, op.one) for op in commit.ops), []).append(commit)
        for shape, commits in alike.items():
            if len(commits) == 1:
                await self._perform(connection, commits[0].ops)
                continue
            for place, (query, one) in enumerate(shape):
                params = [commit.ops[place].params for commit in commits]
                await self._perform_same(connection, query, params, one=one)

    async def _move_heads(self, connection: Connection, events: Iterable[EventRow]) -> None:
        ends = {event.stream: event for event in events}
        for event in ends.values():
            await connection.execute(_SQL["log.move_head"].sql, event.stream, event.seq, event.hash)

    async def _perform(self, connection: Connection, ops: list[Op]) -> list[Row]:
        rows: list[Row] = []
        for (query, one), alike in groupby(ops, lambda op: (op.query, op.one)):
            rows = []
            if not _SQL[query].returns:
                await self._perform_same(connection, query, [op.params for op in alike], one=one)
                continue
            for op in alike:
                self.performing = query
                rows = [tuple(row) for row in await connection.fetch(_SQL[query].sql, *op.params)]
                if one and len(rows) != 1:
                    raise Conflict(query)
        return rows

    async def _perform_same(
        self, connection: Connection, query: str, params: list[tuple[Any, ...]], *, one: bool
    ) -> None:
        self.performing = query
        sql = _SQL[query].sql
        if one:
            touched = await connection.fetchmany(f"{sql} RETURNING 1", params)
            if len(touched) != len(params):
                raise Conflict(query)
        elif len(params) == 1:
            await connection.execute(sql, *params[0])
        else:
            await connection.executemany(sql, params)


def fenced(name: str) -> Fenced:
    """What the writer of a lost run is told."""
    return Fenced(
        f"{name} belongs to another worker now; nothing of this write was kept.",
        "The other worker goes on with it; nothing needs to be done.",
    )


def _position(outcome: Outcome) -> int:
    return outcome.pos if isinstance(outcome, Committed) else 0


def _is_only_events(commit: Commit) -> bool:
    return bool(commit.events) and not (commit.ops or commit.blobs or commit.shared)


def _is_only_lives(commit: Commit) -> bool:
    """Whether a commit holds events, and beside them at most what begins or ends a run: not both, for within one
    statement nobody sees what another part of it adds.
    """
    plain = bool(commit.events) and not (commit.blobs or commit.shared)
    queries = {op.query for op in commit.ops}
    whole_life = "runs.add" in queries and "runs.finish" in queries
    return plain and not whole_life and all(op.query in _LIFE_COLUMNS and not op.one for op in commit.ops)


def _lives(commits: Sequence[Commit]) -> list[Sequence[Any]]:
    """The columns of the keys, runs and ends that these commits carry, in the order of `log.append_lives`."""
    rows: dict[str, list[tuple[Any, ...]]] = {query: [] for query in _LIFE_COLUMNS}
    for commit in commits:
        for op in commit.ops:
            rows[op.query].append((*op.params, *(commit.fence or (None, None))))
    columns: list[Sequence[Any]] = []
    for query, width in _LIFE_COLUMNS.items():
        columns += zip(*rows[query], strict=True) if rows[query] else [()] * width
    return columns


_LIFE_COLUMNS = {"keys.add": 7, "runs.add": 15, "runs.finish": 6}
"""What one statement can do beside appending, and how many columns that takes, the claim included."""
_SQL = queries("postgres")
