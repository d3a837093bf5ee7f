"""Paths into a value of objects and lists: `tickets.{id}.status`, where `{id}` is an argument of a call. They are read,
filled, followed and written here; what the value is about is not known.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from remit.quality.scenarios.expectation import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any
MISSING: Any = object()
"""What stands at a path that leads nowhere."""
APPEND = "+"
"""The last part of a path that adds to a list."""
_WHOLE = re.compile(r"\{(\w+)\}")


def parts_of(path: str, args: Mapping[str, Json] | None = None) -> list[str]:
    """The parts of a path with its arguments filled in: a dot in an argument does not split it."""
    return [_fill_text(part, args or {}) for part in path.split(".")] if path else []


def follow(value: Json, parts: Sequence[str]) -> Json:
    """What stands there, or `MISSING`."""
    for part in parts:
        if isinstance(value, dict):
            value = cast("dict[str, Json]", value).get(part, MISSING)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(cast("list[Json]", value)):
            value = cast("list[Json]", value)[int(part)]
        else:
            return MISSING
    return value


def put(state: dict[str, Json], parts: Sequence[str], value: Json) -> None:
    """Write a value there, with the objects that lead to it; `+` adds to a list."""
    place: Json = state
    for part, after in zip(parts, [*parts[1:], ""], strict=True):
        last = after == ""
        if part == APPEND and isinstance(place, list):
            cast("list[Json]", place).append(value)
            return
        if isinstance(place, list):
            number = int(part) if part.isdecimal() else -1
            held = cast("list[Json]", place)
            if not 0 <= number < len(held):
                return
            if last:
                held[number] = value
            place = held[number]
            continue
        table = cast("dict[str, Json]", place)
        if last:
            table[part] = value
            return
        if not isinstance(table.get(part), (dict, list)):
            table[part] = [] if after == APPEND else {}
        place = table[part]


def filled(template: Json, args: Mapping[str, Json]) -> Json:
    """A value in which `{name}` stands for an argument: alone as it is, within a text as text."""
    if isinstance(template, str):
        whole = _WHOLE.fullmatch(template)
        if whole and whole[1] in args:
            return args[whole[1]]
        return _fill_text(template, args)
    if isinstance(template, dict):
        return {key: filled(each, args) for key, each in cast("dict[str, Json]", template).items()}
    if isinstance(template, list):
        return [filled(each, args) for each in cast("list[Json]", template)]
    return template


def _fill_text(text: str, args: Mapping[str, Json]) -> str:
    return _WHOLE.sub(lambda found: text_of(args[found[1]]) if found[1] in args else found[0], text)
