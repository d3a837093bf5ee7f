"""What travels in `opaque`: each dialect puts its own keys under its own name and takes nobody else's.

A thought signature of one vendor means nothing to another, and a key that a provider does not know is an error
there; so a conversation that changes dialects leaves such things lying until it comes back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any


def own(opaque: Mapping[str, Json] | None, dialect: str) -> dict[str, Json]:
    """The keys that belong to `dialect`; not to be changed."""
    return opaque.get(dialect, _NOTHING) if opaque else _NOTHING


def carried(dialect: str, keys: dict[str, Json]) -> dict[str, Json] | None:
    """`keys` as the `opaque` of a part, a message or a tool."""
    return {dialect: keys} if keys else None


def rest(block: Mapping[str, Json], known: frozenset[str]) -> dict[str, Json]:
    """The keys of a foreign block that the neutral form has no place for."""
    return {key: value for key, value in block.items() if key not in known} if block.keys() - known else {}


_NOTHING: dict[str, Json] = {}
