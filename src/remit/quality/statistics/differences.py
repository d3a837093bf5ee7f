"""The difference between two arms that were tried on the same scenarios: its size, its error when scenarios come in
families that resemble each other, and whether it can be told from a given value. Analytic throughout, so the same data
give the same answer.

Errors are those of Bell and McCaffrey for the mean of clustered data (CR2), with the degrees of freedom of
Satterthwaite.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.insight.intervals import Interval
from remit.quality.statistics.distributions import binomial_cdf, chi2_tail, t_cdf, t_quantile

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EXACT_BELOW = 25


@dataclass(frozen=True, slots=True)
class Clustered:
    """Values with their families, as far as a mean and its error need them."""

    n: int
    mean: float
    families: tuple[tuple[int, float, int], ...]
    """How large a family is, the sum of its values, and how many say just that."""
    df: float
    """Degrees of freedom of the error."""
    differing: tuple[int, int] | None = None
    """Where each value is 1, 0 or -1: how many are 1, and how many -1."""

    @property
    def clusters(self) -> int:
        """How many families there are."""
        return sum(times for _, _, times in self.families)

    @property
    def is_number(self) -> bool:
        """Whether nothing in it is infinite or no number at all."""
        return math.isfinite(self.mean)

    def error(self, around: float | None = None) -> float:
        """The standard error of the mean; `around` a value that is supposed, instead of the mean that was found."""
        centre = self.mean if around is None else around
        total = 0.0
        for size, value, times in self.families:
            left = 1 - size / self.n
            if left <= 0:
                return math.inf
            total += times * (value - size * centre) ** 2 / left
        return math.sqrt(total) / self.n

    def lower(self, level: float) -> float:
        """The value that the true mean exceeds, as far as can be told at this one-sided level."""
        return self.mean - self._reach(level)

    def interval(self, level: float) -> Interval:
        """From where to where the true mean lies, at this two-sided level."""
        reach = self._reach((1 + level) / 2)
        return Interval(self.mean - reach, self.mean + reach)

    def above(self, value: float) -> float:
        """How likely a mean as large as this, or larger, would be if the true one were `value`.

        The error is taken as it would be then: where few pairs differ, the one that was found is often too small.
        """
        return 1 - self._cdf(self.mean - value, self._supposing(value))

    def below(self, value: float) -> float:
        """The same for a mean as small as this, or smaller; exact where few pairs differ and neither arm may be
        better.
        """
        chance = self._cdf(self.mean - value, self._supposing(value))
        if value == 0 and self.differing is not None and 0 < sum(self.differing) < _EXACT_BELOW:
            return max(chance, binomial_cdf(self.differing[0], sum(self.differing), 0.5))
        return chance

    def _supposing(self, value: float) -> float:
        """The error if the true mean were `value`: never less than what was found."""
        found = self.error()
        if self.differing is None or math.isinf(found):
            return max(found, self.error(around=value))
        better, worse = self.differing
        alone = math.sqrt(max(0.0, (better + worse) / self.n - self.mean**2) / self.n)
        wider = max(1.0, found / alone) if alone else 1.0
        return max(found, self.error(around=value), wider * error_of_pairs(self.n, better, worse, value))

    def _reach(self, share: float) -> float:
        error = self.error()
        return 0.0 if error == 0 else t_quantile(share, self.df) * error

    def _cdf(self, distance: float, error: float) -> float:
        if math.isinf(error):
            return 0.5
        if error == 0:
            return 0.5 if distance == 0 else float(distance > 0)
        return t_cdf(distance / error, self.df)


def clustered(values: Mapping[str, Sequence[float]]) -> Clustered:
    """Values by family; a scenario that resembles no other is a family of its own."""
    families = [tuple(each) for each in values.values() if each]
    return tallied(Counter((len(each), math.fsum(each)) for each in families), _differing(families))


def tallied(said: Mapping[tuple[int, float], int], differing: tuple[int, int] | None = None) -> Clustered:
    """The same of families that were counted already, by their size and sum."""
    n = sum(size * times for (size, _), times in said.items())
    if n == 0:
        raise ValueError("there is nothing to compare")
    mean = math.fsum(total * times for (_, total), times in said.items()) / n
    families = tuple((size, total, times) for (size, total), times in said.items())
    return Clustered(n, mean, families, _degrees(said, n), differing)


def mcnemar(better: int, worse: int) -> float:
    """How likely pairs would differ so unevenly, either way, if neither arm were better: exact where few differ."""
    differing = better + worse
    if differing == 0:
        return 1.0
    if differing < _EXACT_BELOW:
        tail = sum(math.comb(differing, k) for k in range(min(better, worse) + 1)) / 2**differing
        return min(1.0, 2 * tail)
    return chi2_tail(max(0, abs(better - worse) - 1) ** 2 / differing)


def _differing(families: Sequence[Sequence[float]]) -> tuple[int, int] | None:
    counts = {1.0: 0, 0.0: 0, -1.0: 0}
    for family in families:
        for value in family:
            if value not in counts:
                return None
            counts[value] += 1
    return counts[1.0], counts[-1.0]


def error_of_pairs(n: float, better: float, worse: float, value: float) -> float:
    """The standard error of a mean of ones and minus ones whose true mean is `value`, at the most likely share of
    pairs that differ then (Tango's): if pairs that differ are rare, too few may have been found to show how rare they
    are.
    """
    if value > 0:
        better, worse, value = worse, better, -value
    margin = -value
    middle = (better + worse) * (1 + margin) + 2 * margin * (n - better)
    root = math.sqrt(max(0.0, middle**2 - 8 * n * worse * margin * (1 + margin)))
    worse_rate = (middle + root) / (4 * n)
    return math.sqrt(max(0.0, 2 * worse_rate - margin - margin**2) / n)


def _degrees(said: Mapping[tuple[int, float], int], n: int) -> float:
    """Satterthwaite's: what the spread of the error is worth; one less than the families if all are as large."""
    if sum(said.values()) < 2:  # noqa: PLR2004 - one family has no spread
        return 1.0
    shares = [(size / n, times) for (size, _), times in said.items()]
    own = math.fsum(times * share * share for share, times in shares)
    weights = [(share * share / (1 - share), times) for share, times in shares]
    whole = math.fsum(times * weight for weight, times in weights)
    between = whole**2 - math.fsum(times * weight * weight for weight, times in weights)
    return 1 / (own + between)
