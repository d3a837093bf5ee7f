"""What code a run is bound to: a digest over the flow's module and everything of the workspace it imports (S14).

Before anyone makes a release, this is the implicit one. Installed packages are not part of it: they are locked by
the environment, and a worker says which it has.
"""

from __future__ import annotations

import ast
import hashlib
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

    from remit.engine.flow import Flow

_pins: dict[Flow, str] = {}
_INSTALLED = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")})
_OURSELVES = str(Path(__file__).resolve().parents[1])


def pin_of(flow: Flow) -> str:
    """The digest of the code that this process would run for `flow`."""
    known = _pins.get(flow)
    if known is None:
        known = _pins[flow] = _digest(_closure(flow.__module__))
    return known


def _digest(sources: dict[str, bytes]) -> str:
    total = hashlib.sha256()
    for name in sorted(sources):
        total.update(name.encode() + b"\0" + hashlib.sha256(sources[name]).digest())
    return total.hexdigest()[:32]


def _closure(start: str) -> dict[str, bytes]:
    """The sources of a module and of all it imports from the same workspace, by module name."""
    sources: dict[str, bytes] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        source = None if name in sources else _source(sys.modules.get(name))
        if source is not None:
            sources[name] = source
            waiting.extend(_imports(source, name, sys.modules[name]))
    return sources


def _source(module: ModuleType | None) -> bytes | None:
    file = getattr(module, "__file__", None)
    if not file or not file.endswith(".py"):
        return None
    path = str(Path(file).resolve())
    if path.startswith((_OURSELVES, *(p for p in _INSTALLED if p))):
        return None
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _imports(source: bytes, name: str, module: ModuleType) -> list[str]:
    package = name if hasattr(module, "__path__") else name.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = (
                ".".join(package.split(".")[: len(package.split(".")) - node.level + 1]) if node.level else ""
            )
            base = ".".join(part for part in (above, node.module or "") if part)
            found.append(base)
            found.extend(f"{base}.{alias.name}" for alias in node.names)
    return found
