"""The one checkpointer of a log: a process that holds the lease adds new events to the Merkle tree, signs what it has
become, at most once a second, and hands that to the anchors (S8). It reads envelopes, never content, and stands in
nobody's way: what is not under a checkpoint yet is as durable as everything else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.beside import Trouble
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import RemitError
from remit.domain.evidence_errors import LogContradicted
from remit.store.anchoring import Anchoring
from remit.store.database import Commit, Conflict, Cursor, Op
from remit.store.leaves import Batch, LeafOrder, batch_of_positions
from remit.store.merkle import Frontier
from remit.store.signing import open_signer
from remit.store.verifying.entries import HeadsOfBatch, heads_line, mark, packed
from remit.store.verifying.notes import Checkpoint, checkpoint_text
from remit.store.verifying.tree import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.clock import Clock
    from remit.store.anchor import Anchor
    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing

_log = logging.getLogger("remit.evidence")
_LEASE = 30 * MICROSECONDS
_MOST = 20_000
_IN_A_THREAD = 200
_LAST_WORDS_SECONDS = 5.0


class _Standing(NamedTuple):
    """How far the tree has come: its leaves, where reading goes on, and up to which position."""

    epoch: int
    frontier: Frontier
    cursor: Cursor
    upto: int
    place: tuple[str, int]
    """The last event read, to notice when transactions were renumbered under it."""


class Checkpointer:
    """Makes checkpoints while it can get the lease; several processes may try."""

    def __init__(
        self, database: Database, keys: KeyRing, clock: Clock, anchors: Sequence[Anchor], *,
        name: str, seconds: float = 1.0,
    ) -> None:  # fmt: skip
        self._database = database
        self._keys = keys
        self._clock = clock
        self._name = name
        self._pause = int(max(1.0, seconds) * MICROSECONDS)
        self._anchoring = Anchoring(database, clock, anchors)
        self._standing: _Standing | None = None
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._trouble = Trouble()

    def start(self) -> None:
        """Follow the log from now on."""
        self._task = asyncio.get_running_loop().create_task(self._follow(), name="remit-evidence")

    async def stop(self) -> None:
        """Sign what there is, if nobody else does, and let another process go on."""
        if self._task is None:
            return
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task
        self._task = None
        with contextlib.suppress(RemitError, Conflict, asyncio.TimeoutError):
            await asyncio.wait_for(self.checkpoint(), _LAST_WORDS_SECONDS)
        await self.close()

    async def close(self) -> None:
        """Give the lease back and let go of the anchors."""
        standing, self._standing = self._standing, None
        if standing is not None:
            with contextlib.suppress(RemitError):
                await self._database.submit(Commit(ops=[Op("evidence.release", (standing.epoch,))]))
        await self._anchoring.close()

    def abandon(self) -> None:
        """End as a killed process does."""
        if self._task is not None:
            self._task.cancel()

    async def checkpoint(self) -> Checkpoint | None:
        """Sign and anchor everything that is visible; gives the newest checkpoint, or None if another process leads."""
        async with self._turn:
            if not await self._lead():
                return None
            while await self._sign_next():
                pass
            await self._anchoring.catch_up()
        rows = await self._database.fetch("evidence.newest")
        return Checkpoint.parse(rows[0][2]) if rows else None

    # --- the lease ------------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        while True:
            try:
                async with self._turn:
                    if await self._anything_new() and await self._lead():
                        await self._sign_next()
                    if self._standing is not None:
                        await self._anchoring.catch_up()
            except Exception as wrong:  # noqa: BLE001 - a log that nobody signs any more is worse than any error
                self._standing = None
                if self._trouble.is_new(wrong, asyncio.get_running_loop().time()):
                    _log.warning("no checkpoint could be made: %s", wrong)
            await sleep_until(self._clock, self._clock.now() + self._pause)

    async def _anything_new(self) -> bool:
        if self._standing is not None:
            cursor = self._standing.cursor
        else:
            rows = await self._database.fetch("evidence.state")
            if rows and await self._is_held(rows[0]):
                return False
            cursor = Cursor(rows[0][4], rows[0][5]) if rows else Cursor(0, 0)
        return bool(await self._database.fetch("evidence.tail", *cursor, 1))

    async def _is_held(self, row: Row) -> bool:
        """By another process; a lease that ends later than any could is of a boot clock that began anew."""
        now = await self._database.lease_now()
        return row[1] not in {"", self._name} and now <= row[2] <= now + _LEASE

    async def _lead(self) -> bool:
        """Hold the lease, and know where the tree stands."""
        if self._standing is not None:
            state = (await self._database.fetch("evidence.state"))[0]
            if state[0] == self._standing.epoch:
                return True
            self._standing = None
        await self._database.submit(Commit(ops=[Op("evidence.begin", ())]))
        row = (await self._database.fetch("evidence.state"))[0]
        if await self._is_held(row):
            return False
        until = await self._database.lease_now() + _LEASE
        try:
            await self._database.submit(
                Commit(ops=[Op("evidence.take", (self._name, until, row[0]), one=True)])
            )
        except Conflict:
            return False
        self._standing = await self._taken_up(row[0] + 1, row)
        await self._anchoring.compare()
        return True

    # --- where the tree stands ------------------------------------------------------------------------------

    async def _taken_up(self, epoch: int, row: Row) -> _Standing:
        _, _, _, size, tx, pos, stream, seq, frontier, _ = row
        newest = await self._database.fetch("evidence.newest")
        signed, upto = (newest[0][0], newest[0][3]) if newest else (0, 0)
        place = await self._database.fetch("evidence.place", stream, seq) if size else []
        if size == signed and (not size or (place and tuple(place[0]) == (tx, pos))):
            return _Standing(epoch, Frontier.load(size, frontier), Cursor(tx, pos), upto, (stream, seq))
        return await self._rebuilt(epoch, upto)

    async def _rebuilt(self, epoch: int, upto: int) -> _Standing:
        """Read the whole log again: it was restored, or nobody here has made a checkpoint before."""
        rows = await self._checkpoints()
        size = rows[-1][0] if rows else 0
        order: LeafOrder[bytes] = LeafOrder([Batch(row[0], *row[3:]) for row in rows])
        frontier = Frontier()
        unsigned: list[Row] = []
        cursor, place = Cursor(0, 0), ("", 0)
        while page := await self._database.fetch("evidence.tail", *cursor, _MOST):
            for row in page:
                if not order.covers(row[1]):
                    unsigned.append(row)
                    continue
                for digest in order.feed(row[1], row[8]):
                    frontier.append(leaf_hash(digest))
            cursor, place = Cursor(page[-1][0], page[-1][1]), (page[-1][2], page[-1][3])
        for digest in order.rest():
            frontier.append(leaf_hash(digest))
        newest = Checkpoint.parse(rows[-1][2]) if rows else None
        if newest is not None and (frontier.size, frontier.root()) != (size, newest.root):
            await self._refuse(epoch, size)
        standing = _Standing(epoch, frontier, cursor, upto, place)
        return await self._sign(standing, unsigned) if unsigned else standing

    async def _refuse(self, epoch: int, size: int) -> None:
        broken = LogContradicted(
            f"the log is not what its checkpoint over {size} events was signed over, so no further one is made.",
            "Find out what was changed: remit audit verify --anchor FILE",
        )
        await self._database.submit(Commit(ops=[Op("evidence.refuse", (epoch, broken.message))]))
        raise broken

    async def _checkpoints(self) -> list[Row]:
        found: list[Row] = []
        while page := await self._database.fetch("evidence.checkpoints", found[-1][0] if found else 0, _MOST):
            found += page
        return found

    # --- the next checkpoint --------------------------------------------------------------------------------

    async def _sign_next(self) -> bool:
        """Add what is new and sign it; true if there was anything."""
        standing = self._standing
        if standing is None:
            return False
        rows = await self._database.fetch("evidence.tail", *standing.cursor, _MOST)
        if not rows:
            return False
        last = rows[-1]
        ahead = standing._replace(cursor=Cursor(last[0], last[1]), place=(last[2], last[3]))
        self._standing = await self._sign(ahead, rows)
        return True

    async def _sign(self, standing: _Standing, rows: list[Row]) -> _Standing:
        """Make the tree grow by these events, in the order of their positions, and commit what it is then."""
        signer = await open_signer(self._database, self._keys, self._clock)
        grow = (standing.frontier, rows)
        frontier, heads = (
            await asyncio.to_thread(_grown, *grow) if len(rows) > _IN_A_THREAD else _grown(*grow)
        )
        before, now = standing.frontier.size, self._clock.now()
        batch = batch_of_positions([row[1] for row in rows], before, standing.upto)
        collected = heads.heads()
        text = checkpoint_text(
            signer.origin, frontier.size, frontier.root(), now, before, heads_line(collected)
        )
        kept = packed(collected) if self._anchoring.anchors else ""
        until = await self._database.lease_now() + _LEASE
        advance = (
            standing.epoch, until, frontier.size, *standing.cursor, *standing.place, frontier.dump()
        )  # fmt: skip
        add = (batch.size, now, signer.sign(text), batch.upto, batch.late, batch.gaps, kept)
        ops = [Op("evidence.advance", advance, one=True), Op("evidence.add", add)]
        try:
            await self._database.submit(Commit(ops=ops))
        except BaseException:
            self._standing = None  # somebody else holds the lease, or nobody knows whether it is there
            raise
        return standing._replace(frontier=frontier, upto=batch.upto)


def _grown(frontier: Frontier, rows: list[Row]) -> tuple[Frontier, HeadsOfBatch]:
    """The tree with these events, by position."""
    grown = Frontier(frontier.size, tuple(frontier.nodes))
    heads = HeadsOfBatch()
    for _, _, stream, seq, at, kind, path, key_id, digest in sorted(rows, key=lambda row: row[1]):
        grown.append(leaf_hash(digest))
        heads.take(stream, seq, mark(at, kind, path, key_id), digest)
    return grown, heads
