"""How much telemetry each key has sent in the last minute, in this process."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.front_errors import OverLimit

if TYPE_CHECKING:
    from remit.domain.clock import Clock

_MINUTE = 60 * MICROSECONDS


class Quota:
    """So many entries in a minute for each key; 0 is any number."""

    def __init__(self, limit: int, clock: Clock) -> None:
        self._limit = limit
        self._clock = clock
        self._sent: dict[str, deque[tuple[int, int]]] = {}
        self._sums: dict[str, int] = {}
        """Of what stands in `sent`: nobody who sends in very small parts makes each of them dear."""

    def check(self, key: str) -> None:
        """Raise with the time to wait if the key has sent its share."""
        sent = self._sent.get(key)
        if not sent:
            return
        now = self._clock.boot()
        while sent and sent[0][0] <= now - _MINUTE:
            self._sums[key] -= sent.popleft()[1]
        if self._sums[key] < self._limit:
            return
        wait = (sent[0][0] + _MINUTE - now) / MICROSECONDS
        wrong = OverLimit(
            f"this key may send {self._limit:,} entries in a minute, and has.",
            f"There is room in {wait:.1f} s.",
        )
        wrong.retry_after = wait
        raise wrong

    def used(self, key: str, count: int) -> None:
        """Somebody has sent so many."""
        if self._limit:
            self._sent.setdefault(key, deque()).append((self._clock.boot(), count))
            self._sums[key] = self._sums.get(key, 0) + count
