"""Key figures out of their sums: each with what it was made of, how sure it is, and a plain word where there is
nothing to count or nothing that counts it. What each is, stands in `kpi_catalog`. Arithmetic alone.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from remit.insight.buckets import quantile
from remit.insight.intervals import rule_of_three, wilson
from remit.insight.kpi_catalog import KPIS

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.insight.kpi_catalog import Kpi
    from remit.insight.kpi_facts import Facts

State = Literal["measured", "no data", "not measured"]
CENT = 10_000
_PERCENTILES = {"p50": 500, "p95": 950, "p99": 990}
_SHOWN = 5
_MILLION = 1_000_000
_OF_ALL = "of the whole team: it is known of no agent and no flow alone"


@dataclass(frozen=True, slots=True)
class Part:
    """Something that a figure is made of, or that is read beside it."""

    name: str
    value: float
    unit: str = "count"
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Figure:
    """A key figure, as it came out."""

    name: str
    title: str
    unit: str
    definition: str
    better: str
    state: State
    value: float | None = None
    """Of a share: from 0 to 1. Of money: micro-units. Of a time: microseconds."""
    numerator: int | None = None
    denominator: int | None = None
    low: float | None = None
    high: float | None = None
    """Of a share, between these it lies with 95 % (Wilson); of a time, the bucket it was counted in."""
    note: str = ""
    parts: tuple[Part, ...] = ()


def figures(facts: Facts, decision_cents: int = 0) -> list[Figure]:
    """All key figures, in the order in which they are read."""
    return [_figure(kpi, facts, decision_cents) for kpi in KPIS]


def _figure(kpi: Kpi, facts: Facts, decision_cents: int) -> Figure:
    blank = Figure(kpi.name, kpi.title, kpi.unit, kpi.definition, kpi.better, "no data")
    if kpi.absent:
        return replace(blank, state="not measured", note=kpi.absent)
    if kpi.name == "cost_per_success":
        return _cost_per_success(blank, facts, decision_cents)
    return _MAKERS[kpi.name](blank, facts)


def _share(blank: Figure, part: int, whole: int, note: str = "", parts: tuple[Part, ...] = ()) -> Figure:
    if whole <= 0:
        return replace(blank, note=note, parts=parts)
    part = min(part, whole)
    sure = wilson(part, whole)
    low, high = sure if sure is not None else (None, None)
    return replace(
        blank, state="measured", value=part / whole, numerator=part, denominator=whole, low=low, high=high,
        note=note, parts=parts,
    )  # fmt: skip


def _task_success(blank: Figure, facts: Facts) -> Figure:
    whole = facts.succeeded + facts.failed - facts.broken
    parts = (Part("failed by infrastructure", facts.broken), Part("cancelled", facts.cancelled),
             Part("not over", facts.started - facts.ended))  # fmt: skip
    return _share(blank, facts.succeeded, whole, parts=parts)


def _automation(blank: Figure, facts: Facts) -> Figure:
    return _share(blank, facts.succeeded - facts.asking_succeeded, facts.ended)


def _escalation(blank: Figure, facts: Facts) -> Figure:
    handed = facts.handed
    right = handed.edited + handed.rejected
    parts = (Part("right", right), Part("needless", handed.approved),
             Part("not answered", handed.asked - right - handed.approved))  # fmt: skip
    return _share(blank, facts.escalated, facts.ended, parts=parts)


def _needless(blank: Figure, facts: Facts) -> Figure:
    handed = facts.handed
    return _share(blank, handed.approved, handed.approved + handed.edited + handed.rejected)


def _incorrect(blank: Figure, facts: Facts) -> Figure:
    stopped = facts.held.rejected + facts.called_back
    parts = (Part("taken back", facts.undone), Part("rejected", facts.held.rejected),
             Part("changed", facts.held.edited), Part("called back", facts.called_back))  # fmt: skip
    return _share(blank, facts.undone + facts.held.edited + stopped, facts.writes + stopped, parts=parts)


def _attempted(blank: Figure, facts: Facts) -> Figure:
    return _share(blank, facts.denials, facts.model_calls + facts.tool_calls)


def _escaped(blank: Figure, facts: Facts) -> Figure:
    found = _share(blank, facts.recalled, facts.writes)
    most = rule_of_three(facts.writes)
    if facts.recalled or most is None:
        return found
    return replace(found, low=0.0, high=most, note="none found so far")


def _tool_failure(blank: Figure, facts: Facts) -> Figure:
    worst = sorted(facts.tool_calls_by.items(), key=lambda each: (-each[1][1], each[0]))
    parts = [Part("retries", facts.retries)]
    for tool, (calls, failed) in worst[:_SHOWN]:
        if failed:
            sure = wilson(min(failed, calls), calls)
            low, high = sure if sure is not None else (None, None)
            parts.append(Part(tool, failed / calls, "share", low, high))
    return _share(blank, facts.tool_failures, facts.tool_calls, parts=tuple(parts))


def _loops(blank: Figure, facts: Facts) -> Figure:
    return _share(blank, facts.looped, facts.started)


def _steps(blank: Figure, facts: Facts) -> Figure:
    if not facts.ended:
        return blank
    value = facts.task_actions / facts.ended
    return replace(
        blank, state="measured", value=value, numerator=facts.task_actions, denominator=facts.ended,
        parts=_quantiles(facts, "steps", "number"), note="percentiles are read from buckets: at most a tenth off",
    )  # fmt: skip


def _cost_per_success(blank: Figure, facts: Facts, decision_cents: int) -> Figure:
    people = facts.decided * decision_cents * CENT
    parts = (Part("models and tools", facts.work, "money"), Part("people", people, "money"),
             Part("decisions of people", facts.decided))  # fmt: skip
    note = "" if decision_cents else "what people cost is not in it: reporting.decision_cents is 0"
    if not facts.succeeded:
        return replace(blank, parts=parts, note=note)
    value = (facts.work + people) / facts.succeeded
    return replace(
        blank, state="measured", value=value, numerator=facts.work + people, denominator=facts.succeeded,
        parts=parts, note=note,
    )  # fmt: skip


def _time(blank: Figure, facts: Facts) -> Figure:
    return _percentiles(blank, facts, "run_time")


def _time_without_people(blank: Figure, facts: Facts) -> Figure:
    return _percentiles(blank, facts, "run_time_without_people")


def _percentiles(blank: Figure, facts: Facts, metric: str) -> Figure:
    parts = _quantiles(facts, metric, "time")
    if not parts:
        return blank
    middle, total = parts[0], sum(n for _, n in facts.histograms[metric])
    return replace(
        blank, state="measured", value=middle.value, denominator=total, low=middle.low, high=middle.high, parts=parts,
        note="read from buckets: at most a tenth from the truth",
    )  # fmt: skip


def _quantiles(facts: Facts, metric: str, unit: str) -> tuple[Part, ...]:
    counts, found = facts.histograms.get(metric, []), list[Part]()
    for name, per_mille in _PERCENTILES.items():
        estimate = quantile(counts, per_mille)
        if estimate is not None:
            found.append(Part(name, estimate.middle, unit, estimate.low, estimate.high))
    return tuple(found)


def _shared_tools(blank: Figure, facts: Facts) -> Figure:
    shared = sum(agents > 1 for agents in facts.tools.values())
    return _share(blank, shared, len(facts.tools))


def _findings(blank: Figure, facts: Facts) -> Figure:
    tools, breakers, canaries, attacks = facts.findings
    parts = (
        Part("tools in quarantine", tools),
        Part("breakers open", breakers),
        Part("canaries agreed to", canaries),
        Part("attacks that reach a harm", attacks),
    )
    return replace(
        blank, state="measured", value=sum(facts.findings), numerator=sum(facts.findings), parts=parts
    )


def _satisfaction(blank: Figure, facts: Facts) -> Figure:
    given = sum(facts.ratings.values())
    if not given:
        return replace(blank, note=f"nobody said anything about {facts.answered} answered questions")
    total = sum(rating * n for rating, n in facts.ratings.items())
    parts = tuple(Part(f"{rating}", facts.ratings.get(rating, 0)) for rating in range(1, 6))
    return replace(
        blank, state="measured", value=total / given, numerator=total, denominator=given, parts=parts,
        note=f"{given} said something about {facts.answered} answered questions",
    )  # fmt: skip


def _first_agent(blank: Figure, facts: Facts) -> Figure:
    if facts.first_agent is None:
        return blank
    return replace(
        blank, state="measured", value=facts.first_agent, numerator=facts.first_agent,
        note=_OF_ALL if facts.narrowed else "",
    )  # fmt: skip


def _completeness(blank: Figure, facts: Facts) -> Figure:
    parts: list[Part] = []
    for source, (traces, complete) in sorted(facts.traces.items()):
        sure = wilson(complete, traces)
        if sure is not None:
            parts.append(Part(source or "Remit itself", complete / traces, "share", *sure))
    whole = sum(traces for traces, _ in facts.traces.values())
    return _share(blank, sum(complete for _, complete in facts.traces.values()), whole, parts=tuple(parts))


def _regression_escape(blank: Figure, facts: Facts) -> Figure:
    found = facts.quality
    parts = (Part("stopped by a gate", found.failed), Part("first shown without a gate", found.ungated))
    return _share(blank, found.escaped, found.escaped + found.failed, _whole(facts), parts)


def _gate_pass(blank: Figure, facts: Facts) -> Figure:
    found = facts.quality
    parts = (Part("failed", found.failed), Part("inconclusive", found.inconclusive),
             Part("of these waived", found.waived))  # fmt: skip
    return _share(blank, found.passed, found.passed + found.failed + found.inconclusive, _whole(facts), parts)


def _rollback(blank: Figure, facts: Facts) -> Figure:
    came = dict(facts.quality.canaries)
    back, promoted, ended = (came.pop(name, 0) for name in ("rolled_back", "promoted", "ended"))
    parts = (Part("ended by a person", ended), Part("under way", sum(came.values())))
    return _share(blank, back, back + promoted, _whole(facts), parts)


def _hallucination(blank: Figure, facts: Facts) -> Figure:
    found = facts.quality.grounded
    if not found.tasks:
        return blank
    mean = Part("found on average", found.millionths / found.tasks / _MILLION, "share")
    return _share(blank, found.tasks - found.wholly, found.tasks, parts=(mean,))


def _scenario_growth(blank: Figure, facts: Facts) -> Figure:
    growth = facts.quality.scenarios
    if growth is None:
        return blank
    return replace(blank, state="measured", value=growth, numerator=growth, note=_whole(facts))


def _judges(blank: Figure, facts: Facts) -> Figure:
    parts: list[Part] = []
    least: tuple[float, float | None, float | None, int] | None = None
    for each in facts.quality.judges:
        if each.suspended:
            parts.append(Part(f"{each.judge}: suspended", 1))
        elif each.kappa is not None:
            parts += [
                Part(f"{each.judge}: {said.name}", said.value, "number", said.low, said.high)
                for said in (each.kappa, *each.beside)
            ]
            mine = (each.kappa.value, each.kappa.low, each.kappa.high, each.n)
            least = min(least, mine, key=lambda known: known[0]) if least is not None else mine
    if least is None:
        return replace(blank, parts=tuple(parts))
    value, low, high, n = least
    return replace(
        blank, state="measured", value=value, denominator=n, low=low, high=high, parts=tuple(parts),
        note=_whole(facts),
    )  # fmt: skip


def _whole(facts: Facts) -> str:
    return _OF_ALL if facts.narrowed else ""


_MAKERS: dict[str, Callable[[Figure, Facts], Figure]] = {
    "task_success": _task_success, "automation": _automation, "escalation": _escalation,
    "needless_escalation": _needless, "incorrect_action": _incorrect, "attempted_violation": _attempted,
    "escaped_violation": _escaped, "tool_failure": _tool_failure, "loops": _loops, "steps": _steps, "time": _time,
    "time_without_people": _time_without_people, "shared_tools": _shared_tools, "findings": _findings,
    "reviewer_satisfaction": _satisfaction, "first_agent": _first_agent, "completeness": _completeness,
    "regression_escape": _regression_escape, "gate_pass": _gate_pass, "rollback": _rollback,
    "hallucination": _hallucination, "scenario_growth": _scenario_growth, "judges": _judges,
}  # fmt: skip
