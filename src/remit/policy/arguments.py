"""The arguments of tools as rules see them: which have a type that Cedar knows, and how their values are carried over.

A fraction has no exact place in Cedar's whole numbers, so it is carried twice, rounded up and rounded down; which of
the two a comparison reads (`expressions`) makes it exact. What has no exact form raises `Unfit`, which is a denial.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, cast

from remit.domain.tools import ToolManifest

Json = Any

RESERVED = frozenset({"environment"})
"""What the platform itself puts into the context of a call."""
_LEAST, _MOST = -(2**63), 2**63 - 1


class Kind(StrEnum):
    """The types that both sides have."""

    LONG = "Long"
    FRACTION = "Long, of a fraction"
    TEXT = "String"
    TRUTH = "Bool"
    TEXTS = "Set<String>"
    LONGS = "Set<Long>"

    @property
    def cedar(self) -> str:
        """The type in a schema."""
        return "Long" if self is Kind.FRACTION else self.value


@dataclass(frozen=True, slots=True)
class Argument:
    """A parameter of a tool under the name that rules use."""

    name: str
    parameter: str
    kind: Kind
    present: bool = False
    """Whether every call has it: required, or filled in from its default."""
    default: Json = None
    choices: tuple[str, ...] = ()


class Unfit(Exception):
    """A value that rules cannot look at as it is."""


def arguments_of(manifest: ToolManifest) -> tuple[dict[str, Argument], frozenset[str]]:
    """The arguments that rules can name, and the names of those that they cannot because of their type."""
    schema = manifest.parameters
    properties = _mapping(schema.get("properties"))
    required = cast("list[str]", schema.get("required") or [])
    found: dict[str, Argument] = {}
    hidden: set[str] = set()
    for parameter, described in properties.items():
        name = f"argument_{parameter}" if parameter in RESERVED else parameter
        argument = _argument(name, parameter, _mapping(described), schema, parameter in required)
        if argument is None or name in found or (name != parameter and name in properties):
            hidden.add(name)
        else:
            found[name] = argument
    return found, frozenset(hidden)


def convert(kind: Kind, value: Json, *, up: bool = True) -> Json:
    """A value as Cedar takes it; equal results mean equal values for every rule."""
    match kind:
        case Kind.LONG:
            return _long(value)
        case Kind.FRACTION:
            return _rounded(value, up=up)
        case Kind.TEXT if isinstance(value, str):
            return value
        case Kind.TRUTH if isinstance(value, bool):
            return value
        case Kind.TEXTS if isinstance(value, list):
            return tuple(sorted({convert(Kind.TEXT, each) for each in cast("list[Json]", value)}))
        case Kind.LONGS if isinstance(value, list):
            return tuple(sorted({_long(each) for each in cast("list[Json]", value)}))
        case _:
            raise Unfit(f"is no {kind.cedar}")


# --- values -------------------------------------------------------------------------------------------------


def _long(value: Json) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # JSON Schema counts 200.0 among the integers
    if not isinstance(value, int) or isinstance(value, bool):
        raise Unfit("is no whole number")
    return _within(value)


def _rounded(value: Json, *, up: bool) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Unfit("is no number")
    return _within(math.ceil(value) if up else math.floor(value))


def _within(value: int) -> int:
    if not _LEAST <= value <= _MOST:
        raise Unfit("is beyond the numbers that rules can compare")
    return value


# --- schemas ------------------------------------------------------------------------------------------------


def _argument(
    name: str, parameter: str, described: Mapping[str, Json], root: Mapping[str, Json], required: bool
) -> Argument | None:
    if not name.isprintable() or name.startswith("__"):
        return None
    shape, nullable = _plain(described, root)
    kind = _kind(shape, root)
    if kind is None:
        return None
    default = described.get("default")
    filled = default is not None and _fits(kind, default)
    choices = _choices(shape) if kind is Kind.TEXT else ()
    return Argument(
        name, parameter, kind, present=(required and not nullable) or filled,
        default=default if filled else None, choices=choices,
    )  # fmt: skip


def _plain(described: Mapping[str, Json], root: Mapping[str, Json]) -> tuple[Mapping[str, Json], bool]:
    """The schema behind references and `or null`, and whether null is allowed."""
    described = _resolved(described, root)
    either = described.get("anyOf") or described.get("oneOf")
    if isinstance(either, list):
        options = [_resolved(_mapping(each), root) for each in cast("list[Json]", either)]
        rest = [each for each in options if each.get("type") != "null"]
        return (rest[0] if len(rest) == 1 else {}), len(rest) < len(options)
    types = described.get("type")
    if isinstance(types, list):
        listed = cast("list[Json]", types)
        names = [each for each in listed if each != "null"]
        return (dict(described) | {"type": names[0]} if len(names) == 1 else {}), len(names) < len(listed)
    return described, False


def _resolved(described: Mapping[str, Json], root: Mapping[str, Json]) -> Mapping[str, Json]:
    seen: set[str] = set()
    while isinstance(reference := described.get("$ref"), str):
        if reference in seen or not reference.startswith("#/"):
            return {}
        seen.add(reference)
        target: Json = root
        for part in reference[2:].split("/"):
            target = _mapping(target).get(part.replace("~1", "/").replace("~0", "~"))
        described = _mapping(target)
    return described


def _kind(shape: Mapping[str, Json], root: Mapping[str, Json]) -> Kind | None:
    kind = shape.get("type")
    if kind == "array":
        items, nullable = _plain(_mapping(shape.get("items")), root)
        inner = None if nullable else _SCALARS.get(str(items.get("type")))
        return {Kind.TEXT: Kind.TEXTS, Kind.LONG: Kind.LONGS}.get(inner) if inner else None
    if kind is None and _choices(shape):
        return Kind.TEXT
    return _SCALARS.get(kind) if isinstance(kind, str) else None


def _choices(shape: Mapping[str, Json]) -> tuple[str, ...]:
    listed = shape.get("enum")
    given = cast("list[Json]", listed) if isinstance(listed, list) else [shape.get("const")]
    texts = tuple(each for each in given if isinstance(each, str))
    return texts if len(texts) == len(given) else ()


def _fits(kind: Kind, value: Json) -> bool:
    try:
        convert(kind, value)
    except Unfit:
        return False
    return True


def _mapping(value: Json) -> Mapping[str, Json]:
    return cast("Mapping[str, Json]", value) if isinstance(value, Mapping) else {}


_SCALARS = {
    "integer": Kind.LONG,
    "number": Kind.FRACTION,
    "string": Kind.TEXT,
    "boolean": Kind.TRUTH,
}
