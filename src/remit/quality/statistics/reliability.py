"""Whether an agent does it again: of several tries of each task, how often all of some number succeed, and how often
one.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def pass_hat(tries: Iterable[tuple[int, int]], k: int) -> float | None:
    """pass^k: how often `k` tries of a task all succeed, without bias; None if no task was tried so often.

    `tries` are, for each task, how many succeeded and how many there were.
    """
    return _mean(math.comb(good, k) / math.comb(n, k) for good, n in _tried(tries, k))


def pass_at(tries: Iterable[tuple[int, int]], k: int) -> float | None:
    """pass@k: how often at least one of `k` tries of a task succeeds, without bias."""
    return _mean(1 - math.comb(n - good, k) / math.comb(n, k) for good, n in _tried(tries, k))


def _tried(tries: Iterable[tuple[int, int]], k: int) -> Iterable[tuple[int, int]]:
    if k < 1:
        raise ValueError(f"nothing can be tried {k} times")
    for good, n in tries:
        if not 0 <= good <= n:
            raise ValueError(f"of {n} tries {good} cannot have succeeded")
        if n >= k:
            yield good, n


def _mean(values: Iterable[float]) -> float | None:
    found = list(values)
    return math.fsum(found) / len(found) if found else None
