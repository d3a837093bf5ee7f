"""The fingerprint of a workspace: the digest of everything that shapes what its agents do, part by part, so that two of
them can be held against each other. It reads files and looks at agents and tools; it knows neither releases nor runs.

What is permission and not behaviour (who may spend how much, which secret is kept where, which database) is no part of
it: the same workspace has the same fingerprint on a laptop, in stage and in prod.
"""

from __future__ import annotations

import hashlib
import os
import sys
from dataclasses import dataclass
from fnmatch import fnmatch
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from remit.agents.agent import Agent
    from remit.domain.tools import ToolManifest

KINDS: Final = (
    "code", "prompts", "agents", "tools", "policies", "routes", "guards", "suites", "settings", "files", "lock"
)  # fmt: skip
"""Everything that shapes behaviour, in the order in which people ask about it."""
_PERMISSION = frozenset(
    {"remit.toml", "secrets.toml", "budgets.toml", "redteam.toml", "design.toml", "golden.toml"}
)
"""Files of the workspace that say what is allowed here and now, not how agents behave."""
_BY_NAME = {
    "models.toml": "routes",
    "prices.toml": "routes",
    "tools.toml": "settings",
    "guards.toml": "guards",
}
_BY_FOLDER = {"policies": "policies", "prompts": "prompts", "suites": "suites"}
_LOCKS = ("*.lock", "pylock*.toml", "requirements*.txt", "requirements/*.txt", "requirements/*.lock")
_LEFT_OUT = ("*.pyc", "*.db", "*.db-*", "*.sqlite", "*.sqlite3", "*.log", "test_*.py", "conftest.py")
_NO_FOLDERS = frozenset({"__pycache__", "node_modules", "site-packages", "tests"})


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The digest of every part by kind and name, and the digest of them all."""

    parts: Mapping[str, Mapping[str, str]]
    digest: str


@dataclass(frozen=True, slots=True)
class Change:
    """One part in which two fingerprints differ."""

    kind: str
    name: str
    how: str
    """added, removed or changed."""


def fingerprint(
    root: Path, agents: Iterable[Agent], tools: Iterable[ToolManifest], settings: Mapping[str, object] | None = None,
    leave_out: Sequence[str] = (),
) -> Fingerprint:  # fmt: skip
    """What stands in a workspace now; `settings` are those that shape behaviour, by name, and `leave_out` says which
    files are data that it works on.
    """
    parts: dict[str, dict[str, str]] = {kind: {} for kind in KINDS}
    for name, path in sources(root, leave_out).items():
        parts[_kind_of(name)][name] = hashlib.sha256(path.read_bytes()).hexdigest()
    parts["agents"] = {agent.name: _agent(root, agent) for agent in agents}
    parts["tools"] = {tool.name: tool.digest for tool in tools}
    for name, value in (settings or {}).items():
        parts["settings"][name] = canonical.digest(canonical.plain(value))
    parts["lock"] |= environment(locked=bool(parts["lock"]))
    return of_parts(parts)


def of_parts(parts: Mapping[str, Mapping[str, str]]) -> Fingerprint:
    """The fingerprint that has these parts; empty kinds say nothing."""
    full = {kind: dict(sorted(named.items())) for kind, named in sorted(parts.items()) if named}
    return Fingerprint(full, canonical.digest(canonical.plain(full)))


def differences(old: Fingerprint, new: Fingerprint) -> tuple[Change, ...]:
    """In which parts the new one differs from the old, in the order of the kinds."""
    found: list[Change] = []
    kinds = [*KINDS, *sorted((old.parts.keys() | new.parts.keys()) - set(KINDS))]
    for kind in kinds:
        before, after = old.parts.get(kind, {}), new.parts.get(kind, {})
        for name in sorted(before.keys() | after.keys()):
            if before.get(name) != after.get(name):
                how = "added" if name not in before else "removed" if name not in after else "changed"
                found.append(Change(kind, name, how))
    return tuple(found)


def sources(root: Path, leave_out: Sequence[str] = ()) -> dict[str, Path]:
    """The files of a workspace that shape behaviour, by their place in it; links are not followed."""
    patterns = (*_LEFT_OUT, *leave_out)
    found: dict[str, Path] = {}
    for path in _files(root):
        name = path.relative_to(root).as_posix()
        if name not in _PERMISSION and not any(_fits(name, pattern) for pattern in patterns):
            found[name] = path
    return dict(sorted(found.items()))


def _files(root: Path) -> Iterator[Path]:
    for place, folders, names in os.walk(root):
        here = Path(place)
        folders[:] = [
            name
            for name in folders
            if not (name.startswith(".") or name in _NO_FOLDERS or (here / name / "pyvenv.cfg").exists())
        ]
        for name in names:
            path = here / name
            if not name.startswith(".") and path.is_file() and not path.is_symlink():
                yield path


def _fits(name: str, pattern: str) -> bool:
    """Whether a pattern means a file: by its name, by its place, or by a folder that it lies in."""
    bare = pattern.rstrip("/")
    return fnmatch(name, bare) or fnmatch(name.rpartition("/")[2], bare) or name.startswith(f"{bare}/")


def _kind_of(name: str) -> str:
    if name in _BY_NAME:
        return _BY_NAME[name]
    if any(fnmatch(name, pattern) and name.count("/") == pattern.count("/") for pattern in _LOCKS):
        return "lock"
    folder = name.partition("/")[0] if "/" in name else ""
    if folder in _BY_FOLDER:
        return _BY_FOLDER[folder]
    return "code" if name.endswith(".py") else "files"


def _agent(root: Path, agent: Agent) -> str:
    """The digest of an agent as data: what changes it changes what is asked of the model, or what it may do."""
    # here, so that who only reads what was released loads no agents
    from remit.agents.output import OutputShape
    from remit.agents.prompts import read_prompt

    shape = OutputShape.of(agent.output).schema if agent.output is not None else None
    said: list[Any] = [
        agent.name, read_prompt(root, agent), agent.route, sorted(agent.tool_names), shape, agent.temperature,
        agent.effort, agent.limits, agent.budget, sorted(each.name for each in agent.delegates), repr(agent.fallback),
        sorted(agent.memory), repr(agent.contract), repr(sorted(agent.terms.items())), repr(agent.guards),
        agent.quarantined, agent.description,
    ]  # fmt: skip
    return canonical.digest(canonical.plain(said))


def environment(*, locked: bool) -> dict[str, str]:
    """What is installed beside the workspace; all of it by name and version where no lock file says so."""
    found = {"python": f"{sys.version_info.major}.{sys.version_info.minor}"}
    if not locked:
        found["installed"] = _installed()
    return found


@cache
def _installed() -> str:
    """Looked up once: what a process has imported does not change under it."""
    names = sorted({f"{each.name.lower()}=={each.version}" for each in metadata.distributions()})
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
