"""The code of a workspace: how its flows, agents, tools and graphs are loaded, and where in it something is wrong. It
knows nothing of databases, runs or settings.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

from remit.agents.agent import Agent
from remit.agents.graphs.outline import Outline
from remit.control.workspace.place import FILE
from remit.domain.errors import BadWorkspace
from remit.engine.flow import Flow
from remit.quality.judging.judge import Judge
from remit.tools.registry import tools_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.tools.tool import PythonTool

_DEFAULT_CODE = ("flows", "agents", "tools")

_ours: dict[str, tuple[Path, str]] = {}
"""Modules of the workspace that this process has imported, with the digest of their text at that time."""


@dataclass(frozen=True, slots=True)
class Released:
    """The release that code was taken from."""

    digest: str
    home: Path
    """The folder that it was extracted into."""
    policy: str
    """The rules that its runs are born under."""


@dataclass(frozen=True)
class Code:
    """What the Python of a workspace declares, by name."""

    flows: list[Flow]
    agents: dict[str, Agent]
    tools: list[PythonTool]
    graphs: list[Outline] = field(default_factory=list["Outline"])
    judges: list[Judge] = field(default_factory=list["Judge"])
    released: Released | None = None
    """None: the workspace as it stands."""


def load_modules(workspace: Path, code: Sequence[str]) -> list[ModuleType]:
    """Import folders and modules of a workspace, as they stand now."""
    root = workspace.resolve()
    names = dict.fromkeys(name for entry in code for name in _modules_of(root, entry))
    _forget_what_changed(root)
    _put_first_on_path(root)
    before, writes = set(sys.modules), sys.dont_write_bytecode
    # compiled code is known by second and size, so an edit of the same size within a second would not be executed
    sys.dont_write_bytecode = True
    try:
        return [_import(root, name) for name in names]
    finally:
        sys.dont_write_bytecode = writes
        _remember(root, set(sys.modules) - before)


def load_code(workspace: Path, code: Sequence[str]) -> Code:
    """Import what the workspace calls its code, and give every flow, agent and tool found there."""
    root = workspace.resolve()
    imported = load_modules(root, code)
    values = [value for module in imported for value in vars(module).values()]
    flows = _by_name([value for value in values if isinstance(value, Flow)], root)
    tools = [tool for module in imported for tool in tools_of(vars(module))]
    graphs = [value for value in values if isinstance(value, Outline)]
    judges = {value.name: value for value in values if isinstance(value, Judge)}
    return Code(
        [flows[name] for name in sorted(flows)], _agents(values), list(dict.fromkeys(tools)), _each_once(graphs),
        list(judges.values()),
    )  # fmt: skip


# --- finding modules ----------------------------------------------------------------------------------------


def _modules_of(root: Path, entry: str) -> list[str]:
    """The dotted names of all modules that one entry of `code` means."""
    for spelling in (entry, entry.replace(".", "/")):
        place = (root / spelling).resolve()
        if not place.is_relative_to(root):
            continue
        if place.is_dir():
            return [
                _dotted(path.relative_to(root)) for path in sorted(place.rglob("*.py")) if _counts(path, root)
            ]
        module = place if place.suffix == ".py" else place.with_name(place.name + ".py")
        if module.is_file():
            return [_dotted(module.relative_to(root))]
    if entry in _DEFAULT_CODE:
        return []
    raise BadWorkspace(
        f'{FILE} names "{entry}" in code, and there is no such folder or module in {root}.',
        'Name folders or modules of the workspace, such as code = ["flows"].',
    )


def _counts(path: Path, root: Path) -> bool:
    """Whether a file is the workspace's own code rather than a test, a draft or an environment."""
    parts = path.relative_to(root).parts
    private = any(part.startswith((".", "_")) and part != "__init__.py" for part in parts)
    return not (
        private or "site-packages" in parts or path.stem == "conftest" or path.stem.startswith("test_")
    )


