"""What can be said before anything is spent: whether so many scenarios can see so small a difference, and how many
could. Arithmetic over the suite; it tries nothing.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.quality.statistics.power import Plan as Question
from remit.quality.statistics.power import chance, needed, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.verdicts import Rule

_LEAST = 0.005
"""Agents that never waver are not known to: where nothing differed so far, this share is taken to."""


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a suite can find out."""

    scenarios: int
    families: int
    margin: float
    """The smallest that is asked about."""
    needed: int
    """Scenarios that would make a pass of equal arms as likely as it should be."""
    visible: float
    """The smallest margin that it can speak about."""
    chance: float
    """How likely equal arms are to pass."""
    differing: float
    """The share of scenarios on which equal arms are taken to differ."""
    measured: bool
    """Whether that was measured, on goes that were made more than once."""
    enough: bool
    sentence: str


def preflight(
    rules: Mapping[str, Rule], scenarios: Sequence[Scenario], differing: float | None = None
) -> Preflight:
    """Whether this suite can see what its rules ask about."""
    margins = [rule.margin for rule in rules.values() if not rule.harm]
    sizes = Counter(each.cluster for each in scenarios)
    n, families = len(scenarios), len(sizes)
    family = n / families if families else 1.0
    resemblance = 0.5 if family > 1 else 0.0
    said = {} if differing is None else {"differing": max(_LEAST, differing)}
    margin = min(margins, default=0.03)
    question = Question(margin=margin, resemblance=resemblance, family=family, **said)
    likely, wanted = chance(question, n), needed(question)
    enough = n >= wanted
    seen = visible(question, n)
    return Preflight(
        n, families, margin, wanted, seen, likely, question.differing, differing is not None, enough,
        _sentence(n, margin, wanted, seen, enough=enough),
    )  # fmt: skip


def _sentence(n: int, margin: float, wanted: int, seen: float, *, enough: bool) -> str:
    points = f"{margin * 100:g} points"
    if enough:
        return f"{n} scenarios can see {points}; about {wanted} would do"
    could = f"; they can see about {seen * 100:.0f}" if seen < 1 else ""
    return f"{n} scenarios cannot see {points}: about {wanted} could{could}"
