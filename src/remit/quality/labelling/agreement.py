"""How far those who labelled the same things agree: as a share, and beyond chance, with intervals over the things."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, TypeVar

from remit.insight.intervals import Interval, wilson
from remit.quality.statistics import bootstrap
from remit.quality.statistics.agreement import Scale, alpha, kappa

if TYPE_CHECKING:
    from collections.abc import Callable

_DRAWS = 400
_LEAST = 2
T = TypeVar("T")
Said = Mapping[str, str]
"""Labels by person."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A figure and where it lies with 95 % confidence; None: there is nothing to count."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far labellers agree."""

    twice: int
    """Things that several people labelled."""
    people: int
    share: Figure
    """How often two of them say the same."""
    kappa: Figure
    """Cohen's, over every pair of people, weighed by what they both labelled."""
    alpha: Figure
    """Krippendorff's, over everybody."""


def agreement(items: Sequence[Said], choices: Sequence[str], scale: Scale = "nominal") -> Agreement:
    """Of things with their labels; those that one person labelled say nothing here."""
    twice = [item for item in items if len(item) >= _LEAST]
    numbers = {label: float(n) for n, label in enumerate(choices)}
    people = sorted({person for item in twice for person in item})
    pairs = [(a, b) for item in twice for a, b in combinations(item.values(), 2)]
    same = sum(a == b for a, b in pairs)
    units = [[numbers[label] for label in item.values() if label in numbers] for item in twice]
    return Agreement(
        len(twice), len(people), counted(same, len(pairs)),
        _figure(twice, lambda chosen: _kappa(chosen, people)),
        _over(units, lambda chosen: alpha(chosen, scale)),
    )  # fmt: skip


def counted(good: int, of: int) -> Figure:
    """A share with its interval."""
    found = wilson(good, of)
    return Figure(good / of, found.low, found.high, of) if found is not None else Figure(None)


def over_pairs(
    pairs: Sequence[tuple[str, str]], figure: Callable[[Sequence[str], Sequence[str]], float | None]
) -> Figure:
    """A figure of pairs of labels, with an interval by drawing the pairs again."""

    def of(chosen: Sequence[tuple[str, str]]) -> float | None:
        return figure([a for a, _ in chosen], [b for _, b in chosen])

    return _over(list(pairs), of)


def _kappa(items: Sequence[Said], people: Sequence[str]) -> float | None:
    """The mean over pairs of people, weighed by how much they both labelled."""
    total, weight = 0.0, 0
    for one, other in combinations(people, 2):
        both = [(item[one], item[other]) for item in items if one in item and other in item]
        found = kappa([a for a, _ in both], [b for _, b in both])
        if found is not None:
            total, weight = total + found * len(both), weight + len(both)
    return total / weight if weight else None


def _figure(items: Sequence[Said], figure: Callable[[Sequence[Said]], float | None]) -> Figure:
    return _over(list(items), figure)


def _over(items: Sequence[T], figure: Callable[[Sequence[T]], float | None]) -> Figure:
    """A figure over things, with an interval by drawing the things again; what cannot be told apart agrees wholly."""
    found = figure(items)
    if found is None or len(items) < _LEAST:
        return Figure(found, n=len(items))

    def of(places: Sequence[float]) -> float:
        again = figure([items[int(place)] for place in places])
        return 1.0 if again is None else again

    within: Interval = bootstrap.interval([[float(n)] for n in range(len(items))], of, draws=_DRAWS)
    return Figure(found, within.low, within.high, len(items))
