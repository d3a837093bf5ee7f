"""Expectations as they are written: a value alone means that value; a table of `equals`, `contains`, `near` and the
like means all of these. What is plainly a mistake (a pattern that is none, a schema that nothing fits) is refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import InvalidTool
from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.tools.arguments import check_schema
from remit.tools.patterns import PatternError, compiled

if TYPE_CHECKING:
    from remit.quality.suites.node import Node

Json = Any

_MATCHES = {each.value for each in Match if each is not Match.ALL}
KEYS = {*_MATCHES, "within"}


def read_expectation(node: Node, what: str, *, fields: bool = False) -> Expectation:
    """What is expected. A table without any of the words is a value; with `fields`, an object whose fields are
    expectations themselves.
    """
    if not node.is_table:
        return equals(node.plain)
    held = node.table(what)
    words = held.keys() & _MATCHES
    if not words:
        return _fields(node, what) if fields and held else equals(node.plain)
    other = held.keys() - KEYS
    if other:
        raise node.wrong(
            f'{what} has "{min(other)}" beside "{min(words)}"',
            'A value that has such keys itself is written under "equals".',
        )
    parts = [
        _one(Match(word), held[word], held.get("within"), f"{what}, {word}") for word in held if word in words
    ]
    if "within" in held and "near" not in held:
        raise held["within"].wrong(f'{what} has "within" without "near"')
    return parts[0] if len(parts) == 1 else Expectation(Match.ALL, parts=tuple(("", each) for each in parts))


def read_arguments(node: Node | None, what: str) -> dict[str, Expectation]:
    """Expectations by the name of an argument."""
    if node is None or node.value is None:
        return {}
    return {name: read_expectation(each, f"{what}, {name}") for name, each in node.table(what).items()}


def write_expectation(expect: Expectation, *, fields: bool = False) -> Json:
    """How an expectation is written, the shortest way."""
    match expect.match:
        case Match.EQUALS:
            return {"equals": expect.value} if _looks_like_more(expect.value, fields=fields) else expect.value
        case Match.FIELDS:
            parts = {name: write_expectation(each, fields=True) for name, each in expect.parts}
            return parts if fields and not KEYS & parts.keys() else {"fields": parts}
        case Match.NEAR:
            return {"near": expect.value, "within": expect.within}
        case Match.ALL:
            written: dict[str, Json] = {}
            for _, each in expect.parts:
                said = write_expectation(each)
                written |= said if isinstance(said, dict) else {"equals": said}
            return written
        case _:
            return {expect.match.value: expect.value}


def _looks_like_more(value: Json, *, fields: bool) -> bool:
    return isinstance(value, dict) and bool(fields or KEYS & value.keys())


def _fields(node: Node, what: str) -> Expectation:
    parts = [
        (name, read_expectation(each, f"{what}, {name}", fields=True))
        for name, each in node.table(what).items()
    ]
    if not parts:
        raise node.wrong(f"{what} names no field")
    return Expectation(Match.FIELDS, parts=tuple(parts))


def _one(match: Match, node: Node, within: Node | None, what: str) -> Expectation:
    match match:
        case Match.FIELDS:
            return _fields(node, what)
        case Match.NEAR:
            far = 0.0 if within is None else within.number(f"{what}, within", 0)
            return Expectation(match, node.number(what), far)
        case Match.REGEX:
            return Expectation(match, _pattern(node, what))
        case Match.SCHEMA:
            return Expectation(match, _schema(node, what))
        case Match.PRESENT:
            return Expectation(match, node.flag(what))
        case Match.ONE_OF:
            if not node.items(what):
                raise node.wrong(f"{what} names nothing")
            return Expectation(match, node.plain)
        case _:
            if match in {Match.CONTAINS, Match.LACKS} and node.plain in (None, "", []):
                raise node.wrong(f"{what} names nothing")
            return Expectation(match, node.plain)


def _pattern(node: Node, what: str) -> str:
    text = node.text(what)
    try:
        compiled(text)
    except PatternError as wrong:
        raise node.wrong(f"{what}: the pattern cannot be used: {wrong}") from None
    return text


def _schema(node: Node, what: str) -> Json:
    node.table(what)
    try:
        check_schema(node.plain, what)
    except InvalidTool as wrong:
        raise node.wrong(wrong.message.rstrip(".")) from None
    return node.plain
