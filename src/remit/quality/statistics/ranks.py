"""Whether one number of every run is as it was, whatever its distribution: each run is ranked among all before it, and
bets are laid on its rank. While nothing changes, ranks are evenly spread and no bet can be expected to win; so the
number of runs between false alarms is known, however often anybody looks. It knows neither runs nor what is counted.

A rank among equals is drawn by lot, from a seed, so that the same history gives the same answer. Each bet is a CUSUM of
its winnings: it starts anew whenever it has lost what it won. The mean of such sums passes a bound of N once in N runs
at the most (they are e-detectors, after Shin, Ramdas and Rinaldo).
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.quality.statistics.drift import psi

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ONCE_IN = 20_000
"""So many runs lie between two false alarms, on the average and at least."""
REFERENCE = 50
"""Runs before anything is bet: fewer say too little about what is usual."""
BLOCK = 50
"""Runs whose mix is compared with all those before it."""
MOVED = 0.2
"""The population stability index beyond which a mix is another one."""
_POWERS = (0.3, 0.5, 0.7)
_SLOPES = (0.6, 1.2, 1.8)
_TIMES = (1.5, 2.0, 3.0, 5.0)
"""How much more often than so far what is rare is bet to come, where it is one value, such as a failure."""
_BETS = len(_POWERS) + len(_SLOPES) + len(_TIMES)
_RARE, _NEVER_ALL, _LEAST = 0.02, 0.95, 1e-12


@dataclass(frozen=True, slots=True)
class Lean:
    """Since when numbers lean one way, and when that was clear: places in what was looked at, from 0."""

    since: int
    at: int
    direction: int
    """1: they have grown; -1: they have fallen."""
    before: float
    """Their mean before."""
    after: float
    """Their mean since."""
    stake: float
    """What the bets have won; above the bound that is an alarm."""


@dataclass(frozen=True, slots=True)
class Moved:
    """A block of runs whose mix is another one than that of the runs before it."""

    since: int
    at: int
    before: Mapping[str, float]
    """The share of each, before."""
    after: Mapping[str, float]
    index: float
    """The population stability index."""


class _Bets:
    """All bets that numbers have grown, or that they have fallen."""

    __slots__ = ("since", "stakes")

    def __init__(self) -> None:
        self.stakes = [0.0] * _BETS
        self.since = [0] * _BETS

    def take(self, rank: float, at: int, share: float) -> None:
        """Lay them on a rank: small ones win. `share` of all before had the value that is the most extreme."""
        odds = [power * rank ** (power - 1) for power in _POWERS]
        odds += [1 + slope * (0.5 - rank) for slope in _SLOPES]
        odds += [_stepped(times, share, rank) for times in _TIMES]
        for number, odd in enumerate(odds):
            if self.stakes[number] <= 1.0:
                self.since[number] = at
            self.stakes[number] = max(1.0, self.stakes[number]) * odd

    @property
    def begun(self) -> int:
        """Since when the best of them has been winning."""
        return self.since[max(range(len(self.stakes)), key=self.stakes.__getitem__)]


def _stepped(times: float, share: float, rank: float) -> float:
    """What a bet gives that ranks up to `share` come so many times as often."""
    won = min(times * share, _NEVER_ALL)
    if won <= share:
        return 1.0
    return won / share if rank <= share else (1 - won) / (1 - share)


def lean(
    values: Sequence[float], seed: object, *, least: float = 0.0, relative: bool = False, once_in: float = ONCE_IN,
    reference: int = REFERENCE,
) -> Lean | None:  # fmt: skip
    """The first lasting change of at least this size; `relative`: as a share of what was usual."""
    draw, seen = random.Random(str(seed)), list[float]()  # noqa: S311 - a lot among equals, no secret
    up, down = _Bets(), _Bets()
    sums = [0.0]
    for at, value in enumerate(values):
        above = len(seen) - bisect_right(seen, value)
        equal = len(seen) - above - bisect_left(seen, value) + 1
        high = (above + (1 - draw.random()) * equal) / (len(seen) + 1)
        if at >= reference:
            most, fewest = at - bisect_left(seen, seen[-1]), bisect_right(seen, seen[0])
            up.take(high, at, max(_RARE, (most + 1) / (at + 1)))
            down.take(max(1 - high, _LEAST), at, max(_RARE, (fewest + 1) / (at + 1)))
        insort(seen, value)
        sums.append(sums[-1] + value)
        stake = (sum(up.stakes) + sum(down.stakes)) / (2 * _BETS)
        if stake < once_in:
            continue
        side, direction = (up, 1) if sum(up.stakes) > sum(down.stakes) else (down, -1)
        before, after = sums[side.begun] / side.begun, (sums[-1] - sums[side.begun]) / (at + 1 - side.begun)
        if (after - before) * direction >= least * (abs(before) if relative else 1.0):
            return Lean(side.begun, at, direction, before, after, stake)
    return None


def moved(
    mixes: Sequence[Mapping[str, int]], seed: object, *, once_in: float = ONCE_IN, reference: int = REFERENCE
) -> Moved | None:
    """The first block whose mix is another one (PSI), which by chance happens less than once in so many runs: no
    drawing of as many whole runs out of all of them is as far off.
    """
    draw = random.Random(str(seed))  # noqa: S311 - as above
    for start in range(reference, len(mixes) - BLOCK + 1, BLOCK):
        upto = start + BLOCK
        before, now = _sum(mixes[:start]), _sum(mixes[start:upto])
        index = psi(before, now)
        if index <= MOVED:
            continue
        whole = _sum(mixes[:upto])
        if all(_drawn(mixes, upto, whole, draw) < index for _ in range(round(once_in / BLOCK) - 1)):
            return Moved(start, upto - 1, _shares(before), _shares(now), index)
    return None


def _drawn(
    mixes: Sequence[Mapping[str, int]], upto: int, whole: Mapping[str, int], draw: random.Random
) -> float:
    """How far the mix of as many runs is off that were taken anywhere."""
    now = _sum([mixes[at] for at in draw.sample(range(upto), BLOCK)])
    return psi({name: count - now.get(name, 0) for name, count in whole.items()}, now)


def _sum(mixes: Sequence[Mapping[str, int]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for mix in mixes:
        for name, count in mix.items():
            total[name] = total.get(name, 0) + count
    return total


def _shares(mix: Mapping[str, int]) -> dict[str, float]:
    whole = sum(mix.values()) or 1
    return {name: count / whole for name, count in sorted(mix.items())}
