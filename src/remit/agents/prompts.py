"""The prompt of an agent: a file of the workspace, or the text itself. It reads, and changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from remit.domain.errors import BadWorkspace

if TYPE_CHECKING:
    from remit.agents.agent import Agent

_FILE = "remit.toml"


def read_prompt(workspace: Path, agent: Agent) -> str:
    """The text of an agent's prompt; one line that ends in `.md` or `.txt` names a file."""
    prompt = agent.prompt
    if "\n" in prompt or not prompt.endswith((".md", ".txt")):
        return prompt
    root = _root(workspace, agent)
    path = (root / prompt).resolve()
    if not path.is_relative_to(root.resolve()):
        raise BadWorkspace(f"the prompt of {agent.name} lies outside of the workspace: {prompt}.")
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        raise BadWorkspace(
            f"the prompt of {agent.name} is not there: {prompt}.", "Write the file, or give the text itself."
        ) from None
    except (OSError, UnicodeDecodeError) as wrong:
        raise BadWorkspace(
            f"the prompt of {agent.name} cannot be read: {prompt} ({wrong}).",
            "Write the file, or give the text itself.",
        ) from None


def _root(workspace: Path, agent: Agent) -> Path:
    """The workspace; in a test on a temporary one, that in which the agent's code lies."""
    if (workspace / agent.prompt).exists():
        return workspace
    code = Path(agent.place.rpartition(":")[0])
    return next((folder for folder in code.parents if (folder / _FILE).is_file()), workspace)
