"""One setting: its default, its bounds, and one line on what it means. Which there are stands in the sections."""

from __future__ import annotations

from dataclasses import field
from typing import Any, TypeVar

T = TypeVar("T")


def setting(
    default: T, meaning: str, *, least: int = 0, most: int = 2**31 - 1, words: tuple[str, ...] = ()
) -> T:
    """A choice that a workspace has."""
    bounds = {"least": least, "most": most, "words": words}
    made: Any = field(default=default, metadata={"meaning": meaning} | bounds)
    return made
