"""What every durable fact is: an event with the name of its kind."""

from __future__ import annotations

from dataclasses import Field
from typing import Any, ClassVar

Json = Any
"""A plain JSON value: dict, list, str, int, float, bool or None."""


def object_of(value: Json) -> dict[str, Json]:
    """A JSON value as an object; an empty one if it is none."""
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType]


class Event:
    """What all facts share: nothing but the name of their kind. Every kind is a dataclass."""

    __slots__ = ()

    KIND: ClassVar[str]
    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
