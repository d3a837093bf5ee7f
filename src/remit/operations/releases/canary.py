"""What a canary came to so far: is it worse than what is stable, or not worse by the margin? Looked at after every run,
as long as it takes, without being wrong more often than was asked for. It is handed how runs came out, and knows
neither where they are written down nor what is done about the answer.

Success is compared as it is. Cost and time are compared by how many runs stay below a bound that was drawn from runs
before the canary began: nothing that is tested has a say in it. A harm that the canary did ends it at once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from remit.quality.statistics.sequential import Canary

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SUCCESS: Final = "success"
COST: Final = "cost"
SECONDS: Final = "seconds"
_BEFORE: Final = 20
"""Runs that have to be known from before, to say what is dear and what is slow."""
_USUAL_BOUND: Final = 0.9


class Outcome(StrEnum):
    """What follows from the evidence."""

    GOING = "going"
    """Nothing yet: it goes on."""
    WORSE = "worse"
    HARM = "harm"
    FINE = "fine"
    OPEN = "open"
    """The horizon is reached, and it is neither."""


@dataclass(frozen=True, slots=True)
class Terms:
    """On what terms a canary is tried."""

    steps: tuple[int, ...] = (5, 25, 50)
    """The shares of new runs that go to it, in percent, one after the other."""
    step_runs: int = 50
    """How many of its runs have to be over before the next share."""
    horizon: int = 2000
    """How many of its runs may be over before it is held for a person."""
    margin: float = 0.03
    """How much rarer success may be."""
    bound_margin: float = 0.1
    """How much more often a run may be dearer or slower than is usual."""
    slack: float = 0.25
    """How much dearer or slower than nine in ten of the runs before still counts as usual."""
    level: float = 0.05
    harms: int = 0
    """How many harms it may do."""
    usual: float = 0.9
    """How often what is stable succeeded before."""
    bounds: Mapping[str, float] = field(default_factory=dict[str, float])
    """What is dear, in millionths, and what is slow, in seconds: by the runs before."""


@dataclass(frozen=True, slots=True)
class Ran:
    """How one run came out."""

    run: str
    canary: bool
    success: bool
    cost: float
    seconds: float


@dataclass(frozen=True, slots=True)
class Measure:
    """The evidence about one metric."""

    metric: str
    stable: float
    """The share of runs of the stable release that came out well."""
    canary: float
    worse: float
    """What a stake of one against "it is no worse" has become."""
    fine: float
    """And one against "it is worse by the margin"."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """All there is."""

    outcome: Outcome
    reason: str
    stable_runs: int
    canary_runs: int
    harms: int
    """Harms of the canary beyond those that the stable release does as often."""
    measures: tuple[Measure, ...]


class Watch:
    """The evidence of one canary, run by run."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        self._seen: set[str] = set()
        metrics = [SUCCESS, *(name for name in (COST, SECONDS) if name in terms.bounds)]
        self._bets = {name: Canary(_margin(terms, name), usual=_usual(terms, name)) for name in metrics}
        self._good: dict[str, list[int]] = {name: [0, 0] for name in metrics}
        self._runs = [0, 0]

    def take(self, ran: Iterable[Ran]) -> None:
        """Runs that are over; those that were taken before count once."""
        for each in ran:
            if each.run in self._seen:
                continue
            self._seen.add(each.run)
            self._runs[each.canary] += 1
            for name, bet in self._bets.items():
                good = self._is_good(name, each)
                self._good[name][each.canary] += good
                bet.see(canary=each.canary, success=good)

    def evidence(self, harms: int = 0) -> Evidence:
        """What it comes to; `harms` are those that the canary did."""
        measures = tuple(self._measure(name) for name in self._bets)
        outcome, reason = self._outcome(measures, harms)
        return Evidence(outcome, reason, self._runs[False], self._runs[True], harms, measures)

    def _outcome(self, measures: Sequence[Measure], harms: int) -> tuple[Outcome, str]:
        terms = self.terms
        if harms > terms.harms:
            return Outcome.HARM, f"{_many(harms, 'run')} did harm: what they wrote was taken back"
        too_sure = len(measures) / terms.level
        worse = next((each for each in measures if each.worse >= too_sure), None)
        if worse is not None:
            return Outcome.WORSE, _told(worse, "it is worse", worse.worse)
        open_ = next((each for each in measures if each.fine < 1 / terms.level), None)
        if open_ is None:
            least = min(measures, key=lambda each: each.fine)
            return Outcome.FINE, _told(least, "it is not worse by the margin", least.fine)
        if self._runs[True] >= terms.horizon:
            said = f"after {_many(self._runs[True], 'run')} it is neither shown to be worse nor not to be"
            return Outcome.OPEN, f"{said}: {_told(open_, 'not worse by the margin', open_.fine)}"
        return Outcome.GOING, f"{_many(self._runs[True], 'run')} of it are over"

    def _is_good(self, name: str, ran: Ran) -> bool:
        if name == SUCCESS:
            return ran.success
        return (ran.cost if name == COST else ran.seconds) <= self.terms.bounds[name]

    def _measure(self, name: str) -> Measure:
        worse, fine = self._bets[name].evidence
        stable, canary = (
            good / runs if runs else 0.0 for good, runs in zip(self._good[name], self._runs, strict=True)
        )
        return Measure(name, stable, canary, worse, fine)


def bounds_of(ran: Sequence[Ran], slack: float) -> dict[str, float]:
    """What is dear and what is slow, by runs of the stable release before; nothing, where there are too few."""
    if len(ran) < _BEFORE:
        return {}
    found = {COST: [each.cost for each in ran], SECONDS: [each.seconds for each in ran]}
    tenth = -(-9 * len(ran) // 10) - 1
    return {name: sorted(values)[tenth] * (1 + slack) for name, values in found.items()}


def usual_of(ran: Sequence[Ran]) -> float:
    """How often the stable release succeeded before, kept off the edge that one failure would disprove."""
    if not ran:
        return Terms().usual
    return min(0.98, max(0.5, sum(each.success for each in ran) / len(ran)))


def next_step(terms: Terms, percent: int, runs: int) -> int:
    """The share that it gets after so many of its runs."""
    earned = min(runs // max(1, terms.step_runs), len(terms.steps) - 1)
    return max(percent, terms.steps[earned])


def _margin(terms: Terms, name: str) -> float:
    return terms.margin if name == SUCCESS else terms.bound_margin


def _usual(terms: Terms, name: str) -> float:
    return terms.usual if name == SUCCESS else _USUAL_BOUND


def _told(measure: Measure, what: str, stake: float) -> str:
    arms = f"{measure.canary:.1%} against {measure.stable:.1%}"
    return f"{what} in {measure.metric} ({arms}; the bet stands at {stake:,.3g} to 1)"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
