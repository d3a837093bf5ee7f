"""How slow a model is just now: a moving average that jumps up at once to what is slower, and comes down slowly.

A model that got slow is left alone after one call; a model nobody asks is forgiven with time, so that it gets its
chance. Time is handed in.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from remit.domain.clock import MICROSECONDS

FORGIVEN = 60.0
"""Seconds in which what was seen loses most of its weight."""
UNKNOWN = 1.0
"""Seconds that a model is believed to take before anyone asked it."""


@dataclass(slots=True)
class PeakEwma:
    """The latency of one model, in seconds."""

    seconds: float = UNKNOWN
    at: int | None = None
    """When it was last seen, in microseconds; None: never."""

    def observe(self, seconds: float, now: int) -> None:
        """A call took this long."""
        weight = self._weight(now)
        if self.at is None or seconds > self.seconds * weight:
            self.seconds = seconds
        else:
            self.seconds = self.seconds * weight + seconds * (1 - weight)
        self.at = now

    def value(self, now: int) -> float:
        """How long a call is likely to take now."""
        return self.seconds * self._weight(now)

    def _weight(self, now: int) -> float:
        """How much of what was seen still counts; all of what is only believed."""
        return 1.0 if self.at is None else math.exp(-max(0, now - self.at) / (FORGIVEN * MICROSECONDS))
