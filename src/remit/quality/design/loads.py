"""The worst case of a course: how many model calls it may make, what they cost, how long it takes. Arithmetic over
limits, budgets and the price book; what nothing bounds is None, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from remit.domain.budgets import MICRO
from remit.domain.errors import InvalidSetting
from remit.engine.step import seconds
from remit.models.bounds import Weight, bound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.agents.agent import Agent
    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course, Hop, Part

WHOLE_WINDOW = "the whole window"
N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class Load:
    """What something uses at most; None: nothing bounds it."""

    steps: int | None = 0
    cost: int | None = 0
    seconds: float | None = 0.0

    def then(self, other: Load) -> Load:
        """One after the other."""
        return Load(
            _sum(self.steps, other.steps), _sum(self.cost, other.cost), _sum(self.seconds, other.seconds)
        )

    def beside(self, other: Load) -> Load:
        """Side by side: the time is that of the longer one."""
        return Load(
            _sum(self.steps, other.steps), _sum(self.cost, other.cost), _most(self.seconds, other.seconds)
        )

    def either(self, other: Load) -> Load:
        """One of them: the worse, unit by unit."""
        return Load(
            _most(self.steps, other.steps), _most(self.cost, other.cost), _most(self.seconds, other.seconds)
        )

    def times(self, count: int | None) -> Load:
        """Again and again."""
        if count is not None:
            return Load(_times(self.steps, count), _times(self.cost, count), _times(self.seconds, count))
        return Load(
            0 if self.steps == 0 else None, 0 if self.cost == 0 else None, 0.0 if self.seconds == 0 else None
        )


def load_of(plan: Blueprint, course: Course, part: Part | int) -> Load:
    """The worst case of some of a course."""
    if isinstance(part, int):
        return _hop(plan, course.hops[part])
    loads = [load_of(plan, course, each) for each in part.parts]
    found = Load()
    for each in loads:
        match part.shape:
            case "beside":
                found = found.beside(each)
            case "either":
                found = found.either(each)
            case _:
                found = found.then(each)
    return found.times(part.times) if part.shape == "again" else found


def within_budget(plan: Blueprint, course: Course, load: Load) -> Load:
    """The same, with what one run may use in between: a run that has used that up is stopped."""
    limits = plan.runs[course.name].limits if course.name in plan.runs else {}
    steps, cost = limits.get("steps"), limits.get("money")
    return Load(_least(load.steps, steps), _least(load.cost, cost), load.seconds)


def load_of_agent(plan: Blueprint, agent: Agent) -> Load:
    """The worst case of one asking of an agent, with all that it lets act for it."""
    budget = agent.budget.limits if agent.budget is not None else {}
    steps = min(agent.limits.steps, budget.get("steps", agent.limits.steps))
    step = dearest_step(plan, agent)
    cost = None if step is None else steps * step
    calls = min(budget.get("calls", steps * agent.limits.calls_per_turn), steps * agent.limits.calls_per_turn)
    for each in agent.delegates:
        inner = load_of_agent(plan, each).times(calls)
        steps, cost = steps + (inner.steps or 0), _sum(cost, inner.cost)
    whole = budget.get("seconds")
    return Load(steps, _least(cost, budget.get("money")), None if whole is None else whole / MICRO)


def dearest_step(plan: Blueprint, agent: Agent) -> int | None:
    """The most that one model call may cost, by the dearest model of its route; None: some model has no price."""
    route = plan.models.routes.get(agent.route)
    found = 0
    for name in route.candidates if route is not None else ():
        card = plan.models.catalog.card(name)
        most = bound(
            card, plan.models.book, Weight(unknown=WHOLE_WINDOW), agent.limits.answer_tokens, plan.now
        )
        if most is None or most.money is None:
            return None
        found = max(found, most.money)
    return found if route is not None else None


def seconds_of_tool(plan: Blueprint, name: str) -> float:
    """How long one call of a tool may take, tries included."""
    manifest = plan.manifests.get(name)
    once = (manifest.timeout if manifest is not None else None) or plan.step_seconds
    retry = manifest.retry if manifest is not None else None
    if retry is None:
        return once
    pauses = (min(retry.first * retry.factor**number, retry.most) for number in range(retry.attempts - 1))
    return once * retry.attempts + sum(pauses)


def _hop(plan: Blueprint, hop: Hop) -> Load:
    match hop.kind:
        case "agent":
            return load_of_agent(plan, hop.agent)
        case "tool":
            return Load(seconds=seconds_of_tool(plan, hop.name))
        case "step":
            return Load(seconds=hop.does.timeout or plan.step_seconds)
        case _:
            return Load()  # people and clocks take the time that they take; it is said apart


def waits_of(course: Course) -> Iterable[tuple[Hop, float | None]]:
    """The questions to people in a course, and how long each waits; None: for ever."""
    for _, hop in course.of("human"):
        try:
            yield hop, seconds(hop.within) if hop.within and hop.within != "?" else None
        except InvalidSetting:
            yield hop, None


def _sum(a: N | None, b: N | None) -> N | None:
    return None if a is None or b is None else a + b


def _most(a: N | None, b: N | None) -> N | None:
    return None if a is None or b is None else max(a, b)


def _least(a: N | None, b: N | None) -> N | None:
    return b if a is None else a if b is None else min(a, b)


def _times(a: N | None, count: int) -> N | None:
    return None if a is None else a * count
