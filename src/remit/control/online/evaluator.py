"""Looks at tasks that ended, beside the worker, again and again: each once, whoever of several processes is first. What
comes out wrong is said in the log of the process and tried again the next time.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.control.online import golden, scoring
from remit.control.searching.finding import up_to_date
from remit.domain.beside import Beside
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import RemitError
from remit.store.database import Conflict

if TYPE_CHECKING:
    from remit.control.judging.sitting import Staff
    from remit.control.online.terms import OnlineTerms
    from remit.control.running.parts import Parts

_log = logging.getLogger("remit.worker")
_BACK = 86_400 * MICROSECONDS
"""Tasks that ended longer ago are left alone: nobody scored them while it mattered."""
_LATE = 600 * MICROSECONDS
"""So long after it ended a task may first be told of."""
_AT_ONCE = 200


class Evaluator(Beside):
    """Scores live runs until it is stopped."""

    def __init__(self, parts: Parts, staff: Staff, terms: OnlineTerms) -> None:
        self._parts = parts
        self._staff = staff
        self._terms = terms
        self._seen = 0
        """When the latest task ended that was looked at, or not drawn."""

    def start(self) -> None:
        """Go on from now on; where nothing is to be scored, nobody looks."""
        if self._terms.percent:
            super().start()

    async def go_on(self) -> None:
        """Look, again and again."""
        clock = self._parts.ground.clock
        while True:
            await sleep_until(clock, clock.now() + self._terms.seconds * MICROSECONDS)
            try:
                await self.look()
            except (RemitError, Conflict) as wrong:
                _log.info("live runs could not be scored: %s", wrong)
            except Exception as wrong:  # noqa: BLE001 - one slip must not end all looks
                _log.warning("live runs could not be scored: %s", wrong)

    async def look(self) -> int:
        """Score what ended since the last look; gives how many tasks were."""
        ground = self._parts.ground
        await up_to_date(ground)
        after = (max(ground.clock.now() - _BACK, self._seen - _LATE), "")
        looked = 0
        while tasks := await scoring.left(self._parts, after, _AT_ONCE):
            for task in tasks:
                if scoring.is_drawn(task.run, self._terms.percent):
                    looked += await scoring.look_at(self._parts, self._staff, task, self._terms)
            after = (tasks[-1].ended, tasks[-1].run)
            self._seen = max(self._seen, after[0])
        await golden.look_again(self._parts, self._staff, self._terms)
        return looked
