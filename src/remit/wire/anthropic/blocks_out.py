"""Content blocks of the Messages API, written from the parts of the neutral form: for a model, and for a client.

A model is sent nothing that it would refuse to read; a client is answered with everything it may have to bring back.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Unsupported
from remit.wire import carriage
from remit.wire.anthropic.names import NAME, Block
from remit.wire.arguments import as_object
from remit.wire.data_urls import split
from remit.wire.media import media_type_of
from remit.wire.messages import (
    Audio,
    File,
    Foreign,
    Image,
    Part,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
)
from remit.wire.opaque import own
from remit.wire.sealed import seal

if TYPE_CHECKING:
    from collections.abc import Callable


def encode_sent(part: Part) -> Block | None:
    """The block that a model is sent. None for what it cannot be told and need not be: the thoughts of another
    dialect's model, and a text without words, which the API refuses.
    """
    return _SENT[type(part)](part)


def encode_answered(part: Part) -> Block | None:
    """The block that a client is answered with. The thoughts of another dialect's model travel sealed; what a
    provider of another dialect did with its own tools is left out.
    """
    return _ANSWERED[type(part)](part)


def _text_block(part: Text) -> Block:
    if part.opaque is None:
        return {"type": "text", "text": part.text}
    return {"type": "text", "text": part.text, **own(part.opaque, NAME)}


def _words(part: Text) -> Block | None:
    return _text_block(part) if part.text and not part.text.isspace() else None


def _refusal_block(part: Refusal) -> Block | None:
    return {"type": "text", "text": part.text} if part.text and not part.text.isspace() else None


def _image_block(part: Image) -> Block:
    return _sourced("image", part, _image_source(part))


def _image_source(part: Image) -> Block:
    kind, data = part.media_type, part.data
    if not data and (found := split(part.url)):
        kind, data = found
    if data:
        kind = kind or media_type_of(data)
        if kind not in _PICTURES:
            raise Unsupported(
                f"anthropic takes pictures as {_listed(_PICTURES)}; this one is {kind or 'of no known kind'}.",
                "Convert it, or choose a model of another provider.",
            )
        return {"type": "base64", "media_type": kind, "data": data}
    if part.url:
        return {"type": "url", "url": part.url}
    if "source" in own(part.opaque, NAME):
        return {}
    raise Unsupported("a picture has neither data nor an address that anthropic could read.")


def _document_block(part: File) -> Block:
    kind, data = part.media_type, part.data
    if not data and (found := split(part.url)):
        kind, data = found
    if data:
        kind = kind or media_type_of(data)
        if kind in _PICTURES:
            return _sourced("image", part, {"type": "base64", "media_type": kind, "data": data})
        source = _document_source(part.name, kind, data)
    elif part.url:
        if kind.startswith("image/"):
            return _sourced("image", part, {"type": "url", "url": part.url})
        source = {"type": "url", "url": part.url}
    elif part.id:
        source = {"type": "file", "file_id": part.id}
    else:
        raise Unsupported(f"the file {part.name!r} has neither data nor an address nor an id.")
    block = _sourced("document", part, source)
    return {**block, "title": part.name} if part.name else block


def _document_source(name: str, kind: str, data: str) -> Block:
    if kind == "application/pdf":
        return {"type": "base64", "media_type": kind, "data": data}
    if kind.startswith("text/") or kind in _TEXTUAL:
        try:
            return {
                "type": "text",
                "media_type": "text/plain",
                "data": b64decode(data, validate=True).decode(),
            }
        except (binascii.Error, ValueError):
            pass
    raise Unsupported(
        f"anthropic takes documents as PDF or text; {name or 'a file'} is {kind or 'of no known kind'}.",
        "Convert it, or choose a model of another provider.",
    )


def _sourced(kind: str, part: Image | File, source: Block) -> Block:
    mine = own(part.opaque, NAME)
    return {"type": kind, **mine, "source": {**source, **mine.get("source", {})}}


def _no_audio(_: Audio) -> Block:
    raise Unsupported(
        "anthropic takes no sound.", "Send a transcript, or choose a model of another provider."
    )


def _call_block(part: ToolCall) -> Block:
    block: Block = {
        "type": "tool_use",
        "id": _tool_id(part.id),
        "name": part.name,
        "input": as_object(part.arguments),
    }
    if part.opaque is not None:
        block.update(own(part.opaque, NAME))
    return block


def _answered_call(part: ToolCall) -> Block:
    """A call for a client, with what other dialects left on it: clients send the block back as it came."""
    return {**_call_block(part), **carriage.outward(part.opaque, NAME)}


def _result_block(part: ToolResult) -> Block:
    block: Block = {"type": "tool_result", "tool_use_id": _tool_id(part.id)}
    if content := [found for inner in part.parts if (found := encode_sent(inner)) is not None]:
        block["content"] = content
    if part.failed:
        block["is_error"] = True
    if part.opaque is not None:
        block.update(own(part.opaque, NAME))
    return block


def _tool_id(identity: str) -> str:
    """The id, or one made of it: other providers use characters that this API refuses."""
    if _ID.fullmatch(identity):
        return identity
    return f"toolu_{sha256(identity.encode(errors='replace')).hexdigest()[:24]}"


def _own_thought(part: Reasoning) -> Block | None:
    if part.dialect == NAME and part.opaque and part.opaque.get("type") in _THINKING:
        return part.opaque
    return None


def _any_thought(part: Reasoning) -> Block:
    return _own_thought(part) or {"type": "thinking", "thinking": part.text, "signature": seal(part)}


def _own_foreign(part: Foreign) -> Block | None:
    return part.block if part.dialect == NAME else None


def _foreign_block(part: Foreign) -> Block:
    if part.dialect == NAME:
        return part.block
    raise Unsupported(
        f"the conversation holds a block ({part.block.get('type', 'unnamed')}) that only {part.dialect} understands.",
        f"Continue it with a model that speaks {part.dialect}, or leave the block out.",
    )


def _not_answered(part: Image | Audio | File | ToolResult) -> Block:
    kind = type(part).__name__.lower()
    raise Unsupported(f"an answer in the anthropic dialect cannot hold a part of type {kind}.")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(names)


_PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
_TEXTUAL = frozenset({"application/json", "application/xml", "application/yaml", "application/javascript"})
_THINKING = frozenset({"thinking", "redacted_thinking"})
_ID = re.compile(r"[a-zA-Z0-9_-]+")

_SENT: dict[type, Callable[[Any], Block | None]] = {
    Text: _words,
    Image: _image_block,
    Audio: _no_audio,
    File: _document_block,
    Reasoning: _own_thought,
    ToolCall: _call_block,
    ToolResult: _result_block,
    Refusal: _refusal_block,
    Foreign: _foreign_block,
}
_ANSWERED: dict[type, Callable[[Any], Block | None]] = {
    Text: _text_block,
    Image: _not_answered,
    Audio: _not_answered,
    File: _not_answered,
    Reasoning: _any_thought,
    ToolCall: _answered_call,
    ToolResult: _not_answered,
    Refusal: _refusal_block,
    Foreign: _own_foreign,
}
