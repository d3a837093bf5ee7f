"""Checking the policies of a workspace before it starts on them: no database is opened and nothing acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from remit.agents.house import handles_of
from remit.control import workspace
from remit.domain.action_errors import InvalidPolicy
from remit.models import configuration
from remit.policy import checking
from remit.policy.checking import PolicyFinding, PolicyReport
from remit.policy.world import World
from remit.tools.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.settings import Settings

__all__ = ["FOLDER", "PolicyFinding", "PolicyReport", "check", "world_at"]

FOLDER = "policies"
_EXAMPLES = "examples.yaml"


def check(root: Path, chosen: Settings) -> PolicyReport:
    """What is wrong with the rules in `policies/`, what does nothing, and which examples they contradict."""
    folder = root / FOLDER
    environment = chosen.workspace.environment
    return checking.check(folder, world_at(root, chosen), _examples(folder / _EXAMPLES), environment)


def world_at(root: Path, chosen: Settings) -> World:
    """What rules can speak about here: the tools and agents of the code, the models of the catalog."""
    code = workspace.load_code(root, chosen.code)
    registry = Registry()
    registry.add(*code.tools, *handles_of(code.agents.values()))
    models = configuration.load(root, environment=chosen.workspace.environment)
    return World(
        chosen.workspace.team, {tool.name: tool.manifest for tool in registry}, frozenset(code.agents),
        models=frozenset(card.name for card in models.catalog),
    )  # fmt: skip


def _examples(file: Path) -> Any:
    try:
        return yaml.safe_load(file.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (yaml.YAMLError, UnicodeDecodeError) as wrong:
        problem = " ".join(str(wrong).split())
        raise InvalidPolicy(f"{FOLDER}/{_EXAMPLES} is not YAML: {problem}.", "Mend that place.") from None
    except OSError as wrong:
        raise InvalidPolicy(f"{FOLDER}/{_EXAMPLES} cannot be read: {wrong.strerror}.") from None
