"""What a value has to be to count as right: equal, near, containing, matching, fitting a schema, or each of its fields
so. It answers with the reason why not, in words for whoever wrote it, and knows nothing of agents.
"""

from __future__ import annotations

import json
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from remit.domain.action_errors import BadArguments
from remit.quality.scenarios.equality import is_finite, same
from remit.tools.arguments import ArgumentCheck
from remit.tools.patterns import compiled

Json = Any
_LONGEST = 80
_LARGEST = 1e300


class Match(StrEnum):
    """How a value is held against what is expected."""

    EQUALS = "equals"
    """The same value; 25 is 25.0."""
    ONE_OF = "one_of"
    """The same as one of these."""
    CONTAINS = "contains"
    """A text that holds these texts, whatever their case; a list that holds these values."""
    LACKS = "lacks"
    """The opposite: none of them."""
    REGEX = "regex"
    """A text in which this pattern (ECMA-262, in linear time) is found."""
    NEAR = "near"
    """A number no further away than `within`."""
    SCHEMA = "schema"
    """What this JSON Schema takes; a text that holds JSON is read first."""
    FIELDS = "fields"
    """An object in which each of these fields is as expected; others do not matter."""
    ALL = "all"
    """Each of these expectations."""
    PRESENT = "present"
    """Anything but nothing, or (false) nothing."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a value has to be."""

    match: Match
    value: Json = None
    within: float = 0.0
    """How far from `near` it may be."""
    parts: tuple[tuple[str, Expectation], ...] = ()
    """Of `fields` by name; of `all` without names."""

    def unmet(self, found: Json) -> str:
        """Why a value is not as expected; empty if it is."""
        match self.match:
            case Match.EQUALS:
                return "" if same(found, self.value) else f"{shown(found)} is not {shown(self.value)}"
            case Match.ONE_OF:
                held = any(same(found, each) for each in self.value)
                return "" if held else f"{shown(found)} is none of {shown(self.value)}"
            case Match.CONTAINS:
                lacking = [each for each in _several(self.value) if not _holds(found, each)]
                return f"{shown(found)} does not contain {shown(lacking[0])}" if lacking else ""
            case Match.LACKS:
                there = [each for each in _several(self.value) if _holds(found, each)]
                return f"{shown(found)} contains {shown(there[0])}" if there else ""
            case Match.REGEX:
                held = compiled(str(self.value)).found_in(text_of(found))
                return "" if held else f"{shown(found)} does not match {self.value}"
            case _:
                return self._unmet_by_shape(found)

    def _unmet_by_shape(self, found: Json) -> str:
        match self.match:
            case Match.NEAR:
                return _far(found, float(self.value), self.within)
            case Match.SCHEMA:
                return _misfit(found, self.value)
            case Match.FIELDS:
                return self._unmet_fields(found)
            case Match.PRESENT:
                held = (found is not None) is bool(self.value)
                return "" if held else ("it is not there" if self.value else f"there is {shown(found)}")
            case _:
                return next((why for _, each in self.parts if (why := each.unmet(found))), "")

    def _unmet_fields(self, found: Json) -> str:
        given = read_json(found)
        if not isinstance(given, dict):
            return f"{shown(found)} is no object with {', '.join(name for name, _ in self.parts)}"
        held = cast("dict[str, Json]", given)
        for name, each in self.parts:
            if why := each.unmet(held.get(name)):
                return f"{name}: {why}"
        return ""


def equals(value: Json) -> Expectation:
    """The same value."""
    return Expectation(Match.EQUALS, value)


def shown(value: Json) -> str:
    """A value in a sentence, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def text_of(value: Json) -> str:
    """A value as the text that a person would read."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def read_json(value: Json) -> Json:
    """A text that holds JSON as what it holds; anything else as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _several(value: Json) -> list[Json]:
    return cast("list[Json]", value) if isinstance(value, list) else [value]


def _holds(found: Json, part: Json) -> bool:
    if isinstance(found, list):
        return any(same(each, part) for each in cast("list[Json]", found))
    return _folded(text_of(part)) in _folded(text_of(found))


def _folded(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _far(found: Json, wanted: float, within: float) -> str:
    number = read_json(found)
    if isinstance(number, bool) or not isinstance(number, (int, float)) or not is_finite(number):
        return f"{shown(found)} is no number"
    held = abs(number) <= _LARGEST and abs(number - wanted) <= within
    return "" if held else f"{shown(number)} is further than {within:g} from {wanted:g}"


def _misfit(found: Json, schema: dict[str, Json]) -> str:
    whole = {"type": "object", "properties": {"value": schema}, "required": ["value"]}
    if "$defs" in schema:
        whole["$defs"] = schema["$defs"]
    try:
        ArgumentCheck(whole, "the answer").check({"value": read_json(found)})
    except BadArguments as wrong:
        return wrong.message
    return ""
