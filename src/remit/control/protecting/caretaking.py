"""The caretaker of a worker: now and then it applies the rules of capture and retention, finishes deletions that
somebody could not finish, takes up keys that another process replaced or destroyed, seeds the canaries that are
due, and does what else it was given to do. Several may do so at once.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.control.approving.canaries import seed_due
from remit.control.protecting.protection import sweep
from remit.domain.beside import Beside
from remit.domain.clock import MICROSECONDS, sleep_until
from remit.domain.errors import RemitError
from remit.store.database import Conflict

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from remit.control.ground.ground import Ground
    from remit.control.protecting.protection import Rules

    Duty = Callable[[], Coroutine[object, object, object]]
    """What else is done now and then; it says by itself whether it is time."""

_log = logging.getLogger("remit.worker")
_BY = "remit"


class Caretaker(Beside):
    """Sweeps until it is stopped."""

    def __init__(
        self, ground: Ground, rules: Rules, seconds: int, canary_percent: int = 0, *duties: Duty
    ) -> None:
        self._ground = ground
        self._duties = duties
        self._canary_percent = canary_percent
        self._rules = rules
        self._seconds = seconds

    async def go_on(self) -> None:
        """Sweep, again and again."""
        while True:
            await sleep_until(self._ground.clock, self._ground.clock.now() + self._seconds * MICROSECONDS)
            await _quietly(sweep(self._ground, self._rules, _BY))
            await _quietly(seed_due(self._ground, self._canary_percent, _BY))
            for duty in self._duties:
                await _quietly(duty())


async def _quietly(work: Coroutine[object, object, object]) -> None:
    """What stays undone the doctor names; the next sweep tries again, whatever it was."""
    try:
        await work
    except (RemitError, Conflict):
        return
    except Exception as wrong:  # noqa: BLE001 - one slip must not end all sweeps
        _log.warning("the sweep failed: %s", wrong)
