"""Delegation: an agent lets another one act for it. Authority, tools and budgets can only narrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import WrongState

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.agents.asked import Face
    from remit.gate.actor import Actor

DEEPEST = 5
"""Agents that act for agents that act for agents: so many levels."""


async def delegate(run: Face, actor: Actor, agent: Agent, *task: object) -> Any:
    """Ask an agent on behalf of the one that acts, if authority lets it."""
    if len(actor.chain) >= DEEPEST:
        raise WrongState(
            f"{actor.agent} may not hand on to {agent.name}: {DEEPEST} agents act for each other already.",
            "Let an agent do the work itself.",
        )
    await run.house.gate.delegate(run.execution, actor, agent.name)
    return await run.acting(actor).ask(agent, *task)
