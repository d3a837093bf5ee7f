"""What a policy may speak about: the tools, agents, teams and places that this workspace has, as data.

The schema is made from it, the names in rules are checked against it, and requests are answered inside it. Where the
things in it come from (registry, settings, catalog) is not known here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from remit.domain.tools import ToolManifest


@dataclass(frozen=True, slots=True)
class World:
    """Everything that rules and requests can name. None means that nobody keeps such a list, so any name will do."""

    team: str
    """The team of the workspace: its users, agents and tools belong to it."""
    tools: Mapping[str, ToolManifest] = field(default_factory=dict[str, ToolManifest])
    """Every tool that some agent or flow has, by name, in the version that was accepted."""
    agents: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    """Other teams that rules may name."""
    models: frozenset[str] | None = None
    users: frozenset[str] | None = None
    roles: frozenset[str] | None = None
    """Groups of people."""
