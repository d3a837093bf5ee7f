"""Intervals by drawing again from what was seen: whole families at a time, the same way whenever the seed is the same.
For figures whose error has no formula; verdicts are analytic.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from remit.insight.intervals import Interval
from remit.quality.statistics.distributions import normal_cdf, normal_quantile

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Values = "Sequence[float]"


def interval(
    families: Sequence[Sequence[float]], figure: Callable[[Sequence[float]], float], *, level: float = 0.95,
    draws: int = 2000, seed: int = 0,
) -> Interval:  # fmt: skip
    """Bias-corrected and accelerated, over families; of pairs, give differences."""
    families = [each for each in families if each]
    if len(families) < 2:  # noqa: PLR2004 - one family says nothing about others
        return Interval(-math.inf, math.inf)
    chance = random.Random(seed)  # noqa: S311 - no secret: it has to be the same again
    found = figure(_joined(families))
    drawn = sorted(figure(_joined(chance.choices(families, k=len(families)))) for _ in range(draws))
    below = sum(value < found for value in drawn) + sum(value == found for value in drawn) / 2
    bias = normal_quantile(min(max(below / draws, 0.5 / draws), 1 - 0.5 / draws))
    bend = _acceleration(families, figure)
    low, high = (_at(drawn, _corrected(share, bias, bend)) for share in ((1 - level) / 2, (1 + level) / 2))
    return Interval(low, high)


def _corrected(share: float, bias: float, bend: float) -> float:
    z = bias + normal_quantile(share)
    return normal_cdf(bias + z / (1 - bend * z))


def _acceleration(families: Sequence[Sequence[float]], figure: Callable[[Sequence[float]], float]) -> float:
    without = [figure(_joined([*families[:n], *families[n + 1 :]])) for n in range(len(families))]
    mean = math.fsum(without) / len(without)
    cubes = math.fsum((mean - each) ** 3 for each in without)
    squares = math.fsum((mean - each) ** 2 for each in without)
    return cubes / (6 * squares**1.5) if squares else 0.0


def _joined(families: Sequence[Sequence[float]]) -> list[float]:
    return [value for family in families for value in family]


def _at(ordered: Sequence[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, max(0, math.floor(share * len(ordered))))]
