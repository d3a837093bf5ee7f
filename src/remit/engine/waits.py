"""The durable waits of one run in memory: who waits for what, and the one timer that wakes whoever is due first.

It wakes branches and tells what the run as a whole waits for. What a wait means, and when the run leaves memory, is
decided elsewhere.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.runs import ParkReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from remit.domain.clock import Clock, Timer
    from remit.engine.mailbox import Message
    from remit.engine.scope import Scope

DUE = "due"
"""What a wait yields when its time came before any message."""

_URGENCY = {reason: rank for rank, reason in enumerate(ParkReason)}


@dataclass(slots=True)
class Wait:
    """A branch that waits durably."""

    path: str
    reason: ParkReason
    due: int | None
    scope: Scope
    future: asyncio.Future[Message | str]


def _nobody() -> None:
    """Nobody is left to be woken."""


class Waits:
    """Every branch of a run that waits."""

    def __init__(self, clock: Clock, woken: Callable[[], None]) -> None:
        self._clock = clock
        self._woken = woken
        self._open: dict[str, Wait] = {}
        self._order = itertools.count()
        self._dues: list[tuple[int, int, Wait]] = []
        self._timer: Timer | None = None
        self._timer_due = 0

    def __iter__(self) -> Iterator[Wait]:
        return iter(list(self._open.values()))

    def __len__(self) -> int:
        return len(self._open)

    def unhook(self) -> None:
        """The run has left memory: it is not pointed back to any more."""
        self._woken = _nobody

    def add(self, wait: Wait, *, timed: bool = True) -> None:
        """A branch waits; unless `timed`, its time does not come by itself."""
        self._open[wait.path] = wait
        if wait.due is not None:
            heapq.heappush(self._dues, (wait.due, next(self._order), wait))
            if timed:
                self._arm()

    def remove(self, wait: Wait) -> None:
        """A branch waits no more."""
        if self._open.get(wait.path) is wait:
            del self._open[wait.path]

    def at(self, path: str) -> Wait | None:
        """The wait at a place."""
        return self._open.get(path)

    def resolve(self, wait: Wait, value: Message | str | BaseException) -> None:
        """Wake a branch, once: what comes first counts."""
        if wait.future.done():
            return
        self._woken()
        if isinstance(value, BaseException):
            wait.future.set_exception(value)
        else:
            wait.future.set_result(value)

    def next_due(self) -> int | None:
        """When the first of them is due."""
        while self._dues and self._open.get(self._dues[0][2].path) is not self._dues[0][2]:
            heapq.heappop(self._dues)
        return self._dues[0][0] if self._dues else None

    def most_urgent(self) -> ParkReason:
        """What the run is said to wait for."""
        return min(
            (w.reason for w in self._open.values()), key=_URGENCY.__getitem__, default=ParkReason.PAUSED
        )

    def dissolve(self, why: type[BaseException]) -> None:
        """End every wait at once: the run left memory."""
        if self._timer is not None:
            self._timer.cancel()
        for wait in self:
            if not wait.future.done():
                wait.future.set_exception(why())

    def _arm(self) -> None:
        due = self.next_due()
        if due is None or (self._timer is not None and self._timer_due <= due):
            return
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._clock.call_at(due, self._time_came)

    def _time_came(self) -> None:
        self._timer = None
        now = self._clock.now()
        while self._dues and self._dues[0][0] <= now:
            self.resolve(heapq.heappop(self._dues)[2], DUE)
        self._arm()
