"""JSON as the values that the Postgres driver takes for each type of placeholder."""

from __future__ import annotations

import base64
import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Callable

    from asyncpg.types import Type

Json = Any
_INTEGERS = frozenset({"int2", "int4", "int8", "oid"})
_NUMBERS = frozenset({"float4", "float8", "numeric"})


def schema_type(kind: Type) -> str:
    """What JSON Schema calls it; `any` where that says nothing."""
    if kind.kind == "array":
        return "array"
    if kind.name in _INTEGERS:
        return "integer"
    if kind.name in _NUMBERS:
        return "number"
    return {"bool": "boolean", "json": "any", "jsonb": "any"}.get(kind.name, "string")


def bound(value: Json, kind: Type) -> object:
    """A value for a placeholder; raises `ValueError` for one that it cannot be."""
    return _bound(
        value, kind.name.removesuffix("[]").removeprefix("_") if kind.kind == "array" else kind.name
    )


def _bound(value: Json, name: str) -> object:
    if value is None:
        return None
    if isinstance(value, list) and name not in {"json", "jsonb"}:
        return [_bound(each, name) for each in cast("list[Json]", value)]
    if name in {"json", "jsonb"}:
        return value if isinstance(value, str) and name == "json" else json.dumps(value)
    if name in _INTEGERS and isinstance(value, str):
        return int(value)
    make = _MADE.get(name)
    if make is None or not isinstance(value, str | int | float):
        return _unpacked(value) if name == "bytea" else cast("object", value)
    return make(value)


def _unpacked(value: Json) -> object:
    known = cast("dict[str, Json]", value) if isinstance(value, dict) else {}
    return base64.b64decode(str(known["base64"])) if "base64" in known else cast("object", value)


_MADE: dict[str, Callable[[Any], object]] = {
    "numeric": lambda value: Decimal(str(value)),
    "float4": float,
    "float8": float,
    "timestamp": lambda value: datetime.fromisoformat(str(value)),
    "timestamptz": lambda value: datetime.fromisoformat(str(value)),
    "date": lambda value: date.fromisoformat(str(value)),
    "time": lambda value: time.fromisoformat(str(value)),
    "timetz": lambda value: time.fromisoformat(str(value)),
    "interval": lambda value: timedelta(seconds=float(value)),
    "bytea": lambda value: base64.b64decode(str(value), validate=True),
    "text": str,
    "varchar": str,
    "bpchar": str,
    "uuid": str,
}
