"""A workspace on the table of a review: its courses and everything that they can be held against. Data only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.quality.design.statements import Statements

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from remit.agents.agent import Agent
    from remit.domain.budgets import Budget
    from remit.domain.guards import Guard
    from remit.domain.objectives import Objective
    from remit.domain.tools import ToolManifest
    from remit.models.configuration import Configuration
    from remit.policy.rules import Rule
    from remit.quality.design.course import Course
    from remit.quality.design.sources import Sources
    from remit.quality.redteam.trial import Court
    from remit.quality.redteam.waivers import Waiver
    from remit.quality.suite import Suite


@dataclass(frozen=True, slots=True)
class Blueprint:
    """Everything that a review looks at."""

    root: Path
    sources: Sources
    courses: tuple[Course, ...]
    agents: Mapping[str, Agent]
    manifests: Mapping[str, ToolManifest]
    places: Mapping[str, str]
    """Where each tool is declared."""
    models: Configuration
    court: Court | None = None
    """Whom attempts are put to; None: the rules cannot be read, which is said elsewhere."""
    rules: tuple[Rule, ...] = ()
    numbers: tuple[float, ...] = ()
    """Those that rules speak of."""
    runs: Mapping[str, Budget] = field(default_factory=dict[str, "Budget"])
    """What one run of a flow may use."""
    objectives: tuple[Objective, ...] = ()
    served: frozenset[str] = frozenset()
    """Flows and agents that strangers may ask."""
    guards: tuple[Guard, ...] = ()
    holds: Mapping[str, float] = field(default_factory=dict[str, float])
    """For how many seconds calls of a tool are held back before they are done."""
    step_seconds: float = 30.0
    said: Statements = field(default_factory=Statements)
    waivers: tuple[Waiver, ...] = ()
    suites: tuple[Suite, ...] = ()
    measured: Mapping[tuple[str, str], float] = field(default_factory=dict[tuple[str, str], float])
    """Within how many seconds nineteen of twenty were done, of model calls by agent and calls by tool, as recorded."""
    now: int = 0

    def family(self, agent: Agent) -> Iterator[Agent]:
        """An agent, and those that it may let act for it."""
        yield agent
        for each in agent.delegates:
            yield from self.family(each)

    def of_agent(self, name: str, keyword: str = "") -> str:
        """Where an agent, or one thing that it says, is written."""
        return self.sources.keyword(self.agents[name].place, keyword) if name in self.agents else name

    def of_tool(self, name: str, keyword: str = "") -> str:
        """Where a tool, or one thing that it says, is written."""
        place = self.places.get(name, name)
        file, _, section = place.partition(" [")
        if section:
            return self.sources.line(file, f"[{section}")
        return self.sources.keyword(place, keyword) if keyword else self.sources.short(place)
