"""YAML with its places: every value knows the file and line it stands in, so that whatever is wrong with it can be said
where it has to be mended. It knows no suite; what a key means is asked by whoever reads.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import yaml

from remit.domain.quality_errors import InvalidSuite
from remit.gate.toml_file import nearest
from remit.wire.canonical import LARGEST_INTEGER

if TYPE_CHECKING:
    from collections.abc import Collection

Json = Any

HINT = "docs/reference/suites.md has every key."
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The one in C where there is one: four times as fast over a thousand scenarios."""
_MOST_NODES = 500_000
_DEEPEST = 60
_PLAIN_NUMBER = re.compile(r"[-+]?(0|[1-9][\d_]*)")
_TAG = "tag:yaml.org,2002:"


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it stands."""

    value: Json
    """A scalar; a table of nodes by key; a list of nodes."""
    file: str
    line: int

    @property
    def place(self) -> str:
        """`suites/refunds.yaml:12`."""
        return f"{self.file}:{self.line}"

    def wrong(self, what: str, hint: str = HINT) -> InvalidSuite:
        """An error about this place."""
        return InvalidSuite(f"{self.place}: {what}.", hint)

    @property
    def is_table(self) -> bool:
        """Whether it has keys."""
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        """Whether it has items."""
        return isinstance(self.value, list)

    @property
    def plain(self) -> Json:
        """What it says, without places."""
        value = self.value
        if isinstance(value, dict):
            return {key: each.plain for key, each in cast("dict[str, Node]", value).items()}
        return [each.plain for each in cast("list[Node]", value)] if isinstance(value, list) else value

    def plain_table(self, what: str) -> dict[str, Json]:
        """What a table says, without places."""
        return {key: each.plain for key, each in self.table(what).items()}

    def table(self, what: str, known: Collection[str] | None = None) -> dict[str, Node]:
        """Its keys; a key that is not among those `known` means nothing, and is refused."""
        value = self.value
        if not isinstance(value, dict):
            raise self.wrong(f"{what} is a table of keys and values, not {self.said}")
        held = cast("dict[str, Node]", value)
        for key, each in held.items():
            if known is not None and key not in known:
                raise each.wrong(f'{what} has "{key}", which means nothing{nearest(key, known)}')
        return held

    def items(self, what: str) -> list[Node]:
        """Its items."""
        value = self.value
        if not isinstance(value, list):
            raise self.wrong(f"{what} is a list, not {self.said}")
        return cast("list[Node]", value)

    def text(self, what: str) -> str:
        """It as a text that is not empty."""
        if not isinstance(self.value, str):
            raise self.wrong(f"{what} is a text, not {self.said}", "Put it in quotes.")
        if not self.value.strip():
            raise self.wrong(f"{what} is empty")
        return self.value

    def texts(self, what: str) -> tuple[str, ...]:
        """It as texts: one, or a list."""
        return tuple(each.text(what) for each in self.items(what)) if self.is_list else (self.text(what),)

    def number(self, what: str, least: float = -math.inf, most: float = math.inf) -> float:
        """It as a number within bounds."""
        value = self.value
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self.wrong(f"{what} is a number, not {self.said}")
        if not least <= value <= most:
            bounds = f"at least {least:g}" if most == math.inf else f"from {least:g} to {most:g}"
            raise self.wrong(f"{what} is {bounds}, not {value:g}")
        return value

    def whole(self, what: str, least: int, most: int) -> int:
        """It as a whole number within bounds."""
        value = self.number(what, least, most)
        if value != int(value):
            raise self.wrong(f"{what} is a whole number, not {value:g}")
        return int(value)

    def flag(self, what: str) -> bool:
        """It as true or false."""
        if not isinstance(self.value, bool):
            raise self.wrong(f"{what} is true or false, not {self.said}")
        return self.value

    @property
    def said(self) -> str:
        """It in an error."""
        if self.is_table or self.is_list:
            return "a table" if self.is_table else "a list"
        return "nothing" if self.value is None else repr(self.value)


def of_value(value: Json, file: str, line: int) -> Node:
    """A plain value, all of which stands in one line."""
    if isinstance(value, dict):
        table = cast("dict[str, Json]", value)
        return Node({str(key): of_value(each, file, line) for key, each in table.items()}, file, line)
    if isinstance(value, list):
        return Node([of_value(each, file, line) for each in cast("list[Json]", value)], file, line)
    found = Node(value, file, line)
    _check(found)
    return found


def read_yaml(text: str, file: str) -> Node:
    """What a YAML file says."""
    try:
        root = yaml.compose(text, _LOADER)
    except yaml.MarkedYAMLError as wrong:
        mark = wrong.problem_mark or wrong.context_mark
        line = mark.line + 1 if mark is not None else 1
        said = " ".join(str(wrong.problem or wrong).split())
        raise InvalidSuite(f"{file}:{line}: this is not YAML: {said}.", "Mend that line.") from None
    except (yaml.YAMLError, RecursionError) as wrong:
        raise InvalidSuite(f"{file}:1: this is not YAML: {' '.join(str(wrong).split())}.") from None
    if root is None:
        return Node(None, file, 1)
    return _Reader(file).read(root, 0)


class _Reader:
    """Makes nodes out of what YAML composed, and refuses what would be read differently from how it looks."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._seen = 0
        self._constructor: Any = yaml.constructor.SafeConstructor()

    def read(self, node: Any, depth: int) -> Node:
        """A node with all below it."""
        self._seen += 1
        at = Node(None, self._file, node.start_mark.line + 1)
        if self._seen > _MOST_NODES or depth > _DEEPEST:
            raise at.wrong("there is too much here, or it is nested too deep", "Split the suite.")
        if isinstance(node, yaml.MappingNode):
            return self._table(node, depth, at)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.read(each, depth + 1) for each in node.value], self._file, at.line)
        found = Node(self._scalar(node, at), self._file, at.line)
        _check(found)
        return found

    def _table(self, node: Any, depth: int, at: Node) -> Node:
        found: dict[str, Node] = {}
        for name, value in node.value:
            place = Node(None, self._file, name.start_mark.line + 1)
            if not isinstance(name, yaml.ScalarNode) or name.tag == f"{_TAG}merge":
                raise place.wrong("a key is a text or a number")
            key = str(name.value)
            if key in found:
                raise place.wrong(f'"{key}" stands here twice, the first time in line {found[key].line}')
            read = self.read(value, depth + 1)
            found[key] = read if read.is_table or read.is_list else Node(read.value, self._file, place.line)
        return Node(found, self._file, at.line)

    def _scalar(self, node: Any, at: Node) -> Json:
        kind, text = node.tag.removeprefix(_TAG), node.value
        meant = {"int": not _PLAIN_NUMBER.fullmatch(text), "float": ":" in text}
        if kind in {"str", "timestamp"} or meant.get(kind, False):
            return text  # a day, a time or a number with a nought before it is meant as it stands
        if kind not in {"null", "bool", "int", "float"}:
            raise at.wrong(f"{node.tag} is nothing that a suite can hold")
        return self._constructor.construct_object(node)


def _check(node: Node) -> None:
    value = node.value
    if isinstance(value, float) and not math.isfinite(value):
        raise node.wrong(f"{value} is no number that anything could be held against", "Write a number.")
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > LARGEST_INTEGER:
        raise node.wrong(
            "an integer beyond 2^53-1 is read differently by different readers", "Put it in quotes."
        )
