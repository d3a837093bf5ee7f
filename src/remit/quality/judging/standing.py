"""Whether a judge may gate: only with a card of exactly this judge that is current, not too old, and good enough. It
says why not in words; it reads nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.judge_errors import UncalibratedJudge
from remit.quality.judging.judge import Kind
from remit.quality.judging.judgement import FAIL, WORSE
from remit.quality.statistics.drift import fallen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.quality.judging.card import Card
    from remit.quality.judging.judge import Judge

LEAST = 10
"""So many things of each sort people have to have labelled: with fewer nobody knows how it errs."""
FALL = 0.15
"""The slow loss of agreement that is looked for; a sudden one, to half of it, is found sooner."""
_DAY = 86_400_000_000
_RAREST = 0.01
_ONCE_IN = 2000.0
"""Of each of the two that look for it; so both together alarm without cause once in a thousand looks at most."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a judge stands: its card, if it has one, and whether that was suspended."""

    card: Card | None = None
    suspended: str = ""
    """Why, if it was."""
    other: str = ""
    """The digest of a newer or older card of a judge of this name, where this one has none."""


def problem(judge: Judge, models: Sequence[str], standing: Standing, now: int) -> str:
    """Why a judge may not gate; empty: it may."""
    if judge.kind is Kind.FAULT:
        return "it says whose fault a run was, which is no score"
    card, digest = standing.card, judge.digest(models)
    if card is None or card.digest != digest:
        known = standing.other or (card.digest if card is not None else "")
        return f"its card is of {known}, and it is {digest} now" if known else "it has no calibration card"
    if standing.suspended:
        return f"it is suspended: {standing.suspended}"
    days = (now - card.made_at) // _DAY
    if days > judge.max_age_days:
        return f"its card is {days} days old, and lasts {judge.max_age_days}"
    return _too_weak(judge, card)


def require_card(judge: Judge, models: Sequence[str], standing: Standing, now: int) -> Card:
    """The card that lets a judge gate; refused without one."""
    why = problem(judge, models, standing, now)
    if why or standing.card is None:
        raise UncalibratedJudge(
            f"judge {judge.name} may not gate: {why}.",
            f"Hold it against labels of people: remit judge calibrate {judge.name} --labels NAME",
        )
    return standing.card


def drifted(card: Card, agreed: Sequence[bool]) -> str:
    """Why a judge is no longer what its card says, by golden items that were put to it since; empty: it is."""
    usual = card.share.low  # what it is at least: a few things that it got right make no perfect judge
    if usual is None or usual <= _RAREST or not agreed:
        return ""
    slow, sudden = max(_RAREST, usual - FALL), usual / 2
    alarm = fallen(agreed, usual, slow, once_in=_ONCE_IN) or fallen(agreed, usual, sudden, once_in=_ONCE_IN)
    if alarm is None:
        return ""
    since = agreed[alarm.since : alarm.at + 1]
    return f"of {len(since)} golden items it says {sum(since)} as people do, where it was {card.share.value or 0:.0%}"


def _too_weak(judge: Judge, card: Card) -> str:
    bad, good = card.hits + card.misses, card.alarms + card.passes
    if min(bad, good) < LEAST:
        word = WORSE if card.kind == "pairwise" else FAIL
        return f"people called {bad} things of its card {word} and {good} not, and {LEAST} of each are needed"
    value, low = card.kappa.value, card.kappa.low
    if value is None or value < judge.least_kappa:
        return f"it agrees with people by a kappa of {value or 0:.2f}, and {judge.least_kappa:g} is asked for"
    if low is not None and low <= 0:
        return f"its kappa of {value:.2f} cannot be told from chance (from {low:.2f})"
    return ""
