"""Plain arithmetic on JSON schemas: what types one takes, whether a value keeps its bounds, two of them at once. It
follows no reference and knows no conversation.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any
Schema = dict[str, Any]

PYTHON: dict[str, Any] = {"string": str, "boolean": bool, "object": dict, "array": list, "null": type(None)}
_TELLING = {
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "prefixItems", "minItems"},
    "string": {"pattern", "minLength", "maxLength", "format"},
    "number": {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"},
}
"""What gives away the type of a schema that does not say it."""


def types_of(schema: Schema) -> list[str]:
    """The types it takes, the first one that it means first."""
    said = schema.get("type")
    if said is not None:
        return [said] if isinstance(said, str) else list(said)
    for kind, keys in _TELLING.items():
        if keys & schema.keys():
            return [kind]
    return ["string", "integer", "number", "boolean", "object", "array", "null"]


def is_of(value: Json, kind: str) -> bool:
    """Whether a value is of a type; JSON's numbers are no booleans."""
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    return kind in PYTHON and isinstance(value, PYTHON[kind])


def fits(value: Json, schema: Schema) -> bool:
    """Whether a value has the type and keeps the bounds; what it contains is not looked at."""
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    return any(is_of(value, kind) for kind in types_of(schema)) and _in_bounds(value, schema)


def number(schema: Schema, *, whole: bool, sure: bool = False) -> float:
    """A number within the bounds: quite sure where it says how sure one is, else 1 or what is nearest to it."""
    low, high = _limit(schema, "minimum", -math.inf), _limit(schema, "maximum", math.inf)
    low = max(low, _limit(schema, "exclusiveMinimum", -math.inf))
    high = min(high, _limit(schema, "exclusiveMaximum", math.inf))
    step = schema.get("multipleOf", 0)
    for wish in _wishes(low, high, step or (1 if whole else 0.5), sure=sure):
        if math.isfinite(wish) and (not whole or float(wish).is_integer()):
            value = int(wish) if whole else wish
            if _in_bounds(value, schema):
                return value
    return 1


def merged(one: Schema, other: Schema) -> Schema:
    """Both at once: all properties, all that is required, and for the rest what the second says."""
    both = {**one, **other}
    if "properties" in one and "properties" in other:
        both["properties"] = {**one["properties"], **other["properties"]}
    if "required" in one and "required" in other:
        both["required"] = [*dict.fromkeys([*one["required"], *other["required"]])]
    return both


def without(schema: Schema, key: str) -> Schema:
    """The same without one key."""
    return {name: value for name, value in schema.items() if name != key}


def distinct(items: list[Json]) -> list[Json]:
    """Items that differ, as far as a letter or a number more makes them differ."""
    seen: list[Json] = []
    for item in items:
        found = item
        while found in seen and isinstance(found, str | int | float) and not isinstance(found, bool):
            found = f"{found}'" if isinstance(found, str) else found + 1
        if found not in seen:
            seen.append(found)
    return seen


def _wishes(low: float, high: float, step: float, *, sure: bool) -> Iterator[float]:
    if sure:
        yield 0.9 if high in {math.inf, 1} else (low if math.isfinite(low) else 0.0) * 0.1 + high * 0.9
    wish = min(max(1.0, low), high)
    if math.isfinite(wish):
        yield wish
        yield math.ceil(wish / step) * step
        yield math.floor(wish / step) * step
        yield (math.floor(wish / step) + 1) * step
    yield low
    yield high
    yield (low + high) / 2


def _in_bounds(value: Json, schema: Schema) -> bool:
    if isinstance(value, str):
        return _is_of_length(value, schema) and _matches(value, schema)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return True
    if not _limit(schema, "minimum", -math.inf) <= value <= _limit(schema, "maximum", math.inf):
        return False
    if (
        not _limit(schema, "exclusiveMinimum", -math.inf)
        < value
        < _limit(schema, "exclusiveMaximum", math.inf)
    ):
        return False
    step = schema.get("multipleOf", 0)
    return not step or math.isclose(value / step, round(value / step), abs_tol=1e-9)


def _limit(schema: Schema, key: str, otherwise: float) -> float:
    """In older schemas `exclusiveMinimum` is a boolean, and says nothing by itself."""
    said = schema.get(key, otherwise)
    return otherwise if isinstance(said, bool) else said


def _is_of_length(text: str, schema: Schema) -> bool:
    return int(schema.get("minLength", 0)) <= len(text) <= schema.get("maxLength", math.inf)


def _matches(text: str, schema: Schema) -> bool:
    try:
        return "pattern" not in schema or bool(re.search(schema["pattern"], text))
    except re.error:
        return False
