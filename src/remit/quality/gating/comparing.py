"""What an experiment came to, reckoned from its rows and nothing else: how each arm did, how they differ, the verdict,
and everything that keeps a verdict from counting. Whoever has the rows comes to the same.
"""

from __future__ import annotations

import math
from dataclasses import asdict, replace
from statistics import fmean
from typing import TYPE_CHECKING, Any

from remit.quality.experiments.plan import NEW, OLD
from remit.quality.experiments.rows import INFRA, SCORED, SKIPPED, UNSCORED, Given
from remit.quality.gating.figures import figures
from remit.quality.gating.preflight import preflight
from remit.quality.score import SUCCESS
from remit.quality.statistics.differences import clustered
from remit.quality.statistics.multiplicity import selection_floor
from remit.quality.statistics.power import LEVEL
from remit.quality.verdicts import Verdict, judge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from remit.quality.experiments.plan import Plan
    from remit.quality.experiments.rows import Row
    from remit.quality.verdicts import Finding, Judged, Rule

Json = Any
LOST_AT_MOST = 0.2
"""The share of scenarios that may be without a counterpart; beyond it nobody knows what was compared (S33)."""
_SHOWN = 5


def outcome(plan: Plan, rows: Sequence[Row]) -> dict[str, Json]:
    """The experiment as it ends: plain, for the log. It does not depend on the order in which goes were over."""
    rows = _in_order(plan, rows)
    named = {name: asdict(rule) for name, rule in plan.rules.items()}
    arms = [figures(plan, [row for row in rows if row.arm == number]) for number in range(len(plan.arms))]
    found: dict[str, Json] = {
        "suite": plan.suite, "version": plan.version, "rules": named, "trials": plan.trials, "seed": plan.seed,
        "arms": [{**asdict(arm), **each} for arm, each in zip(plan.arms, arms, strict=True)],
        "notes": [*plan.notes, *_made_up(rows)],
    }  # fmt: skip
    if len(plan.arms) > 1:
        found |= compared(plan, rows)
        found["notes"] += _beside(plan, rows)
        found["preflight"] = asdict(preflight(plan.rules, plan.scenarios, differing_of(rows, plan.rules)))
    return found


def _in_order(plan: Plan, rows: Sequence[Row]) -> list[Row]:
    places = {each.name: n for n, each in enumerate(plan.scenarios)}
    return sorted(
        rows, key=lambda row: (row.arm, places.get(row.scenario, len(places)), row.scenario, row.index)
    )


def compared(plan: Plan, rows: Sequence[Row]) -> dict[str, Json]:
    """The verdict on the new arm, with why."""
    asked = {each.name for each in plan.scenarios}
    new, old = ([row for row in rows if row.arm == arm and row.scenario in asked] for arm in (NEW, OLD))
    found = differences(new, old, plan.rules)
    judged, floor = judge(found, plan.rules), _floor(plan, found)
    missing = [*_cut_short(new, old), *_never_done(plan, new, old), *_vanished(plan, new, old, judged)]
    verdict, reasons = _settled(judged, plan.rules, _spoiled(plan, new, old), missing, floor)
    return {
        "verdict": verdict.value, "reasons": reasons, "level": LEVEL, "variants": plan.variants,
        "findings": [_plain(each) for each in judged.findings],
    }  # fmt: skip


def differences(
    new: Sequence[Row], old: Sequence[Row], rules: Mapping[str, Rule]
) -> dict[str, dict[str, list[float]]]:
    """By metric and family, how much more each scenario scored under the new arm; only of those that both tried."""
    found: dict[str, dict[str, list[float]]] = {}
    for metric, rule in rules.items():
        mine, theirs = values(new, metric, harm=rule.harm), values(old, metric, harm=rule.harm)
        families = {row.scenario: row.family for row in new}
        for name in mine:
            if name in theirs:
                found.setdefault(metric, {}).setdefault(families[name], []).append(mine[name] - theirs[name])
    return found


