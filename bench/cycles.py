"""Slices in turn: every contender does a short slice, then the next, in an order that rotates with each
cycle.

It owns the turn-taking and the statistics over it. A ratio is computed inside each cycle, between neighbours
that met the same machine, and only then is the median taken: load that comes and goes cannot decide the
winner. It must not know who the contenders are.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from bench.meter import Cost, Meter
from bench.protocol import Case, Contender, Tally

WARM_UP_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Sample:
    """One slice of one contender: what it achieved and what that cost."""

    tally: Tally
    cost: Cost

    @property
    def rate(self) -> float:
        return self.tally.steps / self.tally.seconds


Cycle = Mapping[str, Sample]


@dataclass(frozen=True, slots=True)
class Spread:
    """A median with its quartiles."""

    median: float
    low: float
    high: float


def take_turns(
    contenders: Mapping[str, Contender], case: Case, cycles: int, postgres: int | None = None
) -> list[Cycle]:
    """Warm everyone up, then let each work one slice per cycle."""
    for contender in contenders.values():
        contender.slice(replace(case, seconds=min(case.seconds, WARM_UP_SECONDS)))
    names = list(contenders)
    return [_cycle(contenders, _rotated(names, turn), case, postgres) for turn in range(cycles)]


def spread(values: Sequence[float]) -> Spread:
    """Quartiles as observed: with few cycles nothing is extrapolated beyond what was seen."""
    if len(values) < 2:
        return Spread(values[0], values[0], values[0])
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return Spread(median, low, high)


def rates(cycles: Sequence[Cycle], name: str) -> Spread:
    """Durable steps per second of one contender."""
    return spread([cycle[name].rate for cycle in cycles])


def ratios(cycles: Sequence[Cycle], ours: str, theirs: str) -> Spread:
    """How many times faster `ours` is, paired inside each cycle."""
    return spread([cycle[ours].rate / cycle[theirs].rate for cycle in cycles])


def median_of(cycles: Sequence[Cycle], name: str, value: Callable[[Sample], float | None]) -> float | None:
    """The median of anything measured, or None where the machine does not measure it."""
    seen = [found for cycle in cycles if (found := value(cycle[name])) is not None]
    return statistics.median(seen) if seen else None


def better(cycles: Sequence[Cycle], names: Sequence[str]) -> str:
    """The fastest of several ways to run the same rival: the one that it is fair to be compared with."""
    return max(names, key=lambda name: rates(cycles, name).median)


def _cycle(
    contenders: Mapping[str, Contender], order: Sequence[str], case: Case, postgres: int | None
) -> Cycle:
    samples: dict[str, Sample] = {}
    for name in order:
        meter = Meter(contenders[name].pid, postgres)
        tally = contenders[name].slice(case)
        samples[name] = Sample(tally, meter.stop())
    return samples


def _rotated(names: list[str], turn: int) -> list[str]:
    start = turn % len(names)
    return names[start:] + names[:start]
