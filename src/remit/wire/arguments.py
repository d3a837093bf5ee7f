"""The arguments of a tool call: JSON text in the neutral form, an object in the dialects that have read it.

A model may have written text that is no object. Such a dialect still has to be told what its model said, so the
text goes into an object under one key, and comes out of it again as it was.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

UNREADABLE = "INVALID_JSON"
"""The key that Anthropic's documentation names for arguments that cannot be read."""


def as_object(arguments: str) -> dict[str, Json]:
    """The object that the text says; what says none is wrapped, and never lost."""
    if not arguments:
        return {}
    value = _read(arguments)
    return value if value is not None else {UNREADABLE: arguments}


def as_text(value: Mapping[str, Json]) -> str:
    """The text of an object; of a wrapped one, what was wrapped."""
    if len(value) == 1:
        wrapped = value.get(UNREADABLE)
        if type(wrapped) is str and _read(wrapped) is None:
            return wrapped
    return json_text(value)


def json_text(value: Json) -> str:
    """Compact JSON; of half a character too, which only an escape can write."""
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":"))


def _read(text: str) -> dict[str, Json] | None:
    try:
        value = msgspec.json.decode(text)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    return cast("dict[str, Json]", value) if type(value) is dict else None
