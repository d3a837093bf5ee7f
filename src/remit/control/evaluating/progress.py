"""How far an experiment has come, counted go by go, and when it will have ended, going by those that were made here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.evaluating.views import Progress
from remit.domain.clock import MICROSECONDS
from remit.quality.experiments.rows import INFRA

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.quality.experiments.plan import Plan
    from remit.quality.experiments.rows import Row


class Meter:
    """Counts the goes of one experiment."""

    def __init__(self, plan: Plan, clock: Clock) -> None:
        self._clock = clock
        self._began = clock.boot()
        self._size = plan.size
        self._made = self._succeeded = self._infra = self._cached = self._spent = 0

    def saw(self, row: Row) -> Progress:
        """Another go has ended."""
        self._made += 1
        self._succeeded += bool(row.succeeded)
        self._infra += row.status == INFRA
        self._cached += row.cached
        self._spent += 0 if row.cached else row.cost or 0
        seconds = (self._clock.boot() - self._began) / MICROSECONDS
        made = self._made - self._cached
        eta = seconds / made * (self._size - self._made) if made else None
        return Progress(
            self._made, self._size, self._succeeded, self._infra, self._cached, self._spent, seconds, eta
        )
