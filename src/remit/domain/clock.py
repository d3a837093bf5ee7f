"""What time it is, and how to be called later: the only doors to time in the whole code base.

Everything that waits takes a `Clock`, so a test moves time by hand and never sleeps. Wall time is integer
microseconds since 1970; lease time is the boot clock, which no administrator can set back.
"""

from __future__ import annotations

import asyncio
import time
from contextvars import Context
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

MICROSECONDS = 1_000_000
LONGEST_SECONDS = 100 * 31_557_600
"""A hundred years: whoever asks for more made a mistake, and neither a timer nor a column of a table could hold it."""


class Timer(Protocol):
    """Something that will happen, unless cancelled first."""

    def cancel(self) -> None:
        """Make sure it does not happen."""
        ...


class Clock(Protocol):
    """Wall time, lease time and timers."""

    def now(self) -> int:
        """Wall time in microseconds since 1970."""
        ...

    def boot(self) -> int:
        """Microseconds on a clock that only moves forward, suspended time included."""
        ...

    def call_at(self, when: int, act: Callable[[], None]) -> Timer:
        """Call `act` on the running loop once `now()` has reached `when`."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> int:
        """Wall time in microseconds since 1970."""
        return time.time_ns() // 1000

    def boot(self) -> int:
        """Microseconds since the machine started."""
        return time.clock_gettime_ns(_BOOT) // 1000

    def call_at(self, when: int, act: Callable[[], None]) -> Timer:
        """Use the loop's own monotonic timer, so that a jump of the wall clock does not stall a wait."""
        delay = max(0, when - self.now()) / MICROSECONDS
        # a cancelled timer stays in the loop until its time; it must not keep the context of a run alive with it
        return asyncio.get_running_loop().call_later(delay, act, context=Context())


class SteadyTime:
    """Wall time for who must not be fooled by somebody who sets the clock: from the moment in which this was made, time
    has gone on as on the boot clock, whatever the wall says. Stored times are held against both.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._since = clock.now() - clock.boot()

    def latest(self) -> int:
        """For what may be used until a time: it is over as soon as either clock says so."""
        return max(self._clock.now(), self._since + self._clock.boot())

    def earliest(self) -> int:
        """For what forbids until a time: it stands until both clocks are past that."""
        return min(self._clock.now(), self._since + self._clock.boot())

    def on_the_wall(self, when: int) -> int:
        """What the wall clock will show when `earliest` has come to this time, unless somebody sets it again."""
        return when + self._clock.now() - self.earliest()


async def sleep_until(clock: Clock, when: int) -> None:
    """Wait on `clock`, not on the loop."""
    if clock.now() >= when:
        return
    arrived: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not arrived.done():
            arrived.set_result(None)

    timer = clock.call_at(when, wake)
    try:
        await arrived
    finally:
        timer.cancel()


_BOOT = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
