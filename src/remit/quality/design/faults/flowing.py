"""Faults of how a flow goes on: loops that nothing ends, and hops of which nobody says what happens when they fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.quality.design.findings import Fault, FaultKind
from remit.quality.design.reach import acts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course, Hop


def endless(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Loops that nothing ends, not even a budget."""
    for part in course.tree.walk():
        if part.endless and not _budgeted(plan, course, [course.hops[number] for number in part.numbers()]):
            yield Fault(
                FaultKind.ENDLESS, course.name, part.place,
                f"{course.name} may never end: {part.endless}",
                f"Count the turns (for _ in range(n)), or give its runs a budget: [flows.{course.name}], budgets.toml.",
            )  # fmt: skip


def no_failure_policy(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Hops of a chain after whose failure the run just ends, in the middle."""
    chain = [number for number, _ in course.of("agent", "tool", "step")]
    if len(chain) <= 1 or not course.of("agent") or plan.said.of(course.name, "failure"):
        return
    acted = sorted({act.number for act in acts_of(plan, course) if act.holder is None})
    for number in chain:
        hop, before = course.hops[number], [each for each in acted if each < number]
        if hop.caught or (hop.kind == "agent" and _has_another_model(plan, hop)):
            continue
        if hop.kind != "agent" and not before:
            continue
        done = f", and {course.hops[before[-1]].name} stays done" if before else ""
        yield Fault(
            FaultKind.NO_FAILURE_POLICY, f"{course.name}/{hop.name}", hop.place,
            f"when {hop.name} fails, {course.name} ends there{done}: nothing says what happens instead",
            "Catch it (except StepFailed), gather with return_exceptions=True, give its route a fallback, or say in "
            f'design.toml what is done then: [flows.{course.name}] failure = "…".',
        )  # fmt: skip


def _has_another_model(plan: Blueprint, hop: Hop) -> bool:
    route = plan.models.routes.get(hop.agent.route)
    return route is not None and len(route.candidates) > 1


def _budgeted(plan: Blueprint, course: Course, hops: list[Hop]) -> bool:
    """Whether what a run may use ends a loop over these hops."""
    budget = plan.runs.get(course.name)
    if budget is None:
        return False
    limits, kinds = set(budget.limits), {hop.kind for hop in hops}
    thinks = "agent" in kinds and limits & {"money", "tokens", "steps"}
    return bool(thinks or ("tool" in kinds and "calls" in limits))
