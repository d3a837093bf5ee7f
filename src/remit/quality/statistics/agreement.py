"""How far those who judge agree: with each other, with themselves, and with people; and what a rate is worth that an
imperfect judge has counted.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remit.insight.intervals import Interval, wilson

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

Scale = Literal["nominal", "ordinal", "interval"]


def kappa(first: Sequence[Hashable], second: Sequence[Hashable]) -> float | None:
    """Cohen's: how far two agree beyond chance; None where chance would have them agree always."""
    if len(first) != len(second):
        raise ValueError("who agrees has to have judged the same")
    n = len(first)
    if n == 0:
        return None
    same = sum(a == b for a, b in zip(first, second, strict=True)) / n
    one, other = Counter(first), Counter(second)
    chance = sum(one[label] * other[label] for label in one) / (n * n)
    return None if chance == 1 else (same - chance) / (1 - chance)


def alpha(units: Sequence[Sequence[float]], scale: Scale = "nominal") -> float | None:
    """Krippendorff's: how far any number of judges agree, whoever judged what; None where there is nothing to differ
    in.

    `units` are the verdicts on each thing that was judged, missing ones left out.
    """
    paired = [unit for unit in units if len(unit) > 1]
    counts = Counter(value for unit in paired for value in unit)
    n = sum(counts.values())
    if n == 0:
        return None
    apart = _distances(counts, scale)
    seen = math.fsum(
        apart[a, b] / (len(unit) - 1)
        for unit in paired
        for i, a in enumerate(unit)
        for j, b in enumerate(unit)
        if i != j
    )
    expected = math.fsum(apart[a, b] * counts[a] * counts[b] for a in counts for b in counts if a != b)
    return None if expected == 0 else 1 - (n - 1) * seen / expected


def _distances(counts: Counter[float], scale: Scale) -> dict[tuple[float, float], float]:
    ordered = sorted(counts)
    apart: dict[tuple[float, float], float] = {}
    for i, a in enumerate(ordered):
        apart[a, a] = 0.0
        for j in range(i + 1, len(ordered)):
            b = ordered[j]
            between = sum(counts[each] for each in ordered[i : j + 1]) - (counts[a] + counts[b]) / 2
            apart[a, b] = apart[b, a] = {"nominal": 1.0, "ordinal": between**2, "interval": (a - b) ** 2}[
                scale
            ]
    return apart


@dataclass(frozen=True, slots=True)
class Confusion:
    """What a judge said of things of which people said what they are."""

    hits: int
    """Bad, and said to be."""
    misses: int
    """Bad, and not said to be."""
    alarms: int
    """Good, and said to be bad."""
    passes: int
    """Good, and said to be."""

    @property
    def sensitivity(self) -> Interval | None:
        """Of what is bad, how much it finds."""
        return wilson(self.hits, self.hits + self.misses)

    @property
    def specificity(self) -> Interval | None:
        """Of what is good, how much it leaves alone."""
        return wilson(self.passes, self.passes + self.alarms)

    def corrected(self, said: int, of: int) -> tuple[float, Interval] | None:
        """The share that is bad, when a judge with these errors said so of `said` of `of`: Rogan and Gladen's estimate,
        with an interval that holds what is not sure about the judge too; None for a judge that tells nothing apart.
        """
        bad, good = self.hits + self.misses, self.passes + self.alarms
        if not bad or not good or not of:
            return None
        finds, spares = self.hits / bad, self.passes / good
        tells = finds + spares - 1
        if tells <= 0:
            return None
        rate = said / of
        share = (rate + spares - 1) / tells
        spread = (
            rate * (1 - rate) / of
            + share**2 * finds * (1 - finds) / bad
            + (1 - share) ** 2 * spares * (1 - spares) / good
        ) / tells**2
        reach = 1.959963984540054 * math.sqrt(spread)
        return min(1.0, max(0.0, share)), Interval(max(0.0, share - reach), min(1.0, share + reach))


def swap_consistency(straight: Sequence[Hashable], swapped: Sequence[Hashable]) -> float | None:
    """How often a judge of pairs stays with its choice when the two change places."""
    if len(straight) != len(swapped):
        raise ValueError("each pair has to be judged both ways")
    if not straight:
        return None
    return sum(a == b for a, b in zip(straight, swapped, strict=True)) / len(straight)
