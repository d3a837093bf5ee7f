"""The questions of a review, each answered out of the code where it says enough, else by what somebody wrote down:
three of the design, four of the people who review. A question that neither answers is open.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from remit.policy.entities import tool_node
from remit.policy.rules import Treatment
from remit.policy.scopes import matches
from remit.quality.design.faults.acting import can_step_in, person_in
from remit.quality.design.faults.bounding import promises
from remit.quality.design.findings import Answer, FaultKind
from remit.quality.design.loads import load_of
from remit.quality.design.pace import quantile_of
from remit.quality.design.reach import acts_of, contracts_of, judged
from remit.quality.design.statements import FILE
from remit.quality.redteam.scenario import Reach

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.policy.rules import Rule
    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course, Hop

WRONG: Final = "What if one hop is wrong?"
OVERRIDE: Final = "How does a person override a hop?"
PACE: Final = "What is the p95 of the chain?"
CLASSES: Final = "Which outputs does a person look at?"
WITHIN: Final = "How long may they take?"
WHO: Final = "Who reviews, and with what?"
DISAGREEMENT: Final = "What happens when they disagree?"
QUESTIONS: Final = (WRONG, OVERRIDE, PACE, CLASSES, WITHIN, WHO, DISAGREEMENT)
_KEYS: Final = {
    WRONG: "wrong", OVERRIDE: "override", PACE: "p95", CLASSES: "classes", WITHIN: "within", WHO: "who",
    DISAGREEMENT: "disagreement",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Point:
    """A place at which a person is asked."""

    what: str
    group: str
    within: str
    otherwise: str
    place: str
    quorum: int = 1


def answers(plan: Blueprint, course: Course) -> Iterator[Answer]:
    """Every question that a flow raises in which models take part."""
    if not course.of("agent"):
        return  # plain code: whoever wrote it knows what it does
    if len(course.of("agent", "tool", "step")) > 1:
        yield _said(plan, course, WRONG, _wrong(plan, course))
    acts = list(acts_of(plan, course))
    if acts:
        yield _said(plan, course, OVERRIDE, _override(plan, course))
    yield _said(plan, course, PACE, _pace(plan, course))
    points = list(points_of(plan, course))
    if acts or points:
        yield from _of_people(plan, course, points)


def points_of(plan: Blueprint, course: Course) -> Iterator[Point]:
    """Where a flow waits for people."""
    for _, hop in course.of("human"):
        yield Point("a value of the flow", hop.group, hop.within, hop.otherwise or "reject", hop.place)
    for _, hop in course.of("agent"):
        fallback = hop.agent.fallback
        if fallback is not None and fallback.human:
            what = f"an answer of {hop.name} that is less certain than {fallback.threshold:g}"
            yield Point(what, fallback.human, fallback.within, "reject", plan.of_agent(hop.name, "fallback"))
    seen: set[str] = set()
    for act in acts_of(plan, course):
        if act.tool in seen or act.manifest is None or Reach.ASKED not in judged(plan, course, act):
            continue
        seen.add(act.tool)
        for rule in _asking(plan, act.tool):
            yield Point(f"{act.tool}: {rule.reason or rule.name}", rule.group, rule.within, rule.otherwise, rule.place,
                        rule.quorum)  # fmt: skip


# --- of the design --------------------------------------------------------------------------------------------


def _wrong(plan: Blueprint, course: Course) -> tuple[str, bool]:
    """For each answer that others build on: what notices that it is wrong."""
    people = {number for _, hop in course.of("human") for number in course.behind(hop.sources)}
    built = {number for hop in course.hops for number in hop.sources}
    decided = {number for test in course.tests for number in test.sources}
    parts: list[str] = []
    for number, hop in course.of("agent"):
        if number not in built | decided:
            continue
        noticed = hop.reviewed or ("a person" if number in people else _guarded(plan, hop))
        if not noticed:
            acted = [
                act.name
                for act in acts_of(plan, course)
                if number in act.hop.sources and contracts_of(course, act)
            ]
            noticed = f"the contract of {acted[0]}" if acted else ""
        if not noticed:
            return (
                f"nothing notices a wrong answer of {hop.name}, and what follows is built on it ({hop.place})",
                True,
            )
        parts.append(f"{hop.name}: {noticed}")
    return "; ".join(parts) or "no hop builds on the answer of another", False


def _guarded(plan: Blueprint, hop: Hop) -> str:
    agent = hop.agent
    if agent.fallback is not None:
        return f"its fallback below {agent.fallback.threshold:g}"
    known = [*agent.guards, *(each for each in plan.guards if not each.agents or agent.name in each.agents)]
    found = next((each for each in known if {"answer", "output"} & set(each.at)), None)
    return f"the guard {found.name}" if found is not None else ""


def _override(plan: Blueprint, course: Course) -> tuple[str, bool]:
    acts = list(acts_of(plan, course))
    barred = [act for act in acts if not can_step_in(plan, course, act)]
    if person_in(course):
        return "the flow waits for a person, who may edit what it goes on with", False
    for each in plan.said.accepted if barred else ():
        if each.kind is FaultKind.NO_OVERRIDE and each.about == course.name:
            return f"nobody does, which is accepted: {each.reason}", False
    if barred:
        return f"nobody can step in before {barred[0].name}, or take it back after", True
    ways: list[str] = []
    for act in {act.name: act for act in acts}.values():
        held = plan.holds.get(act.tool, 0.0) > 0
        before = ["a rule asks first"] if Reach.ASKED in judged(plan, course, act) else []
        before += ["it is held back first"] if held else []
        after = ["remit undo, then remit fork from any hop"] if act.undoable else []
        ways.append(f"{act.name}: {', '.join([*before, *after]) or 'a contract asks first'}")
    return "; ".join(ways), False


def _pace(plan: Blueprint, course: Course) -> tuple[str, bool]:
    found, worst = quantile_of(plan, course), load_of(plan, course, course.tree).seconds
    declared = [f"{limit:.0f} s ({name}, {place})" for name, _, limit, place in promises(plan, course)]
    said = f"about {found:.0f} s"
    if declared:
        return f"{said}; declared: {', '.join(declared)}", False
    if worst is not None:
        return f"{said}; never more than {worst:.0f} s", False
    return f"{said}, and nothing is declared and nothing bounds it", True


# --- of the people who review ---------------------------------------------------------------------------------


def _of_people(plan: Blueprint, course: Course, points: list[Point]) -> Iterator[Answer]:
    if not points:
        said = "none: no person is asked; what it does can be stepped into as said above"
        yield _said(plan, course, CLASSES, (said, False))
        return
    yield _said(plan, course, CLASSES, ("; ".join(f"{each.what} ({each.place})" for each in points), False))
    late = [each for each in points if not each.within]
    if late:
        said = f"{late[0].group or 'somebody'} may wait for ever over {late[0].what} ({late[0].place})", True
    else:
        said = "; ".join(f"{each.group}: {each.within}" for each in points), False
    yield _said(plan, course, WITHIN, said)
    groups = sorted({each.group for each in points})
    nobody = next((each for each in points if each.group in {"", "?"}), None)
    whom = f"{', '.join(groups)}: in the inbox, with the difference, whence values come, whether it can be undone"
    yield _said(plan, course, WHO, (f"nobody knows who ({nobody.place})", True) if nobody else (whom, False))
    ends = [f"{each.group}: {_ending(each)}" for each in {each.group: each for each in points}.values()]
    yield _said(plan, course, DISAGREEMENT, ("; ".join(ends), False))


def _ending(point: Point) -> str:
    agree = f"{point.quorum} have to agree, one no is a no" if point.quorum > 1 else "one no is a no"
    late = f"; without an answer in time: {point.otherwise}" if point.within else ""
    return agree + late


def _asking(plan: Blueprint, tool: str) -> list[Rule]:
    node = tool_node(plan.manifests[tool], plan.court.team if plan.court is not None else "")
    asking = [rule for rule in plan.rules if rule.treatment is Treatment.ASK]
    exact = [rule for rule in asking if f'"{tool}"' in rule.text]
    return exact or [rule for rule in asking if matches(rule.statement.resource, node)]


def _said(plan: Blueprint, course: Course, question: str, found: tuple[str, bool]) -> Answer:
    """What somebody wrote down goes before what follows from the code."""
    text, is_open = found
    written = plan.said.of(course.name, _KEYS[question]) if question != PACE else ""
    if written:
        return Answer(question, course.name, written, plan.sources.line(FILE, written[:40]))
    return Answer(question, course.name, text, open=is_open)
