"""Tests that may be looked at after every run: evidence that a canary is worse, or that it is not, as a bet against
the opposite. If the opposite is true the stake is not expected to grow, however long it goes on and whenever it is
looked at; so a stake that has grown twentyfold is wrong in one case of twenty at most (Ville's inequality).

Runs are taken in blocks, so many of the stable arm for one of the canary. Each block is a likelihood ratio between
what is feared (or hoped) and the nearest point of the opposite, after Turner, Ly and Gruenwald: that ratio is an
e-variable.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

_EDGE = 1e-6
_STEPS = 40
_PRIOR = 4.0
"""How many runs the first guess weighs against what is seen."""


@dataclass(slots=True)
class Bet:
    """A stake that grows while one arm is better than the other by more than is supposed."""

    supposed: float
    """What is bet against: the canary is worse by no more than this (`against_worse`), or by at least this."""
    against_worse: bool
    """True: it grows if the canary is worse than supposed; False: if it is better than supposed."""
    usual: float = 0.9
    """How often the stable arm succeeds, as far as is known before."""
    effect: float = 0.1
    """The difference that the first bets are made on."""
    log_stake: float = 0.0
    seen: tuple[float, float] = (0.0, 0.0)
    good: tuple[float, float] = (0.0, 0.0)

    @property
    def stake(self) -> float:
        """What a stake of one has become; at most of this size once in so many, if what is bet against is true."""
        return math.exp(min(self.log_stake, 700.0))

    def take(self, stable: tuple[int, int], canary: tuple[int, int]) -> None:
        """Bet on a block of runs: of each arm how many succeeded, of how many. The bet is laid before they are looked
        at.
        """
        guess = self._guess()
        if guess is not None:
            near = self._nearest(guess, stable[1], canary[1])
            self.log_stake += _log_chance(stable, guess[0]) - _log_chance(stable, near)
            self.log_stake += _log_chance(canary, guess[1]) - _log_chance(canary, near - self.supposed)
        self.seen = (self.seen[0] + stable[1], self.seen[1] + canary[1])
        self.good = (self.good[0] + stable[0], self.good[1] + canary[0])

    def _guess(self) -> tuple[float, float] | None:
        """How often each arm succeeds, by what was seen so far; None where that is what is bet against."""
        aim = self.usual - self.effect if self.against_worse else self.usual
        stable = _within((self.good[0] + _PRIOR * self.usual) / (self.seen[0] + _PRIOR))
        canary = _within((self.good[1] + _PRIOR * aim) / (self.seen[1] + _PRIOR))
        opposite = (
            canary >= stable - self.supposed if self.against_worse else canary <= stable - self.supposed
        )
        return None if opposite else (stable, canary)

    def _nearest(self, guess: tuple[float, float], of_stable: int, of_canary: int) -> float:
        """The rate of the stable arm at which what is supposed comes nearest to the guess."""
        if self.supposed == 0:
            return (of_stable * guess[0] + of_canary * guess[1]) / (of_stable + of_canary)
        low, high = self.supposed + _EDGE, 1 - _EDGE
        for _ in range(_STEPS):
            middle = (low + high) / 2
            slope = of_stable * _slope(guess[0], middle) + of_canary * _slope(
                guess[1], middle - self.supposed
            )
            low, high = (low, middle) if slope > 0 else (middle, high)
        return (low + high) / 2


@dataclass(slots=True)
class Canary:
    """Two bets at once: that the canary is worse, and that it is not worse by the margin."""

    margin: float = 0.03
    level: float = 0.05
    ratio: int = 1
    """So many runs of the stable arm make a block with one of the canary."""
    usual: float = 0.9
    _worse: Bet = field(init=False)
    _fine: Bet = field(init=False)
    _waiting: tuple[list[bool], list[bool]] = field(default_factory=lambda: ([], []))

    def __post_init__(self) -> None:
        self._worse = Bet(0.0, against_worse=True, usual=self.usual)
        self._fine = Bet(self.margin, against_worse=False, usual=self.usual)

    def see(self, *, canary: bool, success: bool) -> None:
        """A run of one arm has ended."""
        stable_runs, canary_runs = self._waiting
        (canary_runs if canary else stable_runs).append(success)
        while len(stable_runs) >= self.ratio and canary_runs:
            block, one = stable_runs[: self.ratio], canary_runs[:1]
            del stable_runs[: self.ratio], canary_runs[:1]
            for bet in (self._worse, self._fine):
                bet.take((sum(block), self.ratio), (sum(one), 1))

    @property
    def evidence(self) -> tuple[float, float]:
        """What the two stakes have become: that it is worse, and that it is fine."""
        return self._worse.stake, self._fine.stake

    @property
    def worse(self) -> bool:
        """Whether it is worse, as surely as was asked for."""
        return self._worse.stake >= 1 / self.level

    @property
    def fine(self) -> bool:
        """Whether it is worse by less than the margin, as surely as was asked for."""
        return self._fine.stake >= 1 / self.level


def _log_chance(seen: tuple[int, int], rate: float) -> float:
    good, n = seen
    rate = _within(rate)
    return good * math.log(rate) + (n - good) * math.log1p(-rate)


def _slope(of: float, against: float) -> float:
    """How fast one rate diverges from another as the other grows."""
    against = _within(against)
    return (against - of) / (against * (1 - against))


def _within(rate: float) -> float:
    return min(1 - _EDGE, max(_EDGE, rate))
