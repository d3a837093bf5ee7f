"""How a misfit is said to a model: what a schema takes, what was given instead, and the nearest name. Text only."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

Json = Any

_LONGEST = 80
_MANY = 8
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
    "array": "a list",
    "object": "an object",
}


def expected(schema: Json, root: Json) -> str:
    """What a schema takes, in words."""
    return _expected(schema, root, 0)


def said(value: Json) -> str:
    """What was given, shortened: a model needs to recognise it, not to read it again."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}… ({len(text):,} characters)"


def nearest(name: str, known: Iterable[str]) -> str:
    """` (nearest: "x")`, if one of the known names looks like it."""
    found = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f' (nearest: "{found[0]}")' if found else ""


def _expected(schema: Json, root: Json, depth: int) -> str:
    if not isinstance(schema, dict) or depth > _MANY:
        return "anything"
    known = cast("dict[str, Json]", schema)
    reference = known.get("$ref")
    if isinstance(reference, str):
        return _expected(_resolve(reference, root), root, depth + 1)
    if "const" in known:
        return said(known["const"])
    if isinstance(known.get("enum"), list):
        return _one_of([said(choice) for choice in known["enum"]])
    for key in ("anyOf", "oneOf"):
        if isinstance(known.get(key), list):
            choices = [_expected(choice, root, depth + 1) for choice in known[key]]
            return " or ".join(dict.fromkeys(choices)) or "anything"
    return _typed(known, root, depth)


def _typed(known: dict[str, Json], root: Json, depth: int) -> str:
    kind = known.get("type")
    if isinstance(kind, list):
        return " or ".join(
            _expected({**known, "type": each}, root, depth + 1) for each in cast("list[str]", kind)
        )
    if kind == "array" and "items" in known:
        return f"a list of {_expected(known['items'], root, depth + 1)}"
    if kind == "object" and isinstance(known.get("properties"), dict):
        return f"an object with {', '.join(cast('dict[str, Json]', known['properties'])) or 'nothing in it'}"
    if kind == "string" and isinstance(known.get("format"), str):
        return f"text ({known['format']})"
    return _WORDS.get(str(kind), "anything")


def _one_of(choices: list[str]) -> str:
    if len(choices) > _MANY:
        return f"one of {', '.join(choices[:_MANY])}, … ({len(choices)} choices)"
    return choices[0] if len(choices) == 1 else f"one of {', '.join(choices)}"


def _resolve(reference: str, root: Json) -> Json:
    place = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        key = part.replace("~1", "/").replace("~0", "~")
        place = cast("dict[str, Json]", place).get(key) if isinstance(place, dict) else None
    return place
