"""Envelopes of answers in which single fields are set, while everything else stays the bytes that it was: a response
of the Responses API says of itself where it is stored and what it follows, which is not always for its provider to say.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw

from remit.wire.inbound import spliced

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_ENVELOPE = re.compile(
    rb'"type"\s*:\s*"response\.(?:created|queued|in_progress|completed|incomplete|failed|cancelled)"'
)
_DATA = b"data:"
_BY_FIELD = msgspec.json.Decoder(dict[str, Raw])
_ENCODE = msgspec.json.Encoder().encode


def patched(frames: bytes, patch: Mapping[str, Json]) -> bytes:
    """Whole frames, with these fields set in every envelope among them."""
    if _ENVELOPE.search(frames) is None:
        return frames
    return b"\n\n".join([_patched_frame(each, patch) for each in frames.split(b"\n\n")])


def patched_body(body: bytes, patch: Mapping[str, Json]) -> bytes:
    """A whole answer with these fields set."""
    return _ENCODE(_set(_BY_FIELD.decode(body), patch))


def last_envelope(frames: bytes) -> dict[str, Json]:
    """The last envelope among whole frames; empty if there is none."""
    for line in reversed(frames.split(b"\n")):
        if line.startswith(_DATA) and _ENVELOPE.search(line):
            event = msgspec.json.decode(line[len(_DATA) :].strip(), type=dict[str, Any])
            return event.get("response") or {}
    return {}


def _patched_frame(frame: bytes, patch: Mapping[str, Json]) -> bytes:
    if _ENVELOPE.search(frame) is None:
        return frame
    lines = frame.split(b"\n")
    return b"\n".join([_patched_line(line, patch) if line.startswith(_DATA) else line for line in lines])


def _patched_line(line: bytes, patch: Mapping[str, Json]) -> bytes:
    event = _BY_FIELD.decode(line[len(_DATA) :].strip())
    if "response" not in event:
        return line
    response = _set(_BY_FIELD.decode(event["response"]), patch)
    return b"data: " + _ENCODE({**event, "response": response})


def _set(fields: dict[str, Raw], patch: Mapping[str, Json]) -> dict[str, Raw]:
    """A field that is null is said to be null."""
    return {**spliced(fields, {}), **{name: Raw(_ENCODE(value)) for name, value in patch.items()}}
