"""Checking the policies of a workspace before it starts on them: no database is opened and nothing acts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import yaml

from remit.control.workspace.world import world_of
from remit.domain.action_errors import InvalidPolicy
from remit.policy import checking
from remit.policy.checking import PolicyFinding, PolicyReport
from remit.policy.world import World

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["FOLDER", "PolicyFinding", "PolicyReport", "check", "examples", "report"]

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
