"""The chunk that a chat stream is nearly all made of: a few words and nothing else. It is read into a fixed form, at a
fraction of the cost; whatever does not fit, or says more, is left to the reader of all chunks.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from remit.wire.sse import plain_data

_HEAD = b"data: "


class _Delta(Struct, forbid_unknown_fields=True, gc=False):
    """More words. Servers like to say what they do not say."""

    content: str
    role: str | None = None
    refusal: None = None
    tool_calls: None = None
    function_call: None = None
    audio: None = None
    reasoning: None = None
    reasoning_content: None = None


class _Choice(Struct, gc=False):
    delta: _Delta
    index: int = 0
    finish_reason: None = None
    logprobs: None = None


class Words(Struct, forbid_unknown_fields=True, gc=False):
    """Such a chunk."""

    choices: tuple[_Choice]
    id: str | None = None
    object: Any = None
    created: Any = None
    model: str | None = None
    usage: None = None
    obfuscation: Any = None
    service_tier: Any = None
    system_fingerprint: Any = None


_DECODER = msgspec.json.Decoder(Words)


def words_of(frame: bytes) -> Words | None:
    """What a whole frame says, if it is such a chunk of the first choice."""
    data = plain_data(frame, _HEAD)
    if data is None:
        return None
    try:
        found = _DECODER.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    choice = found.choices[0]
    return None if choice.index or not choice.delta.content else found
