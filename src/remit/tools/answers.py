"""What a foreign system answered, as JSON that every reader takes and the log holds: nothing is lost in silence.

Whole numbers beyond 2^53 and decimals become text, what is no number is named, bytes are base64 and say so.
"""

from __future__ import annotations

import base64
import json
import math
from datetime import date, datetime, time, timedelta
from types import NoneType
from typing import TYPE_CHECKING, Any, cast

from remit.wire.canonical import LARGEST_INTEGER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Json = Any
_DEEPEST = 60


def plain_answer(value: object, depth: int = 0) -> Json:
    """Any value of a driver or parser as JSON."""
    if depth > _DEEPEST:
        return f"nested too deep, not shown: {_text(str(value)[:100])}…"
    if isinstance(value, dict):
        known = cast("Mapping[object, object]", value)
        return {_text(str(key)): plain_answer(each, depth + 1) for key, each in known.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain_answer(each, depth + 1) for each in cast("Sequence[object]", value)]
    for kind, written in _WRITTEN:
        if isinstance(value, kind):
            return written(value)
    return _text(str(value))


def parsed(text: str) -> Json:
    """A text as the JSON that it is, or as text."""
    try:
        return plain_answer(json.loads(text))
    except (ValueError, RecursionError):
        return _text(text)


def _text(text: str) -> str:
    """Half a character cannot be written down anywhere."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _base64(value: bytes) -> Json:
    return {"base64": base64.b64encode(bytes(value)).decode("ascii")}


_WRITTEN: tuple[tuple[Any, Callable[[Any], Json]], ...] = (
    ((bool, NoneType), lambda value: value),
    (str, _text),
    (int, lambda value: value if abs(value) <= LARGEST_INTEGER else str(value)),
    (float, lambda value: value if math.isfinite(value) else str(value)),
    ((bytes, bytearray, memoryview), _base64),
    ((datetime, date, time), lambda value: value.isoformat()),
    (timedelta, lambda value: value.total_seconds()),
)
