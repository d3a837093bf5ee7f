"""Quarantined children: an agent without tools that reads what nobody trusts and can answer with data alone.

An answer of numbers, booleans, dates and choices carries no words, so nothing that its reader was told can speak to
whoever asked. What counts as data alone is decided by the schema of the answer, never by the answer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

Json = Any

_NUMBERS = frozenset({"integer", "number", "boolean", "null"})
_DATES = frozenset({"date", "date-time", "time"})


def is_data_alone(schema: Json, definitions: dict[str, Json] | None = None) -> bool:
    """Whether no value of this schema can hold words."""
    if not isinstance(schema, dict):
        return False
    said = cast("dict[str, Json]", schema)
    known = definitions if definitions is not None else cast("dict[str, Json]", said.get("$defs") or {})
    if "enum" in said or "const" in said:
        return True
    target = said.get("$ref")
    if isinstance(target, str):
        name = target.rpartition("/")[2]
        rest = {
            each: value for each, value in known.items() if each != name
        }  # what contains itself has no end
        return name in known and is_data_alone(known[name], rest)
    for way in ("anyOf", "oneOf", "allOf"):
        if way in said:
            return all(is_data_alone(each, known) for each in said[way])
    return _kinds_are_data(said, known)


def _kinds_are_data(said: dict[str, Json], known: dict[str, Json]) -> bool:
    kinds = said.get("type")
    named = {kinds} if isinstance(kinds, str) else set(kinds or ())
    for kind in named:
        if kind == "string" and said.get("format") not in _DATES:
            return False
        if kind == "array" and not is_data_alone(said.get("items"), known):
            return False
        if kind == "object" and not _is_closed(said, known):
            return False
    return bool(named) and named <= _NUMBERS | {"string", "array", "object"}


def _is_closed(said: dict[str, Json], known: dict[str, Json]) -> bool:
    inner = cast("dict[str, Json]", said.get("properties") or {})
    return said.get("additionalProperties") is False and all(
        is_data_alone(each, known) for each in inner.values()
    )


def with_texts(schema: Json, value: Json, put: Callable[[str, str], str], name: str = "") -> Json:
    """An answer of this schema with something else in the place of every text that may hold words; `put` is told
    where it stands.
    """
    return _put(schema, value, put, name, cast("dict[str, Json]", _at(schema, "$defs") or {}))


def _put(
    schema: Json, value: Json, put: Callable[[str, str], str], name: str, known: dict[str, Json]
) -> Json:
    if is_data_alone(schema, known) and not isinstance(value, dict | list):
        return value
    said = known.get(str(_at(schema, "$ref") or "").rpartition("/")[2], schema)
    if isinstance(value, str):
        return put(name, value)
    if isinstance(value, list):
        inner = _at(_fitting(said, value, known), "items")
        return [_put(inner, each, put, name, known) for each in cast("list[Json]", value)]
    if isinstance(value, dict):
        fields: Json = _at(_fitting(said, value, known), "properties")
        return {
            key: _put(_at(fields, key), each, put, f"{name}.{key}" if name else key, known)
            for key, each in cast("dict[str, Json]", value).items()
        }
    return value


def _fitting(said: Json, value: Json, known: dict[str, Json]) -> Json:
    """Of several ways that a schema leaves, the one that this value takes; none fits: everything in it is words."""
    for way in ("anyOf", "oneOf", "allOf"):
        for each in _at(said, way) or ():
            meant = known.get(str(_at(each, "$ref") or "").rpartition("/")[2], each)
            if isinstance(value, list) and _at(meant, "items") is not None:
                return meant
            if isinstance(value, dict) and set(value) <= set(_at(meant, "properties") or ()):  # pyright: ignore[reportUnknownArgumentType]
                return meant
    return said


def _at(said: Json, key: str) -> Json:
    return cast("dict[str, Json]", said).get(key) if isinstance(said, dict) else None
