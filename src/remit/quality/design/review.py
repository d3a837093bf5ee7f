"""The review of a design: every fault, every question with its answer, what a run may use, and what somebody accepts.

Pure: it is handed a blueprint. A fault that is accepted is counted and shown with its reason, and nothing else.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from remit.quality.design.faults import acting, bounding, flowing, granting, measuring, thinking
from remit.quality.design.findings import Estimate, Fault, FaultKind, Review
from remit.quality.design.loads import load_of, within_budget
from remit.quality.design.pace import known_hops, quantile_of
from remit.quality.design.questions import answers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course
    from remit.quality.design.statements import Acceptance

_OF_A_COURSE: tuple[Callable[[Blueprint, Course], Iterator[Fault]], ...] = (
    acting.unguarded,
    acting.no_override,
    flowing.endless,
    flowing.no_failure_policy,
    bounding.worst_cost,
    bounding.worst_steps,
    bounding.worst_time,
    bounding.slow,
    thinking.needless_model,
    thinking.warm_logic,
)
_OF_A_WORKSPACE: tuple[Callable[[Blueprint], Iterator[Fault]], ...] = (
    acting.no_undo,
    granting.broad_tool,
    measuring.small_suite,
)


def review(plan: Blueprint) -> Review:
    """Look at all of it."""
    found = [fault for course in plan.courses for look in _OF_A_COURSE for fault in look(plan, course)]
    found += [fault for look in _OF_A_WORKSPACE for fault in look(plan)]
    faults = _accepted(_each_once(found), plan.said.accepted)
    said = [answer for course in plan.courses for answer in answers(plan, course)]
    used = {(fault.kind, fault.about) for fault in found}
    notes = [f"{course.name} was not looked at: {course.unread}" for course in plan.courses if course.unread]
    notes += [
        f"{each.kind.value} of {each.about} is accepted and does not occur: remove it"
        for each in plan.said.accepted
        if (each.kind, each.about) not in used
    ]
    estimates = tuple(_estimate(plan, course) for course in plan.courses if course.hops)
    return Review(tuple(faults), tuple(said), estimates, tuple(notes))


def _estimate(plan: Blueprint, course: Course) -> Estimate:
    worst = load_of(plan, course, course.tree)
    load = within_budget(plan, course, worst)
    bounds = [
        f"nothing bounds {what}"
        for what, value in (
            ("the model calls", load.steps),
            ("the cost", load.cost),
            ("the time", load.seconds),
        )
        if value is None
    ]
    p95 = quantile_of(plan, course)
    hops, known = len(course.hops), known_hops(plan, course)
    return Estimate(course.name, load.steps, load.cost, load.seconds, p95, hops, known, tuple(bounds))


def _accepted(faults: Iterable[Fault], accepted: Sequence[Acceptance]) -> list[Fault]:
    found: list[Fault] = []
    for fault in faults:
        reason = next((each.reason for each in accepted if each.covers(fault)), fault.accepted)
        found.append(replace(fault, accepted=reason))
    return sorted(
        found, key=lambda each: (not each.open, list(FaultKind).index(each.kind), each.place, each.about)
    )


def _each_once(faults: Sequence[Fault]) -> list[Fault]:
    """The same thing about the same name at the same place is one fault, however many flows come by it."""
    return list({(each.kind, each.about, each.place): each for each in reversed(faults)}.values())
