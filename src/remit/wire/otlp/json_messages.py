"""OTLP in JSON as its protobuf messages: ids in hexadecimal, 64-bit numbers as texts or numbers, enums by number or by
name, either spelling of a field. What cannot be read costs no more than itself: an attribute, or the one entry that
holds it.
"""

from __future__ import annotations

import binascii
import json
from base64 import b64decode, urlsafe_b64decode
from functools import cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    from collections.abc import Callable

    from google.protobuf.descriptor import Descriptor

Json = Any
_HEX = frozenset({"trace_id", "span_id", "parent_span_id"})
_DEEPEST = 60
_ENTRIES = frozenset({"Span", "LogRecord", "Metric"})
_GROUPS = frozenset({
    "ResourceSpans", "ScopeSpans", "ResourceLogs", "ScopeLogs", "ResourceMetrics", "ScopeMetrics", "Resource",
    "InstrumentationScope",
})  # fmt: skip
_decode = msgspec.json.Decoder().decode


class Unreadable(ValueError):
    """A piece of JSON that says nothing in OTLP."""


class JsonReader:
    """Fills one message out of JSON, and counts what it had to leave out."""

    def __init__(self) -> None:
        self.lost = 0
        """Entries that could not be read."""

    def fill(self, message: Any, body: bytes) -> None:
        """Read a whole body; raises `Unreadable` if it is no JSON object."""
        found = _json(body)
        if not isinstance(found, dict):
            raise Unreadable("the body is no JSON object")
        self._object(message, cast("dict[str, Json]", found), 0)

    def _object(self, message: Any, found: dict[str, Json], depth: int) -> None:
        if depth > _DEEPEST:
            raise Unreadable("nested too deeply")
        fields = _fields(message.DESCRIPTOR)
        for name, value in found.items():
            field = fields.get(name)
            if field is None or value is None:
                continue  # what a newer version says is passed over
            if field.repeated:
                self._list(message, field, value, depth)
            elif field.inner is not None:
                self._inner(getattr(message, field.name), field.inner, value, depth)
            else:
                setattr(message, field.name, field.read(value))

    def _inner(self, message: Any, inner: Descriptor, value: Json, depth: int) -> None:
        if not isinstance(value, dict):
            raise Unreadable(f"{inner.name} is no object")
        message.SetInParent()
        self._object(message, cast("dict[str, Json]", value), depth + 1)

    def _list(self, message: Any, field: _Field, value: Json, depth: int) -> None:
        if not isinstance(value, list):
            raise Unreadable(f"{field.name} is no list")
        listed = cast("list[Json]", value)
        place = getattr(message, field.name)
        if field.inner is None:
            place.extend(field.read(each) for each in listed)
            return
        for each in listed:
            made = place.add()
            try:
                self._inner(made, field.inner, each, depth)
            except (Unreadable, TypeError, ValueError, OverflowError) as wrong:
                del place[-1]
                self._left_out(message, field.inner, each, wrong)

    def _left_out(self, message: Any, inner: Descriptor, value: Json, wrong: Exception) -> None:
        """An attribute is missing from what has it; an entry is counted; anything else spoils what holds it."""
        if inner.name == "KeyValue":
            if hasattr(message, "dropped_attributes_count"):
                message.dropped_attributes_count += 1
            return
        if inner.name in _ENTRIES:
            self.lost += 1
        elif inner.name in _GROUPS:
            self.lost += max(_entries_in(value), 1)
        else:
            raise Unreadable(str(wrong)) from None


class _Field:
    """How one field is read."""

    __slots__ = ("inner", "name", "read", "repeated")

    def __init__(self, descriptor: FieldDescriptor) -> None:
        self.name = descriptor.name
        self.repeated = descriptor.is_repeated
        self.inner = descriptor.message_type
        self.read: Callable[[Json], Any] = _reader(descriptor)


@cache
def _fields(message: Descriptor) -> dict[str, _Field]:
    """By both spellings of their names."""
    found: dict[str, _Field] = {}
    for descriptor in message.fields:
        found[descriptor.name] = found[descriptor.json_name] = _Field(descriptor)
    return found


def _reader(descriptor: FieldDescriptor) -> Callable[[Json], Any]:
    kind = descriptor.cpp_type
    if (enum := descriptor.enum_type) is not None:
        names = {value.name: value.number for value in enum.values}
        return lambda value: names[value] if isinstance(value, str) and value in names else _whole(value)
    if kind in {FieldDescriptor.CPPTYPE_DOUBLE, FieldDescriptor.CPPTYPE_FLOAT}:
        return _fraction
    if kind == FieldDescriptor.CPPTYPE_BOOL:
        return _truth
    if kind == FieldDescriptor.CPPTYPE_STRING:
        if descriptor.type == FieldDescriptor.TYPE_BYTES:
            return _id if descriptor.name in _HEX else _bytes
        return _text
    return _whole


def _json(body: bytes) -> Json:
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:  # NaN, half surrogate pairs and broken letters are no JSON, and are sent all the same
        return json.loads(body.decode("utf-8", "replace"))
    except (ValueError, RecursionError) as wrong:
        raise Unreadable(f"the body is no JSON ({str(wrong)[:200]})") from None


def _whole(value: Json) -> int:
    if isinstance(value, bool) or not isinstance(value, int | str | float):
        raise Unreadable("no whole number")
    if isinstance(value, float) and not value.is_integer():
        raise Unreadable("no whole number")
    return int(value)


def _fraction(value: Json) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Unreadable("no number")
    return float(value)


def _truth(value: Json) -> bool:
    if not isinstance(value, bool):
        raise Unreadable("neither true nor false")
    return value


def _text(value: Json) -> str:
    if not isinstance(value, str):
        raise Unreadable("no text")
    return value.encode("utf-8", "replace").decode()


def _id(value: Json) -> bytes:
    """Hexadecimal, as OTLP says; some write base64, as protobuf in JSON has it otherwise."""
    text = _text(value)
    try:
        return bytes.fromhex(text)
    except ValueError:
        return _bytes(text)


def _bytes(value: Json) -> bytes:
    text = _text(value)
    try:
        return urlsafe_b64decode(text) if "-" in text or "_" in text else b64decode(text, validate=True)
    except binascii.Error:
        raise Unreadable("no base64") from None


def _entries_in(value: Json) -> int:
    """How many entries a group holds that cannot be read."""
    if not isinstance(value, dict):
        return 0
    total = 0
    for name, inner in cast("dict[str, Json]", value).items():
        listed = cast("list[Json]", inner) if isinstance(inner, list) else []
        if name in _LISTS:
            total += len(listed)
        elif name in _SCOPES:
            total += sum(map(_entries_in, listed))
    return total


_LISTS = frozenset({"spans", "logRecords", "log_records", "metrics"})
_SCOPES = frozenset({"scopeSpans", "scope_spans", "scopeLogs", "scope_logs", "scopeMetrics", "scope_metrics"})
