"""Faults of what acts: writes to which what nobody trusts leads, into which nobody steps, which nothing takes back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.effects import Effect
from remit.domain.tools import Undo
from remit.quality.design.findings import Fault, FaultKind
from remit.quality.design.reach import acts_of, contracts_of, judged, seen_by_people, untrusted
from remit.quality.redteam.scenario import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course
    from remit.quality.design.reach import Act


def unguarded(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Writes that an injected text can lead to, with nothing in between."""
    seen: set[tuple[str, str]] = set()
    for act in acts_of(plan, course):
        who = act.holder.name if act.holder is not None else course.name
        if (who, act.name) in seen or contracts_of(course, act) or seen_by_people(course, act):
            continue
        why = untrusted(plan, course, act)
        if not why or (act.manifest is not None and Reach.ALLOWED not in judged(plan, course, act)):
            continue
        seen.add((who, act.name))
        waived = next(
            (each.reason for each in plan.waivers if each.tool == act.name and each.who in {"", who}), ""
        )
        yield Fault(
            FaultKind.UNGUARDED_WRITE, act.name, _place(plan, act),
            f"{why} can lead {who} to {act.name}, and neither a contract nor a rule that asks stands before it",
            _remedy(act, who), waived,
        )  # fmt: skip


def no_override(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Writes of a flow in which models take part, into which no person can step, before or after."""
    if person_in(course) or not course.of("agent"):
        return
    for act in acts_of(plan, course):
        if not can_step_in(plan, course, act):
            yield Fault(
                FaultKind.NO_OVERRIDE, course.name, _place(plan, act),
                f"nobody can step in before {act.name} is done, or take it back after",
                f'Ask a person before it (run.human, or a rule with @ask), hold it back (hold="10m"), or say how '
                f"{act.name} is undone.",
            )  # fmt: skip
            return


def person_in(course: Course) -> bool:
    """Whether the flow itself waits for a person somewhere."""
    waits = any(hop.kind == "human" or hop.name == "signal" for hop in course.hops)
    return waits or any(
        hop.agent.fallback is not None and hop.agent.fallback.human for _, hop in course.of("agent")
    )


def can_step_in(plan: Blueprint, course: Course, act: Act) -> bool:
    """Whether a person has a say about a write: by a rule, a contract or a hold before it, or by undo after it."""
    if act.manifest is None:
        return False
    if act.undoable or plan.holds.get(act.tool, 0.0) > 0:
        return True
    if any(each.on_violation != "deny" and act.holder is not None for each in contracts_of(course, act)):
        return True
    return Reach.ASKED in judged(plan, course, act)


def no_undo(plan: Blueprint) -> Iterator[Fault]:
    """Writes that do not say how they are taken back, nor that nothing does."""
    seen: set[str] = set()
    for course in plan.courses:
        for act in acts_of(plan, course):
            manifest = act.manifest
            if manifest is None or act.tool in seen or manifest.effect is not Effect.WRITE:
                continue
            if manifest.undo is Undo.NONE:
                seen.add(act.tool)
                yield Fault(
                    FaultKind.NO_UNDO, act.tool, plan.of_tool(act.tool, "effect"),
                    f"{act.tool} is a write that says neither how it is taken back nor that nothing takes it back",
                    f'Write undo="restore" with @{act.tool}.before and @{act.tool}.restore, or effect="irreversible".',
                )  # fmt: skip


def _place(plan: Blueprint, act: Act) -> str:
    """The line in which the write is granted or made."""
    if act.holder is not None:
        return plan.of_agent(act.holder.name, "tools")
    return act.hop.place


def _remedy(act: Act, who: str) -> str:
    if act.manifest is None:
        return f"Make {act.name} a tool, of which rules and contracts can speak, or show it to a person: run.human."
    named = "contract=contract(allow(…))"
    return f'Give {who} a contract ({named}), or let a rule ask a person: @ask on Tool::"{act.tool}".'
