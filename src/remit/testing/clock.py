"""A clock that tests move by hand: time passes when the test says so, and never while it computes."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from collections.abc import Callable

_START = 1_767_225_600 * MICROSECONDS
_ROUNDS = 20
"""Turns of the loop that timers get to act between two moments; waits on the disk take their own time."""


class ManualTimer:
    """A call that is due at a moment of a hand-moved clock."""

    def __init__(self, when: int, act: Callable[[], None]) -> None:
        self.when = when
        self.act = act
        self.cancelled = False

    def cancel(self) -> None:
        """Make sure it does not happen."""
        self.cancelled = True
        self.act = _nothing  # whoever cancelled it is not kept alive by it


class ManualClock:
    """Starts at a fixed moment and stands still."""

    def __init__(self, start: int = _START) -> None:
        self._now = start
        self._boot = 0
        self._order = itertools.count()
        self._timers: list[tuple[int, int, ManualTimer]] = []

    def now(self) -> int:
        """Wall time in microseconds."""
        return self._now

    def boot(self) -> int:
        """Time that only moves forward, whatever happens to the wall clock."""
        return self._boot

    def call_at(self, when: int, act: Callable[[], None]) -> ManualTimer:
        """Call `act` once the clock has been moved to `when`; at once if it is there already."""
        timer = ManualTimer(when, act)
        if when <= self._now:
            asyncio.get_running_loop().call_soon(_act, timer)
        else:
            heapq.heappush(self._timers, (when, next(self._order), timer))
        return timer

    async def advance(self, seconds: float) -> None:
        """Let time pass, stopping at each moment at which something is due."""
        end = self._now + int(seconds * MICROSECONDS)
        while self._timers and self._timers[0][0] <= end:
            when, _, timer = heapq.heappop(self._timers)
            if timer.cancelled:
                continue
            self._move_to(max(when, self._now))
            timer.act()
            for _ in range(_ROUNDS):
                await asyncio.sleep(0)
        self._move_to(end)

    def leap(self, seconds: float) -> None:
        """Let time pass all at once, as for a machine that slept: what came due meanwhile acts now."""
        self._move_to(self._now + int(seconds * MICROSECONDS))
        due: list[ManualTimer] = []
        while self._timers and self._timers[0][0] <= self._now:
            due.append(heapq.heappop(self._timers)[2])
        for timer in due:
            _act(timer)

    def jump(self, seconds: float) -> None:
        """Set the wall clock forward or back, as an administrator or NTP does; the boot clock does not move."""
        self._now += int(seconds * MICROSECONDS)

    def _move_to(self, moment: int) -> None:
        self._boot += moment - self._now
        self._now = moment


def _nothing() -> None:
    pass


def _act(timer: ManualTimer) -> None:
    if not timer.cancelled:
        timer.act()
