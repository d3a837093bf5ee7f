"""What code a run is bound to: a digest over the flow's module and everything of the workspace it imports (S14).

Before anyone makes a release, this is the implicit one. Installed packages are not part of it: they are locked by
the environment, and a worker says which it has.
"""

from __future__ import annotations

import ast
import gc
import hashlib
import sys
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
    root = _root_of(start)
    sources: dict[str, bytes] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        file = None if name in sources else _file_of(name, root)
        source = _source(file) if file is not None else None
        if file is not None and source is not None:
            sources[name] = source
            waiting.extend(_with_packages(_imports(source, name, is_package=file.stem == "__init__")))
    return sources


def _root_of(name: str) -> Path | None:
    """The folder in which the first part of a module's name stands."""
    file = _file_of(name, None)
    if file is None:
        return None
    above = file.parents
    depth = name.count(".") + (file.stem == "__init__")
    return above[depth] if depth < len(above) else None


def _file_of(name: str, root: Path | None) -> Path | None:
    """Where a module's text is; one that is imported only when it is needed counts as well."""
    module = sys.modules.get(name)
    if module is not None:
        file = getattr(module, "__file__", None)
        return Path(file).resolve() if file and file.endswith(".py") else None
    if root is None:
        return None
    place = root.joinpath(*name.split("."))
    candidates = (place.with_name(f"{place.name}.py"), place / "__init__.py")
    return next((file.resolve() for file in candidates if file.is_file()), None)


def _source(file: Path) -> bytes | None:
    if str(file).startswith((_OURSELVES, *(p for p in _INSTALLED if p))):
        return None
    try:
        return file.read_bytes()
    except OSError:
        return None


def _with_packages(names: list[str]) -> list[str]:
    """Modules and the packages around them, whose code runs first."""
    return [
        ".".join(parts[:n]) for parts in (name.split(".") for name in names) for n in range(1, len(parts) + 1)
    ]


def _imports(source: bytes, name: str, *, is_package: bool) -> list[str]:
    package = name if is_package else name.rpartition(".")[0]
    found: list[str] = []
    for node in ast.walk(_parsed(source)):
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


def _parsed(source: bytes) -> ast.AST:
    """The tree of a source; one that nobody can read imports nothing, and says so when it is imported itself."""
    collects = gc.isenabled()
    gc.disable()  # Python 3.11 miscounts when garbage parses meanwhile, as it does to log a traceback
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError):
        return ast.Module([], [])
    finally:
        if collects:
            gc.enable()
