"""The patterns of agents, unfolded into hops: what a critic, a vote or a plan asks, how often, and who reviews whom."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.quality.design.course import Hop
from remit.quality.design.names import NOTHING, elements_of, resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.quality.design.course import Shape
    from remit.quality.design.names import Scope, Taint
    from remit.quality.design.walk import Walk


class Unfolding:
    """One use of a pattern: what it was given, by the names of its parameters."""

    def __init__(
        self, reader: Walk, node: ast.Call, scope: Scope, names: Sequence[str], sources: Taint
    ) -> None:
        self.reader, self.scope, self.sources = reader, scope, sources
        self.place = reader.at(node, scope)
        self.given: dict[str, ast.expr] = dict(zip(names, node.args, strict=False))
        self.given |= {each.arg: each.value for each in node.keywords if each.arg}

    def agents(self, name: str) -> list[Agent]:
        """The agents that were given under a name, one or several."""
        node = self.given.get(name)
        if node is None:
            return []
        found = elements_of(node, self.scope) or resolve(node, self.scope)
        return [each for each in found if isinstance(each, Agent)]

    def constant(self, name: str, usual: Any) -> Any:
        """A value that was written down."""
        stands = resolve(self.given[name], self.scope) if name in self.given else ()
        return stands[0] if stands else usual

    def ask(self, agents: Sequence[Agent], *, times: int | None = 1, reviewed: str = "", shape: Shape = "then",
            caught: bool = False) -> Taint:  # fmt: skip
        """Hops to these agents."""
        found = NOTHING
        with self.reader.part("again", times=times, place=self.place), self.reader.part(shape):
            for each in agents:
                found |= self.reader.note(
                    Hop("agent", each.name, self.place, each, self.sources, reviewed=reviewed, caught=caught)
                )
        return found

    def person(self, group: str) -> Taint:
        """A question to a person."""
        return (
            self.reader.note(Hop("human", group, self.place, sources=self.sources, group=group))
            if group
            else NOTHING
        )


def unfold(reader: Walk, pattern: str, node: ast.Call, scope: Scope, sources: Taint) -> Taint:
    """The hops of one use of a pattern."""
    known = _PATTERNS.get(pattern)
    if known is None:
        return sources
    names, made = known
    return made(Unfolding(reader, node, scope, names, sources))


def _critic(use: Unfolding) -> Taint:
    rounds = _number(use.constant("rounds", 2))
    drafts = use.ask(use.agents("writer"), times=rounds + 1, reviewed="a critic")
    return drafts | use.ask(use.agents("reviewer"), times=rounds + 1, reviewed="the draft it speaks of")


def _debate(use: Unfolding) -> Taint:
    rounds = _number(use.constant("rounds", 1))
    use.ask(use.agents("debaters"), times=rounds + 1, reviewed="a judge", shape="beside")
    return use.ask(use.agents("judge"), reviewed="the debate")


def _vote(use: Unfolding) -> Taint:
    voters = use.ask(use.agents("voters"), reviewed="a vote", shape="beside")
    return voters | use.ask(use.agents("judge"), reviewed="a vote") | use.person(use.constant("person", ""))


def _swarm(use: Unfolding) -> Taint:
    several = elements_of(use.given["pieces"], use.scope) if "pieces" in use.given else None
    times = len(several) if several is not None else None
    return use.ask(use.agents("agent"), times=times, caught=use.constant("quorum", None) is not None)


def _handoff(use: Unfolding) -> Taint:
    return use.ask(use.agents("agents"), times=_number(use.constant("hands", 4)) + 1, shape="either")


def _pipeline(use: Unfolding) -> Taint:
    found = use.sources
    for agent in use.agents("agents"):
        use.sources = found
        found = use.ask([agent])
    return found


def _plan(use: Unfolding) -> Taint:
    revisions, person = _number(use.constant("revisions", 3)), use.constant("approve", "")
    plans = use.ask(
        use.agents("planner"), times=revisions + 1, reviewed=f"{person} (people)" if person else ""
    )
    use.person(person)
    return plans | use.ask(use.agents("workers"), times=None, shape="either", reviewed="the planner")


def _route(use: Unfolding) -> Taint:
    return use.ask(use.agents("agents"), shape="either")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


_PATTERNS: dict[str, tuple[tuple[str, ...], Callable[[Unfolding], Taint]]] = {
    "critic": (("run", "writer", "reviewer", "task"), _critic),
    "debate": (("run", "debaters", "judge", "question"), _debate),
    "vote": (("run", "voters", "question"), _vote),
    "swarm": (("run", "agent", "pieces"), _swarm),
    "handoff": (("run", "agents", "first", "task"), _handoff),
    "pipeline": (("run", "agents", "given"), _pipeline),
    "plan_and_execute": (("run", "planner", "workers", "task"), _plan),
    "route": (("run", "choose", "agents", "given"), _route),
}