def _dotted(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# --- importing ----------------------------------------------------------------------------------------------


def _import(root: Path, name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as wrong:
        raise BadWorkspace(
            f"{_where(wrong, root, name)} cannot be imported: {_what(wrong)}.",
            "Correct it there; the whole traceback: --debug.",
        ) from wrong


def _where(wrong: BaseException, root: Path, name: str) -> str:
    """The user's file and line that an import failed at, as they would write it."""
    if isinstance(wrong, SyntaxError) and wrong.filename:
        return f"{_relative(Path(wrong.filename), root)}:{wrong.lineno or 1}"
    frames = [f for f in traceback.extract_tb(wrong.__traceback__) if Path(f.filename).is_relative_to(root)]
    if frames:
        return f"{_relative(Path(frames[-1].filename), root)}:{frames[-1].lineno}"
    return f"the module {name}"


def _what(wrong: BaseException) -> str:
    if isinstance(wrong, SyntaxError):
        return f"{wrong.msg} ({type(wrong).__name__})"
    first = (str(wrong).splitlines() or [""])[0].rstrip(".")
    return f"{type(wrong).__name__}: {first}" if first else type(wrong).__name__


def _put_first_on_path(root: Path) -> None:
    """Let the user's modules import each other by the names they have in the workspace."""
    importlib.invalidate_caches()
    text = str(root)
    if sys.path[:1] != [text]:
        sys.path[:] = [text, *(entry for entry in sys.path if entry != text)]


def _forget_what_changed(root: Path) -> None:
    """Import anew if any file differs from what was imported, or if another workspace was loaded before.

    Without this a process that opens two workspaces, or one whose code was edited, would run the older text.
    """
    if all(_is_of(root, path) and _digest(path) == digest for path, digest in _ours.values()):
        return
    for name in _ours:
        sys.modules.pop(name, None)
    _ours.clear()


def _is_of(root: Path, path: Path) -> bool:
    """Whether a file is code of this workspace, and not of a release of it, which lies in a hidden folder inside."""
    return path.is_relative_to(root) and not any(
        part.startswith(".") for part in path.relative_to(root).parts
    )


def _remember(root: Path, new: set[str]) -> None:
    for name in new:
        origin = _origin(sys.modules[name])
        if origin is not None and origin.is_relative_to(root) and name.split(".")[0] != "remit":
            _ours[name] = (origin, _digest(origin))


def _origin(module: ModuleType) -> Path | None:
    """Where a module comes from; for a folder without `__init__.py`, that folder."""
    file = getattr(module, "__file__", None) or next(iter(getattr(module, "__path__", ())), None)
    if not isinstance(file, str) or "site-packages" in file:
        return None
    return Path(file)


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


# --- flows, agents, tools ------------------------------------------------------------------------------------


def _by_name(flows: Sequence[Flow], root: Path) -> dict[str, Flow]:
    found: dict[str, Flow] = {}
    for flow in flows:
        other = found.setdefault(flow.name, flow)
        if other is not flow:
            raise BadWorkspace(
                f'two flows are called "{flow.name}": {_place(root, other)} and {_place(root, flow)}.',
                'Give one of them another name: @flow(name="…").',
            )
    return found


def _each_once(graphs: Sequence[Outline]) -> list[Outline]:
    return list({id(graph): graph for graph in graphs}.values())


def _agents(values: Sequence[object]) -> dict[str, Agent]:
    found: dict[str, Agent] = {}
    for agent in (value for value in values if isinstance(value, Agent)):
        if found.setdefault(agent.name, agent) is not agent:
            raise BadWorkspace(f'two agents are called "{agent.name}".', "Give one of them another name.")
    return found


def _place(root: Path, flow: Flow) -> str:
    fn = inspect.unwrap(flow.fn)
    file = inspect.getsourcefile(fn) or "?"
    return f"{_relative(Path(file), root)}:{inspect.getsourcelines(fn)[1]}"


def _relative(path: Path, root: Path) -> Path:
    return path.relative_to(root) if path.is_relative_to(root) else path
