"""Faults of what a run may use: more than its budget at the worst, without a bound, or longer than was promised."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.budgets import MICRO
from remit.quality.design.findings import Fault, FaultKind
from remit.quality.design.loads import dearest_step, load_of, seconds_of_tool
from remit.quality.design.pace import quantile_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course

_JOURNAL = 20_000
_EVENTS_OF_A_STEP = 3


def worst_cost(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Money without a bound, or a worst case that its budget cuts off in the middle."""
    limit = _limit(plan, course, "money")
    unpriced = next((hop for _, hop in course.of("agent") if dearest_step(plan, hop.agent) is None), None)
    if unpriced is not None and limit is None and not _has(unpriced.agent.budget, "money"):
        yield _fault(
            FaultKind.WORST_COST, course, plan.of_agent(unpriced.name, "route"),
            f"nothing bounds what a run of {course.name} costs: a model without a price may answer {unpriced.name}",
            f"Give {unpriced.name} a budget (budget=Budget(usd=…)), or its runs one: [flows.{course.name}] usd = …",
        )  # fmt: skip
    cost = load_of(plan, course, course.tree).cost
    if limit is not None and cost is not None and cost > limit and len(course.of("agent")) > 1:
        yield _fault(
            FaultKind.WORST_COST, course, plan.sources.line("budgets.toml", f"flows.{course.name}"),
            f"at the worst a run of {course.name} costs ${cost / MICRO:.3f}, and it is stopped at "
            f"${limit / MICRO:.3f}, in the middle of what it does",
            "Give its agents smaller budgets (budget=Budget(usd=…)), or its runs a larger one.",
        )  # fmt: skip


def worst_steps(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Model calls and other hops without a bound, or more of them than a run may have."""
    limits = plan.runs[course.name].limits if course.name in plan.runs else {}
    steps = load_of(plan, course, course.tree).steps
    loose = next(
        (
            part
            for part in course.tree.walk()
            if part.shape == "again" and part.times is None and not part.endless
        ),
        None,
    )
    if loose is not None and not limits:
        yield _fault(
            FaultKind.WORST_STEPS, course, loose.place,
            f"nothing bounds how many steps a run of {course.name} makes: nobody can say how often this is done",
            f"Take so many at most, or give its runs a budget: [flows.{course.name}] steps = … in budgets.toml.",
        )  # fmt: skip
    most = limits.get("steps")
    if most is not None and steps is not None and steps > most:
        yield _fault(
            FaultKind.WORST_STEPS, course, plan.sources.line("budgets.toml", f"flows.{course.name}"),
            f"at the worst {course.name} makes {steps} model calls, and a run is stopped after {most}, in the middle",
            "Give its agents fewer steps (budget=Budget(steps=…)), or its runs more.",
        )  # fmt: skip
    elif steps is not None and steps * _EVENTS_OF_A_STEP > _JOURNAL and most is None:
        yield _fault(
            FaultKind.WORST_STEPS, course, course.place,
            f"at the worst {course.name} makes {steps:,} model calls, more than a run can record ({_JOURNAL:,} events)",
            "Let it go on in children (run.spawn), or start afresh (run.continue_as).",
        )  # fmt: skip


def worst_time(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """A declared time that the worst case does not keep, and calls that outlast whoever makes them."""
    declared = plan.said.time(course.name, "longest")
    worst = load_of(plan, course, course.tree).seconds
    if declared is not None and (worst is None or worst > declared):
        slow = next((hop for _, hop in course.of("agent") if not _has(hop.agent.budget, "seconds")), None)
        what = f"takes up to {worst:.0f} s" if worst is not None else "is bounded by nothing"
        yield _fault(
            FaultKind.WORST_TIME, course, plan.of_agent(slow.name) if slow is not None else course.place,
            f"a run of {course.name} {what}, and {declared:.0f} s is the longest it may take (design.toml)",
            f"Give {slow.name if slow else 'its agents'} a time (Budget(seconds=…)), or its tools a shorter timeout.",
        )  # fmt: skip
    for _, hop in course.of("agent"):
        whole = hop.agent.budget.seconds if hop.agent.budget is not None else None
        for tool in sorted(hop.agent.tool_names) if whole is not None else ():
            manifest = plan.manifests.get(tool)
            one = seconds_of_tool(plan, tool)
            if manifest is not None and manifest.timeout is not None and one > (whole or 0.0):
                yield Fault(
                    FaultKind.WORST_TIME, hop.name, plan.of_tool(tool, "timeout"),
                    f"one call of {tool} may take {one:.0f} s, and all that {hop.name} has is {whole:.0f} s",
                    f"Give {tool} a shorter timeout, or {hop.name} more time.",
                )  # fmt: skip


def slow(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """An estimate that does not keep the declared objective."""
    for name, share, limit, place in promises(plan, course):
        found = quantile_of(plan, course, share)
        if found > limit:
            yield _fault(
                FaultKind.SLOW, course, place,
                f"{share:.0%} of runs of {course.name} are to take {limit:.0f} s at most ({name}), and the estimate is "
                f"{found:.0f} s over {len(course.hops)} hops",
                "Do hops side by side (run.gather), leave some out, or promise less; what you know of the time of a "
                "hop goes into [usual] of design.toml.",
            )  # fmt: skip


def promises(plan: Blueprint, course: Course) -> Iterator[tuple[str, float, float, str]]:
    """What was declared of the time of a flow: name, share of runs, seconds, and where."""
    declared = plan.said.time(course.name, "p95")
    if declared is not None:
        yield "p95", 0.95, declared, plan.sources.line("design.toml", f"flows.{course.name}")
    for each in plan.objectives:
        mine = each.flow == course.name or (each.agent == course.name and course.flow is None)
        if each.metric == "latency" and (mine or not (each.flow or each.agent)):
            yield (
                each.name,
                each.objective,
                each.limit / MICRO,
                plan.sources.line("remit.toml", f"slo.{each.name}"),
            )


def _limit(plan: Blueprint, course: Course, unit: str) -> int | None:
    return plan.runs[course.name].limits.get(unit) if course.name in plan.runs else None


def _has(budget: object, unit: str) -> bool:
    return unit in getattr(budget, "limits", {})


def _fault(kind: FaultKind, course: Course, place: str, message: str, fix: str) -> Fault:
    return Fault(kind, course.name, place, message, fix)
