"""Delegation: an agent lets another one act for it. Authority, tools and budgets can only narrow."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.budgets import Account, Budget
from remit.domain.errors import WrongState
from remit.gate.delegate_passage import Task
from remit.gate.standing.capabilities import line_of

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.agents.asked import Face
    from remit.domain.capabilities import Signed, Terms
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
    gate, execution = run.house.gate, run.execution
    giver = run.house.agents.get(actor.agent)
    terms = giver.terms.get(agent.name) if giver is not None else None
    signed = await gate.delegate(execution, actor, agent.name, await _task(run, actor, agent, terms))
    if signed is None:  # delegated by an earlier version, which put nothing in writing
        return await run.acting(actor).ask(agent, *task)
    try:
        return await run.acting(bounded(actor, signed, execution.row.id)).ask(agent, *task)
    finally:
        if not (execution.sealed or execution.dry):
            gate.parts.standing.capabilities.end(signed, execution.row.id)


def bounded(actor: Actor, signed: Signed, run: str) -> Actor:
    """Whoever is let act in a run has no more calls and no more time than stands in the capability."""
    capability, accounts = signed.capability, actor.accounts
    if capability.calls is not None:
        account = Account(f"capability:{run}/{signed.digest[:16]}", Budget(calls=capability.calls))
        accounts = (*accounts, account)
    until = min(capability.expires, actor.until) if actor.until is not None else capability.expires
    return replace(actor, capability=signed, accounts=accounts, until=until)


def warranted(actor: Actor, warrant: Any, run: str) -> Actor:
    """The flow of a run, and every agent that it asks, do no more than whoever spawned the run let it do; and together
    with it no more than that one was let do.
    """
    *above, own = line_of(warrant)
    for signed in above:
        actor = bounded(actor, signed, signed.capability.run)
    return bounded(actor, own, run)


async def _task(run: Face, actor: Actor, agent: Agent, terms: Terms | None) -> Task:
    profile = await run.house.profile(agent)
    tools = {
        tool.name: tool.manifest.digest
        for tool in profile.tools
        if actor.tools is None or not actor.agent or tool.name in actor.tools
    }
    budget = dict(agent.budget.limits) if agent.budget is not None else {}
    return Task(profile.digest, tools, budget, terms)
