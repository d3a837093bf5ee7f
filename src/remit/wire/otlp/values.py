"""Values as OTLP carries them, and as everything else here reads them: plain JSON. It also undoes what emitters do
because attributes of theirs were once texts only: whole objects written as a JSON text.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Json = Any
_LONGEST = 1 << 20
"""Characters of a text that is looked into; a longer one is no structure that anybody has to see through."""
_decode = msgspec.json.Decoder().decode


def plain(value: Any) -> Json:
    """An `AnyValue` as plain JSON; bytes as base64."""
    kind = value.WhichOneof("value")
    if kind is None:
        return None
    found = getattr(value, kind)
    if kind == "array_value":
        return [plain(each) for each in found.values]
    if kind == "kvlist_value":
        return attributes(found.values)
    return b64encode(found).decode() if kind == "bytes_value" else found


def attributes(pairs: Iterable[Any]) -> dict[str, Json]:
    """A list of `KeyValue` as an object; the last one of a name counts."""
    found: dict[str, Json] = {}
    for pair in pairs:
        value = pair.value
        kind = value.WhichOneof("value")
        if kind == "string_value":  # nearly all of them
            found[pair.key] = value.string_value
        elif kind is not None:
            found[pair.key] = plain(value)
    return found


def undone(value: Json) -> Json:
    """A structure that was written as a JSON text, as the structure; anything else as it is."""
    if isinstance(value, str) and value[:1] in {"{", "["} and len(value) <= _LONGEST:
        try:
            return _decode(value)
        except (msgspec.DecodeError, RecursionError):
            return value
    return value


def text_of(found: Mapping[str, Json], *names: str) -> str:
    """The first of these attributes that says something, as a text."""
    for name in names:
        value = found.get(name)
        if value is None:
            continue
        if isinstance(value, str):
            if value:
                return value
        elif isinstance(value, int | float) and not isinstance(value, bool):
            return str(value)
    return ""


def count_of(found: Mapping[str, Json], *names: str) -> int | None:
    """The first of these attributes that is a count; some emitters write numbers as texts or with a point."""
    for name in names:
        value = found.get(name)
        if value is not None and (count := as_count(value)) is not None:
            return count
    return None


def number_of(found: Mapping[str, Json], *names: str) -> float | None:
    """The first of these attributes that is a finite number."""
    for name in names:
        value = found.get(name)
        if value is not None and (number := as_number(value)) is not None:
            return number
    return None


def as_count(value: Json) -> int | None:
    """A value as a count, if it can be one."""
    if type(value) is int:  # nearly always
        return value if 0 <= value <= _MOST else None
    number = as_number(value)
    return int(number) if number is not None and 0 <= number <= _MOST else None


def as_number(value: Json) -> float | None:
    """A value as a finite number, if it is one."""
    if isinstance(value, bool):
        return None
    if isinstance(value, str) and len(value) < _DIGITS:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int | float) and -_HUGE < value < _HUGE:
        return value
    return None


_MOST = 2**53
_HUGE = 1e300
_DIGITS = 40
