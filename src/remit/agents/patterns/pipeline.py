"""A pipeline: each agent works on what the one before it answered.

Use it when the stages are known beforehand and each needs a different prompt, tools or model (extract, enrich, write).
Do not use it when a stage may have to go back: that is a critic, or a plan. A long pipeline of weak stages multiplies
their errors; one agent with two tools is often better than four agents in a row.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.patterns.given import listed

if TYPE_CHECKING:
    from remit.agents.agent import Agent
    from remit.agents.run import Run


async def pipeline(run: Run, agents: list[Agent], given: object) -> Any:
    """What the last agent answers; the first failure ends it."""
    value: Any = given
    agents = listed("a pipeline", "agents", agents, least=1)
    for agent in agents:
        value = await run.ask(agent, value)
    return value
