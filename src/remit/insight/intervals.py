"""How sure a figure is: intervals for shares and bounds for what was never seen. Arithmetic; it knows no figure."""

from __future__ import annotations

import math
from typing import NamedTuple

Z95 = 1.959963984540054
"""How many standard deviations hold 95 % of a normal distribution, around its middle."""


class Interval(NamedTuple):
    """From where to where the true value lies, as far as can be told."""

    low: float
    high: float


def wilson(part: int, whole: int, z: float = Z95) -> Interval | None:
    """The Wilson score interval of a share, 95 % unless said; None where nothing was counted."""
    if whole <= 0:
        return None
    share, spread = part / whole, z * z / whole
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / whole + spread / (4 * whole))
    return Interval(
        0.0 if part <= 0 else max(0.0, middle - half), 1.0 if part >= whole else min(1.0, middle + half)
    )


def rule_of_three(whole: int) -> float | None:
    """What a share is at most, with 95 %, when nothing was seen in so many looks."""
    return min(1.0, 3 / whole) if whole > 0 else None
