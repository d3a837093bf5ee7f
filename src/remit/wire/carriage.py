"""What other dialects left on a tool call, taken along by a client of OpenAI's dialects in `extra_content`.

Clients keep that key and send it back with their history; Gemini's own thought signatures travel in it. It never goes
to a provider, where it would be an unknown key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.wire.opaque import rest

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_EXTRA, _OURS = "extra_content", "remit"


def outward(opaque: Mapping[str, Json] | None, dialect: str) -> dict[str, Json]:
    """The key for a client of `dialect`; nothing, if no other dialect left anything."""
    others = {name: keys for name, keys in (opaque or {}).items() if name != dialect}
    return {_EXTRA: {_OURS: others}} if others else {}


def inward(keys: dict[str, Json], dialect: str) -> dict[str, Json] | None:
    """The `opaque` of a call out of the keys that a client sent; whatever it wrote, only what has that shape."""
    extra = _mapping(keys.get(_EXTRA))
    ours = _mapping(extra.get(_OURS))
    opaque: dict[str, Json] = {
        name: found for name, found in ours.items() if name != dialect and isinstance(found, dict)
    }
    if ours:
        left = rest(extra, frozenset({_OURS}))
        keys = {**keys, _EXTRA: left} if left else rest(keys, frozenset({_EXTRA}))
    if keys:
        opaque[dialect] = keys
    return opaque or None


def _mapping(value: object) -> dict[str, Json]:
    return cast("dict[str, Json]", value) if isinstance(value, dict) else {}
