"""Brings checkpoints to the anchors: each has its own progress, so one that fails holds up no other and misses nothing.
What it cannot write it notes for the doctor, and tries again later and later.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.evidence_errors import AnchorUnavailable
from remit.store.anchor import AnchorRecord
from remit.store.database import Commit, Op
from remit.store.verifying.notes import Checkpoint, MalformedNote
from remit.store.verifying.restores import Restore

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.domain.clock import Clock
    from remit.store.anchor import Anchor
    from remit.store.database import Database

_AT_ONCE = 500
_SECONDS = 20.0
_FIRST_PAUSE, _LAST_PAUSE = 1, 60


class Anchoring:
    """The anchors of a log, and how far each has come."""

    def __init__(self, database: Database, clock: Clock, anchors: Sequence[Anchor]) -> None:
        self.anchors = list(anchors)
        self._database = database
        self._clock = clock
        self._progress: dict[str, int] | None = None
        self._settled = 0
        self._pauses: dict[str, int] = {}
        self._next: dict[str, int] = {}

    async def catch_up(self) -> None:
        """Write everything that an anchor lacks, to all of them side by side."""
        progress = await self._known()
        if not self.anchors:
            return
        await asyncio.gather(*(self._bring(anchor, progress) for anchor in self.anchors))
        least = min(progress[anchor.name] for anchor in self.anchors)
        if least > self._settled:
            await self._database.submit(Commit(ops=[Op("evidence.settled", (least,))]))
            self._settled = least

    async def compare(self) -> None:
        """Note of each anchor that can be read whether it holds something that this log never was (S8)."""
        await asyncio.gather(*(self._compare(anchor) for anchor in self.anchors))

    async def close(self) -> None:
        """Let go of connections."""
        for anchor in self.anchors:
            await anchor.close()

    async def _known(self) -> dict[str, int]:
        """How far each has come; a new one begins with the newest checkpoint."""
        if self._progress is None:
            rows = await self._database.fetch("evidence.anchors")
            known = {row[0]: row[1] for row in rows if row[1]}
            names = {anchor.name for anchor in self.anchors}
            gone = [Op("evidence.forget_anchor", (row[0],)) for row in rows if row[0] not in names]
            if gone:
                await self._database.submit(Commit(ops=gone))
            newest = await self._database.fetch("evidence.pending", 0, 1)
            begin = 0 if newest and newest[0][2] else await self._before_newest()
            self._progress = {anchor.name: known.get(anchor.name, begin) for anchor in self.anchors}
        return self._progress

    async def _before_newest(self) -> int:
        rows = await self._database.fetch("evidence.newest")
        return Checkpoint.parse(rows[0][2]).after if rows else 0

    async def _bring(self, anchor: Anchor, progress: dict[str, int]) -> None:
        name, now = anchor.name, self._clock.now()
        if now < self._next.get(name, 0):
            return
        while rows := await self._database.fetch("evidence.pending", progress[name], _AT_ONCE):
            records = [AnchorRecord(*row) for row in rows]
            try:
                await asyncio.wait_for(anchor.write(records), _SECONDS)
            except (TimeoutError, AnchorUnavailable) as wrong:
                said = wrong.message if isinstance(wrong, AnchorUnavailable) else f"{name} does not answer."
                await self._database.submit(Commit(ops=[Op("evidence.anchor_failed", (name, now, said))]))
                pause = min(_LAST_PAUSE, self._pauses.get(name, _FIRST_PAUSE))
                self._pauses[name], self._next[name] = pause * 2, now + pause * MICROSECONDS
                return
            progress[name] = records[-1].size
            await self._database.submit(Commit(ops=[Op("evidence.anchored", (name, records[-1].size, now))]))
            self._pauses.pop(name, None)

    async def _compare(self, anchor: Anchor) -> None:
        try:
            note = await asyncio.wait_for(anchor.newest(), _SECONDS)
            held = Checkpoint.parse(note) if note is not None else None
        except (TimeoutError, AnchorUnavailable):
            return  # that it cannot be used shows when it is written
        except MalformedNote:
            held = None
        if held is None:
            return
        rows = await self._database.fetch("evidence.of_size", held.size)
        restores = [Restore.parse(row[0]) for row in await self._database.fetch("evidence.restores")]
        same = bool(rows) and Checkpoint.parse(rows[0][0]).root == held.root
        same = same or any(restore.disowns(held) for restore in restores)
        said = (
            ""
            if same
            else f"{anchor.name} holds a checkpoint over {held.size} events that this log does not have"
        )
        await self._database.submit(Commit(ops=[Op("evidence.contradicted", (anchor.name, said))]))