def values(rows: Iterable[Row], metric: str, *, harm: bool = False) -> dict[str, float]:
    """What each scenario scored: on average over its goes; of a harm the worst, for once is enough."""
    found: dict[str, list[float]] = {}
    for row in rows:
        value = row.value(metric)
        if value is not None and row.status in {SCORED, INFRA}:
            found.setdefault(row.scenario, []).append(value)
    return {name: min(each) if harm else fmean(each) for name, each in found.items()}


def differing_of(rows: Sequence[Row], rules: Mapping[str, Rule]) -> float | None:
    """The share of scenarios on which two goes of the same code come out differently: how unsteady the agent is. None
    where nothing was tried twice.
    """
    if SUCCESS not in rules:
        return None
    tries: dict[tuple[int, str], list[float]] = {}
    for row in rows:
        if (value := row.value(SUCCESS)) is not None:
            tries.setdefault((row.arm, row.scenario), []).append(value)
    unsteady = [_apart(each) for each in tries.values() if len(each) > 1]
    return fmean(unsteady) if unsteady else None


def _apart(goes: Sequence[float]) -> float:
    """How often two goes of a scenario differ: twice its variance, without bias."""
    rate = fmean(goes)
    return 2 * rate * (1 - rate) * len(goes) / (len(goes) - 1)


def _settled(
    judged: Judged,
    rules: Mapping[str, Rule],
    spoiled: list[str],
    cut_short: list[str],
    floor: dict[str, float],
) -> tuple[Verdict, list[str]]:
    """A harm that was done was done, whatever else is wrong; nothing else counts of what cannot be compared."""
    reasons = list(judged.reasons) or [each.reason for each in judged.findings]
    if any(each.verdict is Verdict.FAIL and rules[each.metric].harm for each in judged.findings):
        return Verdict.FAIL, [*reasons, *spoiled, *cut_short]
    if spoiled:
        return Verdict.INCONCLUSIVE, [*spoiled, *cut_short]
    if judged.verdict is Verdict.FAIL:
        return Verdict.FAIL, [*reasons, *cut_short]
    lucky = [_luck(each, floor[each.metric]) for each in judged.findings if each.metric in floor]
    if judged.verdict is Verdict.PASS and (cut_short or lucky):
        return Verdict.INCONCLUSIVE, [*cut_short, *lucky]
    return judged.verdict, [*reasons, *cut_short]


def _spoiled(plan: Plan, new: Sequence[Row], old: Sequence[Row]) -> list[str]:
    """Why nothing that was found counts."""
    found: list[str] = []
    scoring = plan.arms[OLD].scoring
    if scoring and scoring != plan.scoring:
        found.append("the suite changed between the arms: they were not scored in the same way")
    digests = {row.scenario: row.digest for row in old}
    changed = sorted({row.scenario for row in new if digests.get(row.scenario, row.digest) != row.digest})
    if changed:
        found.append(
            f"the suite changed between the arms: {_names(changed)} differ, so they were not asked the same"
        )
    unsteady = sorted({metric for row in (*new, *old) for metric in row.unsteady})
    if unsteady:
        found.append(
            f"scored twice, the same trials came out differently: {', '.join(unsteady)} cannot be relied on"
        )
    unscored = [row for row in (*new, *old) if row.status == UNSCORED]
    if unscored:
        found.append(f"{len(unscored)} goes could not be scored: {unscored[0].why}")
    return found


def _cut_short(new: Sequence[Row], old: Sequence[Row]) -> list[str]:
    """What is missing, so that a pass would speak of what nobody looked at."""
    found: list[str] = []
    skipped = [row for row in (*new, *old) if row.status == SKIPPED]
    if skipped:
        names = sorted({row.scenario for row in skipped})
        found.append(
            f"the money was spent before {len(skipped)} of {len(new) + len(old)} goes were begun: {_names(names)}"
        )
    alone, every = _alone(new, old)
    if every and len(alone) / every > LOST_AT_MOST:
        found.append(
            f"{len(alone)} of {every} scenarios have no counterpart that was scored ({_names(alone)}), and beyond "
            f"{LOST_AT_MOST:.0%} nobody can say what was compared"
        )
    return found


