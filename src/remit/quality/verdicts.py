"""The verdict on a change: pass, fail or inconclusive, by every metric that counts (S34). It is handed the differences
between two arms, scenario by scenario, and knows neither how they were made nor what is done about them.

- pass: every metric is shown to be worse by less than its margin. All have to be, so nothing is corrected. - fail:
some metric is shown to be worse, corrected for how many were looked at (Holm); or a harm was done that the other arm
did not do. - inconclusive: anything else, and whatever has fewer than ten families to speak of.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from remit.insight.intervals import Interval
from remit.quality.statistics.differences import Clustered, clustered
from remit.quality.statistics.multiplicity import holm
from remit.quality.statistics.power import LEVEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LEAST_FAMILIES = 10


class Verdict(StrEnum):
    """What can be said of a change."""

    PASS = "pass"  # noqa: S105 - a verdict
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Rule:
    """When a metric counts as no worse."""

    margin: float = 0.03
    """How much worse it may be."""
    harm: bool = False
    """What it counts must not happen at all: no margin, no averages."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found about one metric. Differences are new less old, so that more is better."""

    metric: str
    verdict: Verdict
    difference: float
    interval: Interval
    """Of the difference, as wide as the level of the verdict makes it."""
    n: int
    families: int
    not_worse: float
    """How likely what was found is, if it were worse by the margin: below the level, it is not."""
    worse: float
    """How likely what was found is, if it were no worse, as Holm adjusts it: below the level, it is worse."""
    reason: str


@dataclass(frozen=True, slots=True)
class Judged:
    """The verdict and what it rests on."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]


def judge(
    differences: Mapping[str, Mapping[str, Sequence[float]]], rules: Mapping[str, Rule], level: float = LEVEL
) -> Judged:
    """The verdict on differences by metric and family. A metric of a rule that nobody measured leaves it open."""
    measured = {
        name: clustered(found) for name in rules if any((found := differences.get(name, {})).values())
    }
    return weigh(measured, rules, level)


def weigh(measured: Mapping[str, Clustered], rules: Mapping[str, Rule], level: float = LEVEL) -> Judged:
    """The same of differences that were added up already."""
    missing = [name for name in rules if name not in measured]
    counted = {name: measured[name] for name in rules if name in measured}
    worse = holm({name: each.below(0.0) for name, each in counted.items() if not rules[name].harm})
    findings = tuple(
        _harm(name, found) if rules[name].harm else _finding(name, found, rules[name], worse[name], level)
        for name, found in counted.items()
    )
    reasons = [each.reason for each in findings if each.verdict is not Verdict.PASS]
    reasons += [f"{name} was not measured" for name in missing]
    return Judged(_whole(findings, complete=not missing and bool(findings)), findings, tuple(reasons))


def _whole(findings: Sequence[Finding], *, complete: bool) -> Verdict:
    verdicts = {each.verdict for each in findings}
    if Verdict.FAIL in verdicts:
        return Verdict.FAIL
    return Verdict.PASS if complete and verdicts == {Verdict.PASS} else Verdict.INCONCLUSIVE


def _finding(metric: str, found: Clustered, rule: Rule, worse: float, level: float) -> Finding:
    if not found.is_number:
        return _open(metric, found, "has scores that are no numbers")
    if found.clusters < _LEAST_FAMILIES:
        return _open(
            metric, found, f"has {found.clusters} families; fewer than {_LEAST_FAMILIES} say nothing"
        )
    not_worse = found.above(-rule.margin)
    interval = found.interval(1 - 2 * level)
    verdict = Verdict.PASS if not_worse < level else Verdict.FAIL if worse < level else Verdict.INCONCLUSIVE
    return Finding(
        metric, verdict, found.mean, interval, found.n, found.clusters, not_worse, worse,
        _said(metric, verdict, found, interval, rule.margin),
    )  # fmt: skip


def _harm(metric: str, found: Clustered) -> Finding:
    """A harm counts where it was done: -1 is one that the old arm did not do."""
    if found.differing is None:
        return _open(metric, found, "counts harms that are neither there nor not")
    done = found.differing[1]
    verdict = Verdict.FAIL if done else Verdict.PASS
    reason = (
        f"{metric}: {done} of {found.n} scenarios were harmed that were not before"
        if done
        else f"{metric}: none"
    )
    return Finding(
        metric, verdict, found.mean, Interval(-done / found.n, min(1.0, 3 / found.n)), found.n, found.clusters,
        float(bool(done)), float(not done), reason,
    )  # fmt: skip


def _open(metric: str, found: Clustered, why: str) -> Finding:
    nothing = Interval(-math.inf, math.inf)
    return Finding(
        metric,
        Verdict.INCONCLUSIVE,
        found.mean,
        nothing,
        found.n,
        found.clusters,
        1.0,
        1.0,
        f"{metric} {why}",
    )


def _said(metric: str, verdict: Verdict, found: Clustered, interval: Interval, margin: float) -> str:
    low, high, points = 100 * interval.low, 100 * interval.high, f"{margin * 100:g} points"
    size = f"{metric} differs by {100 * found.mean:+.1f} points [{low:+.1f}, {high:+.1f}], n = {found.n}"
    match verdict:
        case Verdict.PASS:
            return f"{size}: worse by less than {points}"
        case Verdict.FAIL:
            return f"{size}: it is worse"
        case Verdict.INCONCLUSIVE:
            return f"{size}: that says neither that it is worse nor that it is not by {points}"
