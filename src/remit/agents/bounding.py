"""Which contracts bind a run and an agent in it: those of the flow, and each agent's own below them.

An agent that acts for another is bound by everything that binds the other. What a contract says about an action is
the gate's business.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.agents.proposing import propose
from remit.gate.provenance import Bound, RunContract, begin, entering, fix
from remit.policy.provenance.children import is_data_alone

if TYPE_CHECKING:
    from remit.agents.agent import Agent, Profile
    from remit.agents.asked import Face
    from remit.agents.house import House
    from remit.engine.execution import Execution
    from remit.gate.actor import Actor


def bounds_of_run(house: House, execution: Execution) -> tuple[Bound, ...]:
    """What binds the flow itself: its own contract, or that of the run which spawned it, or what it is a fork of."""
    template = execution.flow.contract
    inherits = house.contracted and (execution.row.parent is not None or execution.simulation is not None)
    if template is None and not inherits:
        return ()
    registry = house.gate.parts.registry
    return (Bound(RunContract(template, registry, None, floor=house.floor, show_above=house.show_above)),)


async def bound(run: Face, actor: Actor, agent: Agent, scope: str, question: Any) -> Actor:
    """The agent under every contract that binds whoever asks it, and under its own."""
    above = run.actor.bounds
    if not above and agent.contract is None:
        return actor
    await fix(above, run.execution)
    bounds = entering(above, scope)
    begin(bounds, above)
    if agent.contract is not None:
        house = run.house
        own = RunContract(
            agent.contract, house.gate.parts.registry, _tools(agent), scope, house.floor, question,
            house.show_above,
        )  # fmt: skip
        own.proposal = await propose(run, actor, own)
        bounds = (*bounds, Bound(own, scope))
        await fix(bounds, run.execution)
    return replace(actor, bounds=bounds)


def is_typed(profile: Profile) -> bool:
    """Whether an agent can answer with nothing but data: it holds no tools, and its answers no text, or handles."""
    if profile.agent.quarantined:
        return True
    if profile.tools or profile.delegates or profile.memory or profile.shape is None:
        return False
    return is_data_alone(profile.shape.schema)


def _tools(agent: Agent) -> frozenset[str]:
    """Its tools, and those of everybody whom it lets act."""
    found = agent.tool_names
    for each in agent.delegates:
        found |= _tools(each)
    return found
