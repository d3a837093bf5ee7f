"""Protobuf that cannot be read as a whole, entry by entry: all three requests of OTLP nest their entries in the same
fields, so that one broken span, record or metric costs no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.protobuf.message import DecodeError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LENGTH = 2
_WIDTHS = {1: 8, 5: 4}
_GROUP, _SCOPE, _ENTRY = 1, 2, 2
"""The field of a request that holds what one resource sent, of that what one scope sent, of that the entries."""
_VARINT_BYTES = 10


class _Broken(Exception):
    """The frames end here."""


def salvage(message: Any, body: bytes) -> int:
    """Fill a request with all that can be read; gives how many entries, or groups that end too early, were lost."""
    lost = 0
    groups, scopes = message.DESCRIPTOR.fields[0].name, None
    try:
        for number, part in _parts(body):
            if number == _GROUP:
                group = getattr(message, groups).add()
                scopes = scopes or group.DESCRIPTOR.fields_by_number[_SCOPE].name
                lost += _group(group, scopes, part)
    except _Broken:
        lost += 1
    return lost


def _group(group: Any, scopes: str, body: bytes) -> int:
    lost = 0
    try:
        for number, part in _parts(body):
            if number == _SCOPE:
                lost += _scope(getattr(group, scopes).add(), part)
            else:
                _merge(group, number, part)
    except _Broken:
        lost += 1
    return lost


def _scope(scope: Any, body: bytes) -> int:
    entries = scope.DESCRIPTOR.fields_by_number[_ENTRY].name
    lost = 0
    try:
        for number, part in _parts(body):
            if number != _ENTRY:
                _merge(scope, number, part)
                continue
            place = getattr(scope, entries)
            try:
                place.add().MergeFromString(part)
            except DecodeError:
                del place[-1]
                lost += 1
    except _Broken:
        lost += 1
    return lost


def _merge(message: Any, number: int, part: bytes) -> None:
    """What describes a group; where it is broken, its entries stay without it."""
    field = message.DESCRIPTOR.fields_by_number.get(number)
    if field is None:
        return
    if field.message_type is None:
        setattr(message, field.name, part.decode("utf-8", "replace"))
        return
    try:
        getattr(message, field.name).MergeFromString(part)
    except DecodeError:
        message.ClearField(field.name)


def _parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The fields of a message that have a length."""
    at = 0
    while at < len(body):
        tag, at = _varint(body, at)
        number, kind = tag >> 3, tag & 7
        if kind == _LENGTH:
            size, at = _varint(body, at)
            yield number, body[at : at + size]  # of one that was cut off, what there is
            at += size
        elif kind == 0:
            _, at = _varint(body, at)
        elif kind in _WIDTHS:
            at += _WIDTHS[kind]
        else:
            raise _Broken


def _varint(body: bytes, at: int) -> tuple[int, int]:
    found = 0
    for shift in range(_VARINT_BYTES):
        if at >= len(body):
            raise _Broken
        byte = body[at]
        at += 1
        found |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:  # noqa: PLR2004 - the last byte of a number
            return found, at
    raise _Broken
