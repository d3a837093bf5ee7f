"""JSON schemas as the constrained decoding of the Messages API takes them.

Every object has to be closed, and most limits (lengths, ranges, patterns) are refused. What it cannot enforce is said
to the model in the description and is left to whoever checks the answer. What would change meaning is refused here.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec

from remit.domain.action_errors import Unsupported

Json = Any
Schema = dict[str, Json]

LARGEST_DEPTH = 64
"""Levels of a schema; a deeper one refers to itself by mistake, not by `$ref`."""


def constrained(schema: Schema) -> Schema:
    """The schema in the subset that can be enforced; raises `Unsupported` for an object with free keys."""
    return _subset(schema, "$", 0)


def _subset(schema: Schema, at: str, depth: int) -> Schema:
    if depth > LARGEST_DEPTH:
        raise Unsupported(f"the output schema is nested more than {LARGEST_DEPTH} levels deep, at {at}.")
    if not schema.keys() & _SAYING:
        raise _unenforceable(at)
    found: Schema = {key: schema[key] for key in _PLAIN if key in schema}
    for key, value in schema.items():  # in the order given: the same schema is the same bytes, and is cached
        if key in _NAMED:
            named = _dict(value, at)
            found[key] = {name: _inner(inner, f"{at}.{name}", depth) for name, inner in named.items()}
        elif key in _LISTS:
            listed = enumerate(_list(value, at))
            variants = [_inner(variant, f"{at}.{key}[{i}]", depth) for i, variant in listed]
            found["anyOf" if key == "oneOf" else key] = variants
    if "items" in schema:
        found["items"] = _inner(schema["items"], f"{at}[]", depth)
    if _is_object(schema):
        _check_closed(schema, at)
        found.setdefault("properties", {})
        found["additionalProperties"] = False
    return _with_limits(
        found, {key: schema[key] for key in schema.keys() - _SAID if not _enforced(key, schema[key])}
    )


def _inner(value: object, at: str, depth: int) -> Schema:
    return _subset(_dict(value, at), at, depth + 1)


def _dict(value: object, at: str) -> Schema:
    if isinstance(value, dict):
        return cast("Schema", value)
    raise _unenforceable(at)


def _list(value: object, at: str) -> list[Json]:
    if isinstance(value, list | tuple):
        return list(cast("list[Json]", value))
    raise _unenforceable(at)


def _unenforceable(at: str) -> Unsupported:
    return Unsupported(
        f"anthropic cannot be held to the output schema at {at}: it allows anything, or says nothing.",
        "Give every value a type.",
    )


def _is_object(schema: Schema) -> bool:
    kind = schema.get("type")
    return kind == "object" or (isinstance(kind, list) and "object" in kind)


def _check_closed(schema: Schema, at: str) -> None:
    free = schema.get("additionalProperties")
    if isinstance(free, dict) or (free is not False and not schema.get("properties")):
        raise Unsupported(
            f"anthropic cannot be held to an object with free keys, which the output schema has at {at}.",
            "Name its properties, or ask for a list of pairs.",
        )


def _enforced(key: str, value: Json) -> bool:
    return (key == "format" and value in _FORMATS) or (key == "minItems" and value in (0, 1))


def _with_limits(found: Schema, limits: Schema) -> Schema:
    """What cannot be enforced is told: the model may keep to it, and whoever checks will see."""
    for key in _CONDITIONAL & limits.keys():
        found.pop(key, None)
    if limits:
        said = ", ".join(f"{key}: {msgspec.json.encode(limits[key]).decode()}" for key in sorted(limits))
        described = found.get("description")
        found["description"] = f"{described}\n\n({said})" if described else f"({said})"
    return found


_PLAIN = ("$ref", "type", "title", "description", "enum", "const", "required", "format", "minItems")
_SAYING = frozenset({"type", "anyOf", "oneOf", "allOf", "enum", "const", "$ref"})
_CONDITIONAL = frozenset({"format", "minItems"})
_NAMED = frozenset({"$defs", "definitions", "properties"})
_LISTS = frozenset({"anyOf", "oneOf", "allOf"})
_SAID = (
    frozenset({"items", "additionalProperties", "$schema", "$id", "default", "examples"})
    | _NAMED
    | _LISTS
    | (frozenset(_PLAIN) - _CONDITIONAL)
)
_FORMATS = ("date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid")
