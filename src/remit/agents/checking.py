"""Looking at agents before anybody asks them: tools, routes, prompts and answers that an ask would stumble over.

It reads prompts and asks nobody; what exists is told to it.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.agents.output import OutputShape
from remit.agents.prompts import read_prompt
from remit.domain.errors import RemitError
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator
    from pathlib import Path

    from remit.agents.agent import Agent


@dataclass(frozen=True, slots=True)
class Known:
    """What there is in a workspace."""

    workspace: Path
    tools: Collection[str]
    served: Callable[[Agent], object]
    """Raises if no model could answer an agent."""
    away: bool = False
    """Whether a source of tools does not answer, so that a tool may be there although nobody sees it."""


@dataclass(frozen=True, slots=True)
class Defect:
    """Something that an ask of an agent would fail on."""

    agent: str
    place: str
    message: str
    hint: str = ""
    sure: bool = True
    """Whether nothing but an edit can mend it."""


def defects(agents: Iterable[Agent], known: Known) -> list[Defect]:
    """Everything that is wrong, agent by agent, those that others delegate to included."""
    found: list[Defect] = []
    for agent in _all(agents, set()):
        found += _of_tools(agent, known)
        found += _tried(agent, lambda agent=agent: known.served(agent))
        found += _tried(agent, lambda agent=agent: read_prompt(known.workspace, agent))
        if agent.output is not None:
            found += _tried(agent, lambda agent=agent: OutputShape.of(agent.output))
    return found


def _all(agents: Iterable[Agent], seen: set[Agent]) -> Iterator[Agent]:
    for agent in agents:
        if agent not in seen:
            seen.add(agent)
            yield agent
            yield from _all(agent.delegates, seen)


def _of_tools(agent: Agent, known: Known) -> Iterator[Defect]:
    for each in agent.tools:
        if isinstance(each, Tool):
            yield from _tried(agent, each.check)
        elif each not in known.tools:
            near = difflib.get_close_matches(each, list(known.tools), n=1)
            hint = f'Did you mean "{near[0]}"?' if near else "See: remit tools"
            yield Defect(
                agent.name, agent.place, f'it has the tool "{each}", which this workspace does not have.', hint,
                sure=not known.away,
            )  # fmt: skip


def _tried(agent: Agent, attempt: Callable[[], object]) -> list[Defect]:
    try:
        attempt()
    except RemitError as wrong:
        return [Defect(agent.name, agent.place, wrong.message, wrong.hint)]
    return []
