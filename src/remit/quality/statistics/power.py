"""How many scenarios a question needs, said before any of them is paid for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from remit.quality.statistics.distributions import normal_cdf, normal_quantile

_LEAST_CLUSTERS = 10


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be found out: that the new arm is at most `margin` worse."""

    margin: float = 0.03
    level: float = 0.95
    power: float = 0.8
    differing: float = 0.127
    """The share of scenarios on which two equal arms come out differently; of an earlier experiment, if there was one.
    """
    resemblance: float = 0.0
    """How much scenarios of a family resemble each other: the correlation within it."""
    family: float = 1.0
    """How many scenarios a family has."""

    @property
    def spread(self) -> float:
        """The variance of one difference, as families widen it."""
        return self.differing * (1 + (self.family - 1) * self.resemblance)


def needed(plan: Plan) -> int:
    """How many scenarios make a pass as likely as was asked for, if both arms are equal."""
    reach = normal_quantile(plan.level) + normal_quantile(plan.power)
    families = math.ceil(plan.family * _LEAST_CLUSTERS)
    # beside the sampling error: at the margin the error is supposed a little larger than it is found
    return max(families, math.ceil(reach**2 * (plan.spread + plan.margin**2) / plan.margin**2))


def chance(plan: Plan, n: int) -> float:
    """How likely so many scenarios are to end in a pass, if both arms are equal."""
    if n < 1 or plan.spread <= 0:
        return 0.0 if n < 1 else 1.0
    error = math.sqrt((plan.spread + plan.margin**2) / n)
    return normal_cdf(plan.margin / error - normal_quantile(plan.level))


def visible(plan: Plan, n: int) -> float:
    """The smallest margin that so many scenarios can speak about."""
    reach = normal_quantile(plan.level) + normal_quantile(plan.power)
    share = reach**2 / n
    return math.sqrt(share * plan.spread / (1 - share)) if share < 1 else math.inf
