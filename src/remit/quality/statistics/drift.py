"""Whether something is as it was: a sum of small deviations that grows only if they lean one way (CUSUM), and how far
a mix has moved (PSI).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LEAST_SHARE = 1e-4


@dataclass(frozen=True, slots=True)
class Alarm:
    """Since when it leans, and when that was clear: places in what was looked at, from 0."""

    since: int
    at: int
    direction: int
    """1: it has grown; -1: it has fallen."""


def cusum(
    values: Iterable[float], usual: float, spread: float, *, slack: float = 0.5, bound: float = 5.0
) -> Alarm | None:
    """The first lasting change against what is usual; deviations below `slack` spreads are let pass.

    With the bound of 5 a process that stays as it is alarms about once in 930 looks, both directions together 465; one
    that moves by a spread is noticed after some 10.
    """
    if spread <= 0:
        raise ValueError("what never differs has no usual spread")
    up = down = 0.0
    up_since = down_since = 0
    for n, value in enumerate(values):
        z = (value - usual) / spread
        up, up_since = (up + z - slack, up_since) if up > 0 else (z - slack, n)
        down, down_since = (down - z - slack, down_since) if down > 0 else (-z - slack, n)
        if up > bound:
            return Alarm(up_since, n, 1)
        if down > bound:
            return Alarm(down_since, n, -1)
    return None


def fallen(values: Iterable[bool], usual: float, feared: float, *, once_in: float = 1000.0) -> Alarm | None:
    """Since when something succeeds less often than usual: the likelihood of `feared` against `usual`, summed up and
    never below nothing. While nothing has changed it alarms at most once in `once_in` looks, whatever `usual` is.
    """
    if not 0 < feared < usual:
        raise ValueError("what is feared is rarer than what is usual, and more than never")
    usual = min(usual, 1 - _LEAST_SHARE)
    bound, total, since = math.log(once_in), 0.0, 0
    good, bad = math.log(feared / usual), math.log((1 - feared) / (1 - usual))
    for n, value in enumerate(values):
        since = since if total > 0 else n
        total = max(0.0, total + (good if value else bad))
        if total >= bound:
            return Alarm(since, n, -1)
    return None


def psi(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """The population stability index: how far a mix has moved; beyond 0.2 it is another mix."""
    whole, recent = sum(before.values()), sum(now.values())
    if not whole or not recent:
        return 0.0
    total = 0.0
    for name in {**before, **now}:
        was = max(before.get(name, 0) / whole, _LEAST_SHARE)
        is_now = max(now.get(name, 0) / recent, _LEAST_SHARE)
        total += (is_now - was) * math.log(is_now / was)
    return total
