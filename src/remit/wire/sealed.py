"""Thoughts of one dialect's model, carried by clients of another.

A client hands back the signature of a thought without looking into it. So a thought that belongs to another dialect
travels inside of one, and comes back whole when the client sends its history again. What is in it is the client's
own conversation: nothing secret, and nothing that it could not have sent itself.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from typing import Any

import msgspec

from remit.wire.messages import Reasoning

_MARK = b"remit1"
_SEEN = b64encode(_MARK).decode()
"""What every sealed signature begins with; six bytes, so that base64 ends where they do."""
_SEALED = msgspec.json.Decoder(tuple[str, dict[str, Any] | None])


def seal(part: Reasoning) -> str:
    """A signature that holds the thought; base64, as signatures are."""
    return b64encode(_MARK + msgspec.json.encode((part.dialect, part.opaque))).decode()


def unseal(signature: object, text: str) -> Reasoning | None:
    """The thought that was put in, or None: then the signature is the dialect's own."""
    if not isinstance(signature, str) or not signature.startswith(_SEEN):
        return None
    standard = signature.replace("-", "+").replace("_", "/")  # some clients write it in the alphabet of URLs
    try:
        dialect, opaque = _SEALED.decode(b64decode(standard, validate=True)[len(_MARK) :])
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        return None
    return Reasoning(text, dialect, opaque)
