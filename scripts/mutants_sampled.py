"""Which of many changed programs are tried, and what that says of all of them: a random sample by a seed, some of every
module, and a score with the interval in which the score of all lies. It reads nothing and runs nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

_SURE = 1.959964
"""Of a hundred such intervals, 95 hold what they are about."""


@dataclass(frozen=True, slots=True)
class Stratum:
    """What became of the sample of one module."""

    size: int
    """So many changed programs there are."""
    killed: int
    left: int
    argued: int

    @property
    def tried(self) -> int:
        """All that were."""
        return self.killed + self.left + self.argued

    @property
    def meaningful(self) -> int:
        """Those among the tried that are no argued ones."""
        return self.killed + self.left


@dataclass(frozen=True, slots=True)
class Score:
    """The share that is noticed, and between which bounds it lies."""

    share: float
    low: float
    high: float


def choose(modules: Mapping[str, Sequence[str]], total: int, least: int, seed: int) -> list[str]:
    """About `total` of all, in proportion to the modules, and of each at least `least`.

    The order is that of a hash of seed and name: whoever asks for more gets the same ones and others.
    """
    all_of_them = sum(map(len, modules.values()))
    chosen: list[str] = []
    for names in modules.values():
        wanted = max(least, round(total * len(names) / all_of_them)) if all_of_them else 0
        chosen += shuffled(names, seed)[:wanted]
    return chosen


def shuffled(names: Iterable[str], seed: int) -> list[str]:
    """In an order that says nothing about them: whoever stops on the way has a sample, too."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{seed}:{name}".encode()).digest())


def score(strata: Sequence[Stratum]) -> Score:
    """The share of all, each module by its size, with Wilson's interval.

    Small modules are tried more thoroughly than large ones, so the sample tells as much as a smaller one that favours
    nobody (Kish). Where everything was tried there is nothing left to guess.
    """
    known = [each for each in strata if each.meaningful]
    if not known:
        return Score(0.0, 0.0, 1.0)
    sizes = [each.size * each.meaningful / each.tried for each in known]
    weight = sum(sizes)
    share = (
        sum(size * each.killed / each.meaningful for size, each in zip(sizes, known, strict=True)) / weight
    )
    if all(each.tried >= each.size for each in strata):
        return Score(share, share, share)
    single = [(size / each.meaningful, each.meaningful) for size, each in zip(sizes, known, strict=True)]
    count = sum(w * n for w, n in single) ** 2 / sum(w * w * n for w, n in single)
    low, high = wilson(share, count)
    return Score(share, low, high)


def wilson(share: float, count: float) -> tuple[float, float]:
    """Between which bounds the share of all lies, if so many were looked at."""
    square = _SURE * _SURE
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = _SURE * sqrt(share * (1 - share) / count + square / (4 * count * count)) / (1 + square / count)
    return max(0.0, middle - half), min(1.0, middle + half)
