"""Files and functions stay small, modules have honest names and say what they own, nothing is half done."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.tree import modules, name

CODE = ("src", "tests", "bench", "scripts")
LONGEST_FILE = 400
LONGEST_FUNCTION = 60
EMPTY_NAMES = frozenset(
    {"util", "utils", "helper", "helpers", "manager", "managers", "base", "common", "misc"}
)
UNFINISHED = re.compile("|".join(["NotImplemented" + "Error", "TO" + "DO", "FIX" + "ME", "X" * 3]))


def test_no_file_is_longer_than_400_lines() -> None:
    lengths = {name(path): len(path.read_text().splitlines()) for path in modules(*CODE)}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_FILE} == {}


def test_no_function_is_longer_than_60_lines() -> None:
    lengths = {
        f"{name(path)}:{title}": lines for path in modules(*CODE) for title, lines in function_lengths(path)
    }
    assert lengths, "no function was found at all: this test looks in the wrong place"
    assert {function: lines for function, lines in lengths.items() if lines > LONGEST_FUNCTION} == {}


def test_no_module_has_a_name_that_says_nothing() -> None:
    empty = [name(path) for path in modules(*CODE) if EMPTY_NAMES & {path.stem, path.parent.name}]
    assert empty == []


def test_every_module_says_what_it_owns() -> None:
    silent = [name(path) for path in modules("src") if not ast.get_docstring(ast.parse(path.read_text()))]
    assert silent == []


def test_nothing_in_src_is_left_half_done() -> None:
    places = [
        f"{name(path)}:{number}"
        for path in modules("src")
        for number, line in enumerate(path.read_text().splitlines(), start=1)
        if UNFINISHED.search(line)
    ]
    assert places == []


def function_lengths(path: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None:
            yield node.name, node.end_lineno - node.lineno + 1
