"""Checking the policies of a workspace before it starts on them: no database is opened and nothing acts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from remit.agents.house import handles_of
from remit.control import workspace
from remit.domain.action_errors import InvalidPolicy
from remit.domain.clock import SystemClock
from remit.gate.secrets.secrets_file import read_secrets
from remit.gate.secrets.vault import Vault
from remit.gate.sourcing import open_tools
from remit.models import configuration
from remit.policy import checking
from remit.policy.checking import PolicyFinding, PolicyReport
from remit.policy.world import World
from remit.tools.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["FOLDER", "PolicyFinding", "PolicyReport", "check", "examples", "report", "world_of"]

FOLDER = "policies"
_EXAMPLES = "examples.yaml"


async def check(root: Path, code: Sequence[str], team: str, environment: str) -> PolicyReport:
    """What is wrong with the rules in `policies/`, what does nothing, and which examples they contradict."""
    world, away = await world_of(root, code, team, environment)
    found = report(root, world, environment)
    return replace(found, findings=(*(PolicyFinding("away", why) for why in away), *found.findings))


def report(root: Path, world: World, environment: str) -> PolicyReport:
    """The same, where it is known already what rules can speak about."""
    folder = root / FOLDER
    return checking.check(folder, world, examples(folder / _EXAMPLES), environment)


async def world_of(root: Path, code: Sequence[str], team: str, environment: str) -> tuple[World, list[str]]:
    """What rules can speak about here, and which sources of tools do not answer."""
    found = workspace.load_code(root, code)
    vault, registry = Vault(read_secrets(root, environment), root, SystemClock()), Registry()
    try:
        registry.add(*found.tools, *handles_of(found.agents.values()))
        away = [left.why for left in await open_tools(root, registry, vault)]
        tools = {tool.name: tool.manifest for tool in registry}
    finally:
        await registry.close()
        await vault.close()
    models = configuration.load(root, environment=environment)
    names = frozenset(card.name for card in models.catalog)
    return World(team, tools, frozenset(found.agents), models=names), away


def examples(file: Path) -> Any:
    """What the rules are meant to answer, as the workspace says."""
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        problem = " ".join(str(wrong).split())
        raise InvalidPolicy(f"{FOLDER}/{_EXAMPLES} is not YAML: {problem}.", "Mend that place.") from None
    except OSError as wrong:
        raise InvalidPolicy(f"{FOLDER}/{_EXAMPLES} cannot be read: {wrong.strerror}.") from None
