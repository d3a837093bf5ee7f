"""The batch that is being written while the next one is told: one at a time, and whoever looks up what was written
before waits for it. It knows the database, and neither the log nor any projection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.store.database import Commit, Committed, Database, Row


class Underway:
    """Implements `Tables`, as they are once the batch is written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written: asyncio.Future[Committed] | None = None

    def begin(self, commit: Commit) -> None:
        """Have a batch written."""
        self._written = self._database.submit(commit)
        self._written.add_done_callback(_heard)

    async def settle(self) -> None:
        """Wait until it is durable, or raise what the database said to it, once."""
        written = self._written
        await self.drop()
        if written is not None:
            written.result()

    async def drop(self) -> None:
        """Wait until it is over, whatever came of it: the cursor says what that is."""
        await self._over()
        self._written = None

    async def fetch(self, query: str, *params: object) -> list[Row]:
        """Run a named read."""
        await self._over()
        return await self._database.fetch(query, *params)

    async def _over(self) -> None:
        if self._written is not None and not self._written.done():
            await asyncio.wait({self._written})


def _heard(written: asyncio.Future[Committed]) -> None:
    """Who was stopped in between does not ask any more what came of it."""
    if not written.cancelled():
        written.exception()
