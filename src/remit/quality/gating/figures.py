"""How one arm did by itself: how often it succeeded and how sure that is, whether it does it again (pass^k), what the
ground cost it, what it spent. Reckoned from its rows.
"""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING, Any

from remit.insight.intervals import wilson
from remit.quality.experiments.rows import INFRA, SCORED, SKIPPED, UNSCORED
from remit.quality.score import SUCCESS
from remit.quality.statistics.differences import clustered
from remit.quality.statistics.reliability import pass_hat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.insight.intervals import Interval
    from remit.quality.experiments.plan import Plan
    from remit.quality.experiments.rows import Row

Json = Any
_LONGEST = 400
"""Of a reason: an experiment has to fit into its log, however many scenarios it has."""


def figures(plan: Plan, rows: Sequence[Row]) -> dict[str, Json]:
    """The figures of an arm, plain."""
    counted = {
        status: sum(row.status == status for row in rows) for status in (SCORED, INFRA, SKIPPED, UNSCORED)
    }
    costs = [row.cost for row in rows if row.cost is not None]
    seconds = [row.seconds for row in rows if row.status == SCORED]
    return {
        "goes": len(rows), **counted, "scenarios": len({row.scenario for row in rows}),
        "cached": sum(row.cached for row in rows),
        "infra_share": counted[INFRA] / len(rows) if rows else 0.0,
        "metrics": [_metric(name, rows, harm=rule.harm) for name, rule in _every(plan, rows).items()],
        "pass_hat": _again(rows, plan.trials),
        "cost": sum(costs) if len(costs) == len(rows) else None,
        "spent": sum(row.cost or 0 for row in rows if not row.cached),
        "seconds": round(median(seconds), 6) if seconds else None,
        "failed": _failed(rows),
    }  # fmt: skip


def _every(plan: Plan, rows: Sequence[Row]) -> dict[str, Any]:
    """Metrics that are judged, then those that are only looked at."""
    from remit.quality.verdicts import Rule

    harms = {each.metric: each.harm for row in rows for each in row.scores}
    return {**plan.rules, **{name: Rule(harm=harm) for name, harm in harms.items() if name not in plan.rules}}


def _metric(name: str, rows: Sequence[Row], *, harm: bool) -> dict[str, Json]:
    found: dict[str, list[float]] = {}
    by_scenario: dict[str, list[float]] = {}
    for row in rows:
        value = row.value(name)
        if value is not None:
            by_scenario.setdefault(row.scenario, []).append(value)
    families = {row.scenario: row.family for row in rows}
    for scenario, goes in by_scenario.items():
        found.setdefault(families[scenario], []).append(min(goes) if harm else fmean(goes))
    said = {"metric": name, "harm": harm, "measured": sum(map(len, by_scenario.values()))}
    if not found:
        return said | {"value": None, "low": None, "high": None}
    value = fmean([each for family in found.values() for each in family])
    sure = _sure(found)
    low, high = (None, None) if sure is None else (max(0.0, sure.low), min(1.0, sure.high))
    return said | {"value": value, "low": low, "high": high}


def _sure(families: dict[str, list[float]]) -> Interval | None:
    """Wilson's where each scenario counts by itself and says yes or no; else by how much families differ. Where none
    does, that is no certainty: three families that agree are three pieces of evidence.
    """
    every = [each for family in families.values() for each in family]
    if len(families) == len(every) and all(each in {0.0, 1.0} for each in every):
        return wilson(int(sum(every)), len(every))
    if len(families) < 2:  # noqa: PLR2004 - one says nothing
        return None
    sure = clustered(families).interval(0.95)
    return sure if sure.low < sure.high else wilson(round(fmean(every) * len(families)), len(families))


def _again(rows: Sequence[Row], most: int) -> list[float | None]:
    """pass^1, pass^2, …: how often so many goes at a scenario all succeed."""
    goes: dict[str, list[bool]] = {}
    for row in rows:
        if (good := row.succeeded) is not None:
            goes.setdefault(row.scenario, []).append(good)
    tries = [(sum(each), len(each)) for each in goes.values()]
    return [pass_hat(tries, k) for k in range(1, most + 1)]


def _failed(rows: Sequence[Row]) -> list[dict[str, Json]]:
    """The scenarios that did not succeed every time: how often, and of the first time why, and where to look."""
    goes: dict[str, list[Row]] = {}
    for row in rows:
        goes.setdefault(row.scenario, []).append(row)
    found: list[dict[str, Json]] = []
    for scenario, made in goes.items():
        wrong = [row for row in made if row.succeeded is False or row.status != SCORED]
        if wrong:
            first = next((row for row in wrong if row.status == SCORED), wrong[0])
            scored = next((each.why for each in first.scores if each.metric == SUCCESS), "")
            said = {"index": first.index, "status": first.status, "why": (first.why or scored)[:_LONGEST]}
            found.append(
                {"scenario": scenario, "times": len(wrong), "of": len(made), **said, "run": first.run}
            )
    return found
