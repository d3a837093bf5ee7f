"""Many looks at once: what a finding is worth that is one of several, or the best of several."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from remit.quality.statistics.distributions import normal_cdf

if TYPE_CHECKING:
    from collections.abc import Mapping

_STEPS = 2000
_REACH = 8.0


def holm(chances: Mapping[str, float]) -> dict[str, float]:
    """Each chance as Holm adjusts it: below a level, its finding stands although there were so many."""
    adjusted: dict[str, float] = {}
    worst = 0.0
    for n, (name, chance) in enumerate(sorted(chances.items(), key=lambda each: each[1])):
        worst = max(worst, min(1.0, (len(chances) - n) * chance))
        adjusted[name] = worst
    return adjusted


def selection_floor(variants: int, error: float) -> float:
    """By how much the best of so many equal variants leads by luck alone, on average, if each has this error.

    A lead that is not clearly larger than this says nothing about the variant.
    """
    if variants < 2 or error <= 0:  # noqa: PLR2004 - the best of one is that one
        return 0.0
    step = 2 * _REACH / _STEPS
    points = (-_REACH + step * (n + 0.5) for n in range(_STEPS))
    return error * math.fsum(_of_best(z, variants) * step for z in points)


def _of_best(z: float, variants: int) -> float:
    density = math.exp(-z * z / 2) / math.sqrt(2 * math.pi)
    return z * variants * density * normal_cdf(z) ** (variants - 1)
