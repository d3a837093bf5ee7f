"""How often a tool may be called: a window per tool and team, in this process."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from remit.domain.action_errors import RateLimited
from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.domain.clock import Clock
    from remit.domain.tools import Rate


class Rates:
    """The calls of the last moments."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: dict[tuple[str, str], deque[int]] = {}

    def take(self, team: str, tool: str, rate: Rate) -> None:
        """Count one call, or raise `RateLimited` with the time at which there is room again."""
        now = self._clock.boot()  # nobody can set it
        window = int(rate.seconds * MICROSECONDS)
        calls = self._calls.setdefault((team, tool), deque())
        while calls and calls[0] <= now - window:
            calls.popleft()
        if len(calls) >= rate.calls:
            wait = (calls[0] + window - now) / MICROSECONDS
            raise RateLimited(
                f"{tool} may be called {rate.calls} times in {rate.seconds:g} s, and was.",
                f"There is room again in {wait:.1f} s.",
            )
        calls.append(now)