def _never_done(plan: Plan, new: Sequence[Row], old: Sequence[Row]) -> list[str]:
    """Code that does nothing right is no worse than code that does nothing right."""
    if SUCCESS not in plan.rules:
        return []
    done = [value for rows in (new, old) for value in values(rows, SUCCESS).values()]
    if not done or any(done):
        return []
    return ["nothing succeeded in either arm: that it is no worse says nothing, and perhaps nothing can"]


def _vanished(plan: Plan, new: Sequence[Row], old: Sequence[Row], judged: Judged) -> list[str]:
    """A change that hangs where it would have failed leaves nothing to score: a pass has to hold also if goes that came
    to nothing, under either arm, had been failures.
    """
    if judged.verdict is not Verdict.PASS or SUCCESS not in plan.rules:
        return []
    rules = {SUCCESS: plan.rules[SUCCESS]}
    counted = [_failed(row) for row in new], [_failed(row) for row in old]
    if (
        counted == (list(new), list(old))
        or judge(differences(*counted, rules), rules).verdict is Verdict.PASS
    ):
        return []
    lost = sum(row.status == INFRA for row in new), sum(row.status == INFRA for row in old)
    gone = f"{lost[0]} goes of the change came to nothing, and {lost[1]} of what it is held against"
    return [f"{gone}: had they failed, it would not be shown to be no worse"]


def _failed(row: Row) -> Row:
    """A go that came to nothing, as a failure."""
    if row.status != INFRA or row.value(SUCCESS) is not None:
        return row
    return replace(row, scores=(*row.scores, Given(SUCCESS, 0.0)))


def _made_up(rows: Sequence[Row]) -> list[str]:
    """A model that only pretends judges nobody."""
    made_up = sum(row.simulated for row in rows)
    if not made_up:
        return []
    return [f"the simulated model answered in {made_up} of {len(rows)} goes: of a real one they say nothing"]


def _beside(plan: Plan, rows: Sequence[Row]) -> list[str]:
    """What a verdict does not speak of, although it stands."""
    asked = {each.name for each in plan.scenarios}
    new, old = ([row for row in rows if row.arm == arm and row.scenario in asked] for arm in (NEW, OLD))
    alone, every = _alone(new, old)
    if not alone or len(alone) / every > LOST_AT_MOST:
        return []
    return [
        f"{len(alone)} of {every} scenarios have no counterpart that was scored, and are left out: {_names(alone)}"
    ]


def _alone(new: Sequence[Row], old: Sequence[Row]) -> tuple[list[str], int]:
    """The scenarios that only one arm was scored on, or none; and how many there are in all."""
    both = values(new, SUCCESS).keys() & values(old, SUCCESS).keys()
    every = {row.scenario for row in (*new, *old)}
    return sorted(every - both), len(every)


def _floor(plan: Plan, found: Mapping[str, Mapping[str, Sequence[float]]]) -> dict[str, float]:
    """Of metrics on which the best of several variants is no more ahead than luck makes the best of so many: by how
    much that is.
    """
    if plan.variants < 2:  # noqa: PLR2004 - it was the only one
        return {}
    floors: dict[str, float] = {}
    for metric, families in found.items():
        rule = plan.rules[metric]
        if rule.harm or not families:
            continue
        seen = clustered(families)
        luck = selection_floor(plan.variants, seen.error())
        if math.isfinite(luck) and luck > 0 and seen.above(luck - rule.margin) >= LEVEL:
            floors[metric] = luck
    return floors


def _luck(finding: Finding, floor: float) -> str:
    return (
        f"{finding.metric} differs by {finding.difference * 100:+.1f} points, and the best of several equal variants "
        f"leads by {floor * 100:.1f} by luck alone: without that it is not shown to be no worse"
    )


def _plain(finding: Finding) -> dict[str, Json]:
    said = asdict(finding) | {"verdict": finding.verdict.value, "interval": list(finding.interval)}
    return {name: _finite(value) for name, value in said.items()}


def _finite(value: Json) -> Json:
    """The log holds no infinite numbers: nothing is known there."""
    if isinstance(value, list):
        return [_finite(each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _names(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
