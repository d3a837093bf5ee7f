"""Where things stand: the text of a workspace, parsed once, asked for lines. It must not know what a finding is."""

from __future__ import annotations

import ast
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Callable

Function = ast.FunctionDef | ast.AsyncFunctionDef


class Sources:
    """The files of a workspace, and what stands where in them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._trees: dict[str, ast.Module | None] = {}

    def short(self, place: str) -> str:
        """A place as the author of the workspace would write it."""
        return place.removeprefix(f"{self.root}/").removeprefix(f"{self.root.resolve()}/")

    def function(self, fn: Callable[..., Any]) -> tuple[Function, str] | None:
        """A function as it is written, and its file; None where nobody can read it."""
        code = getattr(fn, "__code__", None)
        tree = self.tree(code.co_filename) if code is not None else None
        if code is None or tree is None:
            return None
        for node in ast.walk(tree):
            if isinstance(node, Function) and node.name == code.co_name:
                first = min((each.lineno for each in node.decorator_list), default=node.lineno)
                if code.co_firstlineno in {first, node.lineno}:
                    return node, code.co_filename
        return None

    def own(self, fn: Callable[..., Any]) -> bool:
        """Whether a function is the workspace's own."""
        code = getattr(inspect.unwrap(fn), "__code__", None)
        return code is not None and Path(code.co_filename).resolve().is_relative_to(self.root.resolve())

    def keyword(self, place: str, name: str) -> str:
        """The line of a keyword of the call that begins at a place; the place itself where there is none."""
        file, _, line = place.rpartition(":")
        tree = self.tree(file) if line.isdecimal() else None
        for node in ast.walk(tree) if tree is not None else ():
            if isinstance(node, ast.Call) and node.lineno == int(line):
                found = next((each for each in node.keywords if each.arg == name), None)
                if found is not None:
                    return self.short(f"{file}:{found.value.lineno}")
        return self.short(place)

    def call(self, fn_file: str, name: str, *first: str) -> str:
        """The line of a call by the name of what is called and its first texts, as in `Edge("a", "b")`."""
        for node in ast.walk(self.tree(fn_file) or ast.Module([], [])):
            if isinstance(node, ast.Call) and _last(node.func) == name:
                texts = [each.value for each in node.args if isinstance(each, ast.Constant)]
                if texts[: len(first)] == list(first):
                    return self.short(f"{fn_file}:{node.lineno}")
        return self.short(fn_file)

    def line(self, file: str, text: str) -> str:
        """The first line of a file in which a text stands."""
        try:
            lines = (self.root / file).read_text("utf-8").splitlines()
        except (OSError, UnicodeDecodeError):
            return file
        number = next((n for n, each in enumerate(lines, 1) if text in each), 0)
        return f"{file}:{number}" if number else file

    def tree(self, file: str) -> ast.Module | None:
        """A file as a tree; None where it cannot be read."""
        if file not in self._trees:
            try:
                self._trees[file] = ast.parse(Path(file).read_text("utf-8"))
            except (OSError, UnicodeDecodeError, SyntaxError, RemitError):
                self._trees[file] = None
        return self._trees[file]


def _last(func: ast.expr) -> str:
    return func.id if isinstance(func, ast.Name) else func.attr if isinstance(func, ast.Attribute) else ""
