"""The worst-case replay of a workspace: scenarios out of its own runs and its own file, put to its own rules.

It gathers and reads; it performs nothing. Whom a call would be put to stands in the gate and is the same here:
authority with the rules of now, contracts as they are declared.
"""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from remit.control.runs import inspection
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput
from remit.domain.event import object_of
from remit.policy.provenance.texts import texts_of
from remit.quality.redteam.scenario import Finding, Mode, Reach, Scenario, Seen, Sink, WorstCase
from remit.quality.redteam.trial import Court
from remit.quality.redteam.waivers import FILE, read_file
from remit.quality.redteam.worst_case import worst_case as attack

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from remit.agents.agent import Agent
    from remit.control.running.parts import Parts
    from remit.control.runs.views import RunView, StepView
    from remit.quality.redteam.waivers import RedTeamFile

__all__ = ["FILE", "Finding", "Mode", "Reach", "WorstCase", "worst_case"]

Json = Any

RUNS = 50
"""How many of the latest runs are attacked, if nobody says otherwise."""
_NUMBER = re.compile(r"(?<![\w.\"])\d{1,12}(?:\.\d+)?(?![\w\"])")
_MOST_BOUNDS = 8


async def worst_case(parts: Parts, agent: str = "", runs: int = RUNS) -> WorstCase:
    """What a hijacked model could do in this workspace; `agent` looks at one agent or flow alone."""
    gate, ground = parts.house.gate.parts, parts.ground
    today = datetime.fromtimestamp(ground.clock.now() / MICROSECONDS, UTC).date()
    file = read_file(ground.workspace, today)
    scenarios = [*_requests(parts, file), *await _recorded(parts, runs)]
    scenarios += _bare(parts.house.agents, {each.agent for each in scenarios})
    flows = {each.flow for each in scenarios if each.flow}
    wanted = [each for each in scenarios if agent in {"", each.agent, each.flow}]
    if agent and not wanted:
        raise InvalidInput(
            f'there is no agent "{agent}", and no recorded run of a flow of that name.',
            f"There are: {', '.join(sorted({each.who for each in scenarios})) or 'none'}.",
        )
    manifests = {tool.name: tool.manifest for tool in gate.registry}
    court = Court(gate.authority, manifests, ground.principal.team, gate.environment)
    own = {each.name for each in parts.house.flows}
    untried = [flow for flow in parts.flows if flow not in flows | own] if not agent else []
    notes = [
        f"{flow} has no recorded run: what its own code calls with what a model said was not tried"
        for flow in sorted(untried)
    ]
    return attack(wanted, court, bounds_of(ground.workspace / "policies"), file.waivers, notes)


# --- where scenarios come from --------------------------------------------------------------------------------


def _requests(parts: Parts, file: RedTeamFile) -> Iterator[Scenario]:
    """Those that the workspace wrote down."""
    for each in file.requests:
        found = parts.house.agents.get(each.agent)
        if found is None:
            raise InvalidInput(
                f'{FILE} has a request to "{each.agent}", which is no agent here.',
                f"There are: {', '.join(sorted(parts.house.agents)) or 'none'}.",
            )
        yield _of_agent(found, Scenario(f"request {each.name}", "", text=each.asks, calls=each.seen))


async def _recorded(parts: Parts, most: int) -> list[Scenario]:
    """The latest runs: each asking of an agent, and each flow's own calls."""
    found: list[Scenario] = []
    for summary in await inspection.summaries(parts.ground, None, None, most):
        view = await inspection.show(parts.ground, summary.id)
        found += _of_run(parts, view)
    return found


def _of_run(parts: Parts, view: RunView) -> Iterator[Scenario]:
    flow = parts.flows.get(view.run.flow)
    steps, house = list(_walk(view.steps)), {each.name for each in parts.house.flows}
    over = flow.contract if flow is not None else None
    mine = {name: value for name, value in view.input.items() if over is None or name not in over.untrusted}
    ground = Scenario(
        f"run {view.run.id}", "", view.run.flow, view.by, "\n".join(texts_of(mine)), mine,
        templates=() if over is None else (over,),
    )  # fmt: skip
    for step in steps:
        agent = parts.house.agents.get(step.action.agent) if step.kind == "agent" and step.action else None
        if agent is not None:
            yield _of_agent(
                agent, replace(ground, flow="", calls=tuple(_calls(_walk(step.children), agent.name)))
            )
    made, wanted = tuple(_calls(steps, "")), tuple(_calls(steps, "", made=False))
    if wanted and flow is not None and flow.name not in house:
        said = [json.dumps(step.result, default=str) for step in steps if step.kind == "model"]
        given = json.dumps(view.input, default=str)
        sinks = tuple(Sink(seen.tool, _fixed(seen.arguments, said, given)) for seen in wanted)
        yield replace(ground, calls=made, sinks=sinks)


def _bare(agents: dict[str, Agent], known: set[str]) -> list[Scenario]:
    """Agents of which nothing is recorded: nobody asked, nothing was read."""
    return [
        _of_agent(agent, Scenario("nobody asked", name))
        for name, agent in agents.items()
        if name not in known
    ]


def _of_agent(agent: Agent, ground: Scenario) -> Scenario:
    """The scenario in the hands of an agent."""
    delegates = {
        each.name: tuple(sorted(each.tool_names & agent.tool_names))
        for each in agent.delegates
        if each.tool_names & agent.tool_names
    }
    own = getattr(agent, "contract", None)
    return replace(
        ground, agent=agent.name, sinks=tuple(Sink(tool) for tool in sorted(agent.tool_names)),
        delegates=delegates, templates=(*ground.templates, *(() if own is None else (own,))),
    )  # fmt: skip


# --- reading runs ---------------------------------------------------------------------------------------------


def _walk(steps: Iterable[StepView]) -> Iterator[StepView]:
    for step in steps:
        yield step
        yield from _walk(step.children)


def _calls(steps: Iterable[StepView], agent: str, *, made: bool = True) -> Iterator[Seen]:
    """Tool calls under this authority, in order; those that were only asked for as well, if not only `made` ones."""
    for step in steps:
        action = step.action
        if action is None or not action.effect or action.agent != agent:
            continue
        arguments = object_of(action.arguments)
        if not arguments or (made and step.state != "done"):
            continue
        yield Seen(step.name.partition("#")[0], arguments, step.result)


def _fixed(arguments: dict[str, Json], said: list[str], given: str) -> dict[str, Json]:
    """The arguments that are not the model's: those that stand in no answer of a model, or in what the run was
    started with.
    """
    return {
        name: value
        for name, value in arguments.items()
        if _stands_in(value, [given]) or not _stands_in(value, said)
    }


def _stands_in(value: Json, texts: list[str]) -> bool:
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, dict):
        return any(_stands_in(each, texts) for each in object_of(value).values())
    if isinstance(value, list):
        return any(_stands_in(each, texts) for each in value)  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, str):
        inner = json.dumps(json.dumps(value)[1:-1])[1:-1]  # an answer is a text that holds JSON
        return bool(value) and any(
            form in text for text in texts for form in (value, json.dumps(value)[1:-1], inner)
        )
    number = re.compile(rf"(?<![\w.]){re.escape(json.dumps(value))}(?![\w.]*\d)")
    return any(number.search(text) for text in texts)


def bounds_of(folder: Path) -> list[float]:
    """The numbers that rules speak of: whoever knows the rules stays just within them."""
    texts = [file.read_text("utf-8") for file in sorted(folder.glob("*.cedar"))]
    found = {float(number) for text in texts for number in _NUMBER.findall(text)}
    return sorted(found, reverse=True)[:_MOST_BOUNDS]
