"""What every durable fact is: an event with the name of its kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

Json = Any
"""A plain JSON value: dict, list, str, int, float, bool or None."""


@dataclass(frozen=True, slots=True)
class Event:
    """What all facts share: nothing but the name of their kind."""

    KIND: ClassVar[str]
