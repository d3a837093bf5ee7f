"""What a row of daily amounts lets one expect, and which day stands out: robust arithmetic that says so when there
is too little to go by. Amounts are whole numbers of any unit; it knows no costs and opens nothing.

A forecast takes coming days to be like the last four weeks: from three weeks on each weekday like the same weekday,
before that like the mean. It knows no trend, no holidays and no plans. A day stands out when it is far from the
median of its likes, in units of their median distance from it, so that one wild day hides no other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

WEEK = 7
LEAST_DAYS = 7
"""Fewer whole days of use tell nothing of the next."""
WINDOW = 4 * WEEK
_BY_WEEKDAY = 3 * WEEK
_Z80 = 1.2815515655446004
_MOST_ALIKE = 0.8
_LOOK_BACK = 8 * WEEK
_LEAST_LIKES = 4
_SCALE = 1.4826
_FAR = 3.5
_LEAST_SHARE = 0.1
_LEAST_AMOUNT = 10_000


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is to be expected in all; in four of five cases it lies from `low` to `high`."""

    expected: int
    low: int
    high: int
    days: int
    """On how many whole days it rests."""
    method: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """How a day compares with its likes."""

    value: int
    median: int
    distance: float
    """From the median, in units of the usual distance from it; above 3.5 it stands out."""
    likes: int
    """How many days it was compared with."""

    @property
    def stands_out(self) -> bool:
        """Whether somebody should look."""
        return abs(self.distance) > _FAR


def forecast(past: Sequence[int], ahead: int) -> Forecast | None:
    """What the next `ahead` days come to, after these whole days, the oldest first; None: too little to go by."""
    known = _used(past)[-WINDOW:]
    if len(known) < LEAST_DAYS:
        return None
    likes, method = _likes(known)
    level = {slot: sum(days) / len(days) for slot, days in likes.items()}
    rest = [value - level[_slot(likes, i - len(known))] for i, value in enumerate(known)]
    free = len(known) - len(likes)
    spread = math.sqrt(sum(each * each for each in rest) / free)
    coming = [_slot(likes, i) for i in range(ahead)]
    expected = sum(level[slot] for slot in coming)
    unsure = sum((coming.count(slot) ** 2) / len(days) for slot, days in likes.items())
    alike = _alike(rest)
    half = _student(free) * spread * math.sqrt((ahead + unsure) * (1 + alike) / (1 - alike)) if ahead else 0.0
    return Forecast(
        round(expected), max(0, round(expected - half)), round(expected + half), len(known), method
    )


def oddity(before: Sequence[int], value: int) -> Oddity | None:
    """How a day compares with the days before it, the oldest first; None: too little to go by."""
    known = _used(before)[-_LOOK_BACK:]
    same = [known[i] for i in range(len(known) - WEEK, -1, -WEEK)]
    likes = same if len(same) >= _LEAST_LIKES else known[-WINDOW:]
    if len(known) < LEAST_DAYS:
        return None
    middle = median(likes)
    usual = _SCALE * median(abs(each - middle) for each in likes)
    usual = max(usual, _LEAST_SHARE * middle, _LEAST_AMOUNT)
    return Oddity(value, round(middle), round((value - middle) / usual, 2), len(likes))


def _used(days: Sequence[int]) -> list[int]:
    """From the first day on that anything was used."""
    first = next((i for i, value in enumerate(days) if value), len(days))
    return list(days[first:])


def _likes(known: Sequence[int]) -> tuple[dict[int, list[int]], str]:
    """The days that a coming one is like, by the place of its weekday; the day after the last has the place 0."""
    if len(known) < _BY_WEEKDAY:
        return {0: list(known)}, f"mean of the last {len(known)} days"
    found: dict[int, list[int]] = {}
    for i, value in enumerate(known):
        found.setdefault((i - len(known)) % WEEK, []).append(value)
    return found, f"mean of the same weekday over the last {len(known)} days"


def _slot(likes: dict[int, list[int]], place: int) -> int:
    return place % WEEK if len(likes) > 1 else 0


def _alike(rest: Sequence[float]) -> float:
    """How far a day tells of the next beyond its level: days that move together make a sum less sure."""
    squares = sum(each * each for each in rest)
    if not squares:
        return 0.0
    together = sum(rest[i] * rest[i + 1] for i in range(len(rest) - 1)) / squares
    return min(max(together, 0.0), _MOST_ALIKE)


def _student(free: int) -> float:
    """The 90th percentile of Student's distribution, by the expansion of Cornish and Fisher."""
    z = _Z80
    return (
        z
        + (z**3 + z) / (4 * free)
        + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
        + (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / (384 * free**3)
    )
