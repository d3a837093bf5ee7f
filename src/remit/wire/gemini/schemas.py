"""Gemini's two ways to write a schema: JSON Schema, and an older one after OpenAPI (`OBJECT`, `nullable`).

Clients may send either; the neutral form has JSON Schema only.
"""

from __future__ import annotations

from typing import Any, cast

from remit.wire.fields import CLIENT
from remit.wire.gemini.names import camel

Json = Any
Schema = dict[str, Json]

LARGEST_DEPTH = 64


def from_openapi(schema: Schema, at: str, depth: int = 0) -> Schema:
    """The schema as JSON Schema."""
    if depth > LARGEST_DEPTH:
        raise CLIENT.wrong(at, f"is nested more than {LARGEST_DEPTH} levels deep")
    found: Schema = {}
    for key, value in camel(schema).items():
        match key, value:
            case "nullable" | "propertyOrdering" | "example", _:
                continue
            case "type", str():
                found[key] = value.lower()
            case (("properties" | "defs" | "$defs"), dict()):
                named = cast("dict[str, Json]", value)
                found[key] = {name: _inner(inner, f"{at}.{name}", depth) for name, inner in named.items()}
            case (("items" | "additionalProperties"), dict()):
                found[key] = _inner(value, f"{at}.{key}", depth)
            case (("anyOf" | "oneOf" | "allOf" | "prefixItems"), list()):
                listed = cast("list[Json]", value)
                found[key] = [_inner(inner, f"{at}.{key}[{i}]", depth) for i, inner in enumerate(listed)]
            case str(), str() if key in _COUNTS and value.isdecimal():
                found[key] = int(value)
            case _:
                found[key] = value
    return _or_null(found) if schema.get("nullable") is True else found


def _inner(value: Json, at: str, depth: int) -> Json:
    return from_openapi(cast("Schema", value), at, depth + 1) if isinstance(value, dict) else value


def _or_null(schema: Schema) -> Schema:
    kind = schema.get("type")
    if "enum" in schema or not isinstance(kind, str):
        return {"anyOf": [schema, {"type": "null"}]}
    return {**schema, "type": [kind, "null"]}


_COUNTS = frozenset({"minItems", "maxItems", "minLength", "maxLength", "minProperties", "maxProperties"})
"""64-bit integers, which this API writes as text."""
