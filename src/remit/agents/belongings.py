"""What agents hold themselves, together with those whom they delegate to: tools that are no names, and guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.agents.agent import Agent
    from remit.domain.guards import Guard
    from remit.engine.flow import Flow


def handles_of(agents: Iterable[Agent], flows: Iterable[Flow] = ()) -> list[Tool]:
    """The tools that agents hold themselves, theirs and those of whom they delegate to, and that contracts of flows
    name by what they are, each once.
    """
    found: dict[Tool, None] = {}
    for flow in flows:
        calls = (flow.contract.calls if flow.contract is not None else None) or ()
        found |= {call.handle: None for call in calls if isinstance(call.handle, Tool)}
    for agent in agents:
        found |= {tool: None for tool in agent.tools if not isinstance(tool, str)}
        found |= dict.fromkeys(handles_of(agent.delegates))
    return list(found)


def guards_of(workspace: Iterable[Guard], agents: Iterable[Agent]) -> list[Guard]:
    """The guards of the workspace, and those that agents and whom they delegate to hold themselves."""
    found = list(workspace)
    for agent in agents:
        found += [*agent.guards, *guards_of((), agent.delegates)]
    return found
