"""Rights that a review asked about and nobody confirmed by its date, where the settings say that these are denied. It
reads the latest review of a team; what a right is, and who reviews it, it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import StoreCorrupt
from remit.domain.policy_events import ReviewOpened

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.store.database import Database
    from remit.store.log import Log


class Unconfirmed:
    """What became of the latest review, looked at again and again; its text is read once."""

    def __init__(self, database: Database, log: Log, clock: Clock, team: str) -> None:
        self._database, self._log, self._clock, self._team = database, log, clock, team
        self._review = ""
        self._asked: frozenset[str] = frozenset()

    async def rights(self) -> dict[str, str]:
        """Those that are denied now, each with the review that says so; none before its date."""
        rows = await self._database.fetch("policy.reviews", self._team, 1)
        if not rows or rows[0][4] > self._clock.now() or rows[0][7] >= rows[0][3]:
            return {}
        identity, stream, seq = str(rows[0][0]), rows[0][1], rows[0][2]
        if identity != self._review:
            opened = (await self._log.read_one(stream, seq)).event
            if not isinstance(opened, ReviewOpened):
                raise StoreCorrupt(f"{identity} refers to another event.", "remit doctor --deep")
            self._review, self._asked = identity, frozenset(opened.rights)
        said = {str(row[0]) for row in await self._database.fetch("policy.reviewed", identity)}
        return dict.fromkeys(self._asked - said, identity)
