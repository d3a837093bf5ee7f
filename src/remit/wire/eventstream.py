"""The event stream of AWS, the frame under Bedrock's answers: bytes to messages, each with two checksums.

A message is a prelude (both lengths and their checksum), headers, a payload, and a checksum of it all. Where a chunk
is cut means nothing. It must not know what a payload says.
"""

from __future__ import annotations

import struct
from zlib import crc32

from msgspec import Struct, field

from remit.domain.action_errors import MalformedAnswer

LARGEST_MESSAGE = 24 * 1024 * 1024
"""Bytes of one message; what claims to be larger is given up before it is collected."""


class EventMessage(Struct, frozen=True):
    """One message; of its headers those that are text."""

    payload: bytes
    headers: dict[str, str] = field(default_factory=dict[str, str])


class EventReader:
    """Bytes in, whole messages out."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[EventMessage]:
        """The messages that are complete now; raises `MalformedAnswer` for bytes that are none."""
        self._rest += data
        found: list[EventMessage] = []
        at = 0
        while (size := self._size(at)) and len(self._rest) - at >= size:
            found.append(_message(bytes(self._rest[at : at + size])))
            at += size
        del self._rest[:at]
        return found

    @property
    def empty(self) -> bool:
        """Whether the bytes so far end with a message."""
        return not self._rest

    def _size(self, at: int) -> int:
        """The size of the message that begins here; 0 while its prelude is not complete."""
        if len(self._rest) - at < _PRELUDE.size:
            return 0
        total, headers, checksum = _PRELUDE.unpack_from(self._rest, at)
        if crc32(self._rest[at : at + _PRELUDE.size - _CHECKSUM.size]) != checksum:
            raise MalformedAnswer(
                "the event stream is damaged: the beginning of a message has a wrong checksum."
            )
        if total > LARGEST_MESSAGE or total < _PRELUDE.size + headers + _CHECKSUM.size:
            raise MalformedAnswer(f"the event stream is damaged: a message cannot have {total} bytes.")
        return total


_PRELUDE = struct.Struct("!III")
_CHECKSUM = struct.Struct("!I")
_SIZES = {0: 0, 1: 0, 2: 1, 3: 2, 4: 4, 5: 8, 8: 8, 9: 16}
"""Bytes of the values of fixed size, by type: two truths, four integers, a time, an identifier."""
_BYTES, _TEXT = 6, 7


def _message(data: bytes) -> EventMessage:
    _, headers, _ = _PRELUDE.unpack_from(data)
    if crc32(data[: -_CHECKSUM.size]) != _CHECKSUM.unpack_from(data, len(data) - _CHECKSUM.size)[0]:
        raise MalformedAnswer("the event stream is damaged: a message has a wrong checksum.")
    end = _PRELUDE.size + headers
    return EventMessage(data[end : -_CHECKSUM.size], _headers(data[_PRELUDE.size : end]))


def _headers(data: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    try:
        while at < len(data):
            name, at = _sized(data, at + 1, data[at])
            kind, at = data[at], at + 1
            if kind in {_BYTES, _TEXT}:
                value, at = _sized(data, at + 2, int.from_bytes(data[at : at + 2], "big"))
                if kind == _TEXT:
                    found[name.decode()] = value.decode()
            else:
                _, at = _sized(data, at, _SIZES[kind])
    except (IndexError, KeyError, UnicodeDecodeError):
        raise MalformedAnswer(
            "the event stream is damaged: the headers of a message cannot be read."
        ) from None
    return found


def _sized(data: bytes, start: int, size: int) -> tuple[bytes, int]:
    """So many bytes from here, and where they end."""
    if start + size > len(data):
        raise IndexError
    return data[start : start + size], start + size
