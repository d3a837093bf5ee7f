"""Whatever the terminal prints passes one door, where texts of models, tools and people are made harmless: the package
is walked, and whoever prints by another way, or calls a text harmless that nobody looked at, is named here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import modules, name

DOOR = "src/remit/cli/saying.py"
PAINTERS = frozenset({DOOR, "src/remit/cli/output.py", "src/remit/cli/streaming.py"})
"""Who may say that a text was looked at: what they make of it is tested by `tests/cli/test_saying.py`."""
PRINTS = frozenset({"echo", "secho", "echo_via_pager", "confirm", "prompt", "print", "rule", "log", "write"})
STREAMS = frozenset({"click", "stdout", "stderr", "console", "Console"})

PLANTED = {
    "print": "print(view.message)",
    "click": "import click\nclick.echo(x)",
    "click, by its name": "from click import secho as loud",
    "a question": "click.confirm(f'undo {name}?')",
    "standard output": "sys.stdout.write(text)",
    "a console": "Console().print(text)",
    "paint": "say(Painted(text))",
}


def test_the_terminal_prints_by_one_door() -> None:
    found = [
        f"{name(path)}:{line}: {what}"
        for path in modules("src/remit/cli")
        if name(path) != DOOR
        for line, what in other_doors(ast.parse(path.read_text()))
        if not (what == "Painted" and name(path) in PAINTERS)
    ]
    assert found == []


@pytest.mark.parametrize("code", PLANTED.values(), ids=PLANTED)
def test_another_door_is_seen(code: str) -> None:
    assert list(other_doors(ast.parse(code)))


def other_doors(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Each place that prints past the door."""
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id="print" | "Painted" as called)):
                yield node.lineno, called
            case ast.Call(func=ast.Attribute(attr=called, value=of)) if called in PRINTS and _is_stream(of):
                yield node.lineno, called
            case ast.ImportFrom(module="click", names=names) if {each.name for each in names} & PRINTS:
                yield node.lineno, "click"
            case _:
                pass


def _is_stream(of: ast.expr) -> bool:
    of = of.func if isinstance(of, ast.Call) else of
    return (of.attr if isinstance(of, ast.Attribute) else getattr(of, "id", "")) in STREAMS
