"""The fixed buckets in which times, costs and counts are remembered: four to a doubling, the same for ever and
everywhere, so that histograms of days, agents and machines can be added up. Whole numbers only: no machine rounds
otherwise than another. It knows nothing of what is counted.
"""

from __future__ import annotations

from bisect import bisect_right
from math import isqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

_PARTS = 4
"""Buckets to a doubling: the widest one reaches from 1 to 1.19 times its lower end."""
_DOUBLINGS = 62


def _edge(number: int) -> int:
    """The least whole number that is at least 2 to the power of `number` quarters."""
    power = 2**number
    root = isqrt(isqrt(power))
    return root if root**_PARTS == power else root + 1


_EDGES = tuple(_edge(number) for number in range(_PARTS * _DOUBLINGS))


class Estimate(NamedTuple):
    """A value read from buckets: it lies from `low` to `high`, both included."""

    low: int
    high: int

    @property
    def middle(self) -> int:
        """What is said for it: a whole number at most a tenth from the truth, and exact below 9."""
        return (isqrt(4 * self.low * self.high) + 1) // 2


def bucket_of(value: int) -> int:
    """The bucket of a value; 0 is for nothing and less."""
    return bisect_right(_EDGES, value)


def bounds_of(bucket: int) -> Estimate:
    """The least and the greatest whole number that belong into a bucket."""
    if bucket <= 0:
        return Estimate(0, 0)
    last = len(_EDGES)
    return Estimate(_EDGES[bucket - 1], _EDGES[bucket] - 1 if bucket < last else _EDGES[last - 1])


def quantile(counts: Iterable[tuple[int, int]], per_mille: int) -> Estimate | None:
    """Between which values the one lies that this many thousandths of all do not exceed; None of nothing.

    `counts` are buckets and how many values each holds; a bucket may come more than once.
    """
    ordered = sorted((bucket, n) for bucket, n in counts if n > 0)
    total = sum(n for _, n in ordered)
    if not total:
        return None
    rank = max(1, -(-total * per_mille // 1000))
    for bucket, n in ordered:
        rank -= n
        if rank <= 0:
            return bounds_of(bucket)
    raise AssertionError  # the ranks end with the total
