"""What a review of a design looks at, gathered from what `remit check` has read of a workspace already. It opens
nothing but files, and judges nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from remit.control.running import containing
from remit.domain.action_errors import InvalidPolicy
from remit.domain.clock import MICROSECONDS
from remit.domain.effects import Effect
from remit.domain.errors import RemitError
from remit.gate.budgeting.settings import FLOW, read_budgets
from remit.policy.authority import Authority
from remit.policy.loading import read_files
from remit.quality.design.blueprint import Blueprint
from remit.quality.design.course import FOREIGN, Course, Hop, Part
from remit.quality.design.graph_courses import outline_of, read_graph
from remit.quality.design.reading import read_flow
from remit.quality.design.sources import Sources
from remit.quality.design.statements import read_statements
from remit.quality.redteam.trial import Court
from remit.quality.redteam.waivers import read_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from remit.agents.agent import Agent
    from remit.control.sections import Settings
    from remit.control.workspace.code import Code
    from remit.domain.budgets import Budget
    from remit.domain.guards import Guard
    from remit.domain.objectives import Objective
    from remit.domain.tools import ToolManifest
    from remit.engine.flow import Flow
    from remit.models.configuration import Configuration
    from remit.policy.rules import Rule
    from remit.policy.world import World
    from remit.quality.suite import Suite
    from remit.tools.registry import Registry

_NUMBER = re.compile(r"(?<![\w.\"])\d{1,12}(?:\.\d+)?(?![\w\"])")
_MOST_NUMBERS = 6


@dataclass(frozen=True, slots=True)
class Ground:
    """What was read of a workspace."""

    root: Path
    chosen: Settings
    code: Code
    models: Configuration
    registry: Registry
    world: World | None
    guards: tuple[Guard, ...]
    objectives: tuple[Objective, ...]
    suites: tuple[Suite, ...] = ()
    measured: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])


def blueprint_of(ground: Ground, now: int) -> Blueprint:
    """Everything that a review looks at."""
    root, code, chosen = ground.root, ground.code, ground.chosen
    sources = Sources(root)
    served = frozenset((*chosen.a2a.agents, *chosen.agui.agents, *chosen.mcp.flows))
    flows = {flow.name: flow for flow in code.flows}
    courses = tuple(_courses(ground, sources, served))
    today = datetime.fromtimestamp(now / MICROSECONDS, UTC).date()
    manifests = {tool.name: tool.manifest for tool in ground.registry}
    authority = _authority(ground)
    return Blueprint(
        root, sources, courses, _agents(code), manifests, {tool.name: tool.place for tool in ground.registry},
        ground.models,
        court=_court(ground, authority, manifests), rules=_rules(authority), numbers=_numbers(authority),
        runs=_runs(ground),
        objectives=ground.objectives, served=served, guards=ground.guards, holds=_holds(chosen, manifests),
        step_seconds=float(chosen.step.timeout_seconds),
        said=read_statements(root, {*flows, *(course.name for course in courses)}, today),
        waivers=read_file(root, today).waivers, suites=ground.suites, measured=ground.measured, now=now,
    )  # fmt: skip


def _courses(ground: Ground, sources: Sources, served: frozenset[str]) -> Iterator[Course]:
    """Every flow, and every agent that no flow asks and no agent hands on to: those are run by name."""
    found = [_course(flow, sources, served) for flow in ground.code.flows]
    made = {course.name for course in found}
    found += [
        read_graph(graph, None, _file_of(ground, graph.state), sources)
        for graph in ground.code.graphs
        if graph.name not in made
    ]
    yield from found
    asked = {name for course in found for _, hop in course.of("agent") for name in _family(hop.agent)}
    asked |= {
        name for agent in ground.code.agents.values() for each in agent.delegates for name in _family(each)
    }
    for agent in ground.code.agents.values():
        if agent.name not in asked or agent.name in served:
            place = sources.short(agent.place)
            from_outside = frozenset({FOREIGN}) if agent.name in served else frozenset[int]()
            hop = Hop("agent", agent.name, place, agent, from_outside)
            yield Course(agent.name, place, None, (hop,), Part("then", (0,)))


def _course(flow: Flow, sources: Sources, served: frozenset[str]) -> Course:
    graph = outline_of(flow)
    if graph is not None:
        return read_graph(graph, flow, _file_of_module(flow.__module__), sources)
    foreign = set(flow.contract.untrusted if flow.contract is not None else ())
    if flow.name in served:
        foreign |= flow.parameters.keys()
    return read_flow(flow, sources, frozenset(foreign))


def _family(agent: Agent) -> Iterator[str]:
    yield agent.name
    for each in agent.delegates:
        yield from _family(each)


def _file_of(ground: Ground, state: type) -> str:
    return _file_of_module(state.__module__) or str(ground.root)


def _file_of_module(name: str) -> str:
    import sys

    return getattr(sys.modules.get(name), "__file__", "") or ""


def _agents(code: Code) -> dict[str, Agent]:
    """Those that are declared by name, and those that only others know."""
    found: dict[str, Agent] = {}

    def add(agents: Iterable[Agent]) -> None:
        for agent in agents:
            found.setdefault(agent.name, agent)
            add(agent.delegates)

    add(code.agents.values())
    return found


def _runs(ground: Ground) -> dict[str, Budget]:
    """What one run of each flow may use."""
    flows = [flow.name for flow in ground.code.flows]
    try:
        accounts = read_budgets(ground.root, ground.chosen.workspace.team, ground.code.agents, flows)
    except RemitError:
        return {}  # which the check of budgets says
    return {name.removeprefix(FLOW): each.budget for name, each in accounts.items() if name.startswith(FLOW)}


# --- rules ------------------------------------------------------------------------------------------------------


def _authority(ground: Ground) -> Authority | None:
    if ground.world is None:
        return None
    try:
        return Authority.of(read_files(ground.root / "policies"), ground.world)
    except InvalidPolicy:
        return None  # which the check of the rules says


def _court(
    ground: Ground, authority: Authority | None, manifests: Mapping[str, ToolManifest]
) -> Court | None:
    own = ground.chosen.workspace
    return None if authority is None else Court(authority, manifests, own.team, own.environment)


def _rules(authority: Authority | None) -> tuple[Rule, ...]:
    return () if authority is None else tuple(each.rule for each in authority.rules)


def _numbers(authority: Authority | None) -> tuple[float, ...]:
    """The numbers that rules speak of: whoever knows the rules stays just within them."""
    texts = authority.files.values() if authority is not None else ()
    found = {float(number) for text in texts for number in _NUMBER.findall(text)}
    return tuple(sorted(found, reverse=True)[:_MOST_NUMBERS])


def _holds(chosen: Settings, manifests: Mapping[str, ToolManifest]) -> dict[str, float]:
    try:
        usual, by_tool = containing.holds_of(
            chosen.outbox.window, chosen.outbox.tools, chosen.workspace.environment
        )
    except RemitError:
        return {}  # which the check of settings says
    return {name: by_tool.get(name, _hold(manifest, usual)) for name, manifest in manifests.items()}


def _hold(manifest: ToolManifest, usual: float) -> float:
    if manifest.hold is not None:
        return manifest.hold
    return usual if manifest.effect is Effect.IRREVERSIBLE else 0.0
