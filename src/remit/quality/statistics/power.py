"""How many scenarios a question needs, said before any of them is paid for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from remit.quality.statistics.differences import error_of_pairs
from remit.quality.statistics.distributions import normal_cdf, normal_quantile

LEVEL = 0.045
"""How often a verdict may be wrong: a little below one in twenty, for approximations err by a few in a thousand."""
_LEAST_FAMILIES = 10
_HALVINGS = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be found out: that the new arm is at most `margin` worse."""

    margin: float = 0.03
    level: float = LEVEL
    power: float = 0.8
    differing: float = 0.127
    """The share of scenarios on which two equal arms come out differently; of an earlier experiment, if there was one.
    """
    resemblance: float = 0.0
    """How much scenarios of a family resemble each other: the correlation within it."""
    family: float = 1.0
    """How many scenarios a family has."""

    @property
    def wider(self) -> float:
        """How much families widen an error."""
        return math.sqrt(1 + (self.family - 1) * self.resemblance)


def needed(plan: Plan) -> int:
    """How many scenarios make a pass as likely as was asked for, if both arms are equal."""
    low, high = math.ceil(plan.family * _LEAST_FAMILIES), math.ceil(plan.family * _LEAST_FAMILIES)
    while chance(plan, high) < plan.power:
        low, high = high, 2 * high
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if chance(plan, middle) >= plan.power else (middle + 1, high)
    return high


def chance(plan: Plan, n: int) -> float:
    """How likely so many scenarios are to end in a pass, if both arms are equal."""
    if n < plan.family * _LEAST_FAMILIES:
        return 0.0
    each_way = n * plan.differing / 2
    supposed = plan.wider * error_of_pairs(n, each_way, each_way, -plan.margin)
    found = plan.wider * math.sqrt(plan.differing / n)
    reach = plan.margin + normal_quantile(plan.level) * max(supposed, found)
    return normal_cdf(reach / found) if found else float(reach > 0)


def visible(plan: Plan, n: int) -> float:
    """The smallest margin that so many scenarios can speak about."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if chance(replace(plan, margin=middle), n) >= plan.power else (middle, high)
    return high
