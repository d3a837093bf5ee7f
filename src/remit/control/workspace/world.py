"""What rules can speak about in a workspace: its tools, agents and models. No database is opened and nothing acts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.agents.belongings import handles_of
from remit.control.workspace.code import load_code
from remit.domain.clock import SystemClock
from remit.gate.secrets.secrets_file import read_secrets
from remit.gate.secrets.vault import Vault
from remit.gate.sourcing import open_tools
from remit.models import configuration
from remit.policy.world import World
from remit.quality.judging.reading import agents_of_judges
from remit.tools.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


async def world_of(root: Path, code: Sequence[str], team: str, environment: str) -> tuple[World, list[str]]:
    """What rules can speak about here, and which sources of tools do not answer."""
    found = load_code(root, code)
    vault, registry = Vault(read_secrets(root, environment), root, SystemClock()), Registry()
    try:
        registry.add(*found.tools, *handles_of(found.agents.values(), found.flows))
        away = [left.why for left in await open_tools(root, registry, vault)]
        tools = {tool.name: tool.manifest for tool in registry}
    finally:
        await registry.close()
        await vault.close()
    models = configuration.load(root, environment=environment)
    names = frozenset(card.name for card in models.catalog)
    agents = frozenset(found.agents) | agents_of_judges(root, found.judges)
    return World(team, tools, agents, models=names), away
