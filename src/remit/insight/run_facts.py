"""How many steps each run has recorded, and what happened last: the first projection of the log.

It reads events in an order in which nothing can appear behind the cursor (S4), and moves the cursor in the commit
that writes what it read; so several processes may try, and none counts an event twice. It reads no content.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from remit.domain.beside import Beside
from remit.store.database import Commit, Conflict, Cursor, Op

if TYPE_CHECKING:
    from remit.store.database import Database, Row

_log = logging.getLogger("remit.insight")
NAME = "run_facts"
_BATCH = 2000
_PAUSE = 0.25
"""Twice this is the most that it trails, well below the second for which a reader waits (S5)."""
_RUN = "run:"


class RunFacts(Beside):
    """Keeps the projection near the end of the log."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def catch_up(self) -> None:
        """Read to the end of what is visible."""
        while await self._read_on():
            pass

    async def cursor(self) -> Cursor:
        """How far it has read."""
        rows = await self._database.fetch("projections.cursor", NAME)
        return Cursor(*rows[0]) if rows else Cursor(0, 0)

    async def rebuild(self) -> None:
        """Delete everything derived and read the log from its beginning."""
        drop = [Op("projections.drop_facts", ()), Op("projections.reset", (NAME,))]
        await self._database.submit(Commit(ops=drop))
        await self.catch_up()

    async def reflects(self, pos: int, seconds: float = 1.0) -> bool:
        """Whether the projection has come to `pos`, waiting for it a little."""
        deadline = asyncio.get_running_loop().time() + seconds
        while (await self.cursor()).pos < pos:
            if asyncio.get_running_loop().time() >= deadline:
                return False
            await self._database.wait_for_change(0.1)
        return True

    async def go_on(self) -> None:
        """Follow the log."""
        while True:
            try:
                busy = await self._read_on()
            except Exception as wrong:  # noqa: BLE001 - whatever it is, lists that never move again are worse
                if self.says(wrong):
                    _log.warning("the lists of runs could not be brought up to date: %s", wrong)
                busy = False
            if not busy:
                await self._database.wait_for_change(_PAUSE)
            await asyncio.sleep(_PAUSE)  # a projection may trail; it must not compete with the runs

    async def _read_on(self) -> bool:
        """Take in one batch; true if there may be more."""
        before = await self.cursor()
        if before == (0, 0):
            await self._database.submit(Commit(ops=[Op("projections.begin", (NAME,))]))
        rows = await self._database.fetch("projections.read", before.tx, before.pos, _BATCH)
        if not rows:
            return False
        after = Cursor(*max((row[0], row[1]) for row in rows))
        advance = Op("projections.advance", (NAME, before.tx, before.pos, after.tx, after.pos), one=True)
        try:
            await self._database.submit(Commit(ops=[advance, *_facts(rows)]))
        except Conflict:
            return True  # another process was faster
        return sum(row[3] for row in rows) == _BATCH


def _facts(rows: list[Row]) -> list[Op]:
    runs = [(stream[len(_RUN) :], *facts) for _, _, stream, *facts in rows if stream.startswith(_RUN)]
    return [Op("projections.add_facts", each) for each in runs]
