"""A router: plain code decides which agent answers.

Use it when a rule over known fields can decide: kind of ticket, language, amount. It costs nothing, and it can be
tested. Do not use it to guess meaning out of free text by keywords: let an agent with an enum as its output type
classify, and route on that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.patterns.given import named
from remit.domain.errors import InvalidInput

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.agents.agent import Agent
    from remit.agents.run import Run


async def route(
    run: Run, choose: Callable[[Any], str], agents: Mapping[str, Agent], given: object, *, otherwise: str = ""
) -> Any:
    """The answer of the agent that `choose` names; `otherwise` for a name that nobody has."""
    agents = named("a router", "agents", agents)
    name = choose(given)
    agent = agents.get(name) or agents.get(otherwise)
    if agent is None:
        raise InvalidInput(
            f'the router chose "{name}", and there is no such agent.',
            f"There are: {', '.join(sorted(agents))}.",
        )
    return await run.ask(agent, given)
