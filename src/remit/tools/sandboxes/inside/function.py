"""What runs in a sandbox for a Python tool that asks for one: it imports the function, calls it once, and prints what
became of it as one line of JSON. It reads its order from standard input, and never sees the process that asked.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from inspect import iscoroutine
from typing import Any


def main() -> None:
    """Do what the order says."""
    order: dict[str, Any] = json.load(sys.stdin)
    sys.meta_path.insert(0, _Modules(order["modules"]))
    answers, sys.stdout = sys.stdout, sys.stderr  # what the function prints is no answer
    answers.write(json.dumps(_called(order)))
    answers.flush()


class _Modules(MetaPathFinder):
    """Finds the modules of the workspace by name: in here nobody may list the folder that they lie in."""

    def __init__(self, files: dict[str, str]) -> None:
        self._files = files

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        """A module of a known file, or the folder that holds one."""
        del path, target
        file = self._files.get(fullname)
        if file is not None:
            inner = [file.rpartition("/")[0]] if file.endswith("/__init__.py") else None
            return spec_from_file_location(fullname, file, submodule_search_locations=inner)
        if any(name.startswith(f"{fullname}.") for name in self._files):
            return ModuleSpec(fullname, None, is_package=True)
        return None


def _called(order: dict[str, Any]) -> dict[str, Any]:
    from remit.domain.errors import ToolFailed
    from remit.wire import canonical

    found: Any = import_module(order["module"])
    for name in order["name"].split("."):
        found = getattr(found, name)
    try:
        given = found.validate(order["arguments"])
        return {"result": canonical.plain(_at_once(found.__wrapped__(**given)))}
    except ToolFailed as wrong:
        return {"failed": str(wrong)}
    except Exception as wrong:  # noqa: BLE001 - whatever it raises is the answer
        return {"failed": f"{type(wrong).__name__}: {wrong}"}


def _at_once(answer: Any) -> Any:
    """The result of an async function that waits for nothing: there is nothing in here to wait for."""
    if not iscoroutine(answer):
        return answer
    try:
        answer.send(None)
    except StopIteration as done:
        return done.value
    answer.close()
    raise RuntimeError("it waits for something, and in a sandbox nothing ever comes; write it without await")
