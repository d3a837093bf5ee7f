"""Looking for drift with nobody present: whoever observes the log looks now and then, and what is found stands in it.
Several processes may look; only the first of them writes.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.control.drifting.telling import book_of, view_of
from remit.domain.beside import Beside
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import RemitError
from remit.store.database import Conflict

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_log = logging.getLogger("remit.drift")
SECONDS = 600
"""How long nobody looks. A look costs one query for each agent that had runs meanwhile."""


class DriftWatch(Beside):
    """Looks again and again."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def go_on(self) -> None:
        """Look every ten minutes; whatever goes wrong is tried again."""
        clock = self._ground.clock
        while True:
            await sleep_until(clock, clock.now() + SECONDS * MICROSECONDS)
            await self.look()

    async def look(self) -> None:
        """Look once, and say in the process's own words what drifted."""
        try:
            for each in await book_of(self._ground).watch():
                _log.warning("%s", view_of(each).sentence)
        except (RemitError, Conflict) as wrong:
            _log.info("nobody could look for drift: %s", wrong)
        except Exception as wrong:  # noqa: BLE001 - one slip must not leave drift unwatched
            _log.warning("looking for drift failed: %s", wrong)
