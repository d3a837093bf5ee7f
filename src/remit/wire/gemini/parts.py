"""Parts of Gemini's contents, one by one, and the parts that they are in the neutral form.

A thought signature belongs to the very part it came on, so it stays in that part's `opaque`; a thought is kept whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Unsupported
from remit.wire.arguments import as_object, as_text
from remit.wire.gemini.media_parts import (
    decode_inline,
    decode_linked,
    encode_audio,
    encode_file,
    encode_image,
)
from remit.wire.gemini.names import NAME, Block, camel, is_made, made_id
from remit.wire.gemini.results import decode_result
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
from remit.wire.opaque import carried, own, rest
from remit.wire.sealed import seal, unseal

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.wire.fields import Reader


def decode_part(read: Reader, block: Block, at: str, *place: str | int) -> Part:
    """The part that one block is; `place` is where it stands, of which ids are made."""
    block = camel(block)
    if block.get("thought") is True:
        text = read.optional_text(block, "text", at)
        return unseal(block.get("thoughtSignature"), text) or Reasoning(text, NAME, block)
    if block.get("text") is not None:
        return Text(read.text(block, "text", at), carried(NAME, rest(block, _TEXT)))
    if block.get("functionCall") is not None:
        return _call(read, block, at, place)
    for key, decode in _DECODERS.items():
        if block.get(key) is not None:
            return decode(read, block, at)
    if block.keys() <= _SIGNED:
        return Reasoning("", NAME, block)
    return Foreign(NAME, block)


def encode_sent(part: Part) -> Block | None:
    """The part that a model is sent; None for what it cannot be told and need not be: the thoughts of another
    dialect's model, and a text without words. Results of tools are `encode_result`'s.
    """
    return _SENT[type(part)](part)


def encode_answered(part: Part) -> Block | None:
    """The part that a client is answered with. The thoughts of another dialect's model travel sealed; what a
    provider of another dialect did with its own tools is left out.
    """
    return _ANSWERED[type(part)](part)


def _call(read: Reader, block: Block, at: str, place: tuple[str | int, ...]) -> ToolCall:
    call, where = camel(read.mapping(block, "functionCall", at)), f"{at}.functionCall"
    try:
        arguments = as_text(read.optional_mapping(call, "args", where))
    except RecursionError:
        raise read.wrong(f"{where}.args", "is nested too deep") from None
    name = read.text(call, "name", where)
    identity = read.optional_text(call, "id", where) or made_id(*place, name, arguments)
    keys = rest(block, _CALLED)
    if more := rest(call, _OF_CALL):
        keys = {**keys, "functionCall": more}
    return ToolCall(identity, name, arguments, carried(NAME, keys))


def _text_part(part: Text) -> Block:
    return {"text": part.text} if part.opaque is None else {"text": part.text, **own(part.opaque, NAME)}


def _words(part: Text) -> Block | None:
    return _text_part(part) if part.text or own(part.opaque, NAME) else None


def _refusal(part: Refusal) -> Block | None:
    return {"text": part.text} if part.text else None


def _call_part(part: ToolCall) -> Block:
    call: Block = {"name": part.name, "args": as_object(part.arguments)}
    if not is_made(part.id):
        call["id"] = part.id
    mine = own(part.opaque, NAME)
    if not mine:
        return {"functionCall": call}
    return {**mine, "functionCall": {**call, **mine.get("functionCall", {})}}


def _own_thought(part: Reasoning) -> Block | None:
    if part.dialect == NAME and part.opaque and not part.opaque.keys().isdisjoint(_THOUGHT):
        return part.opaque
    return None


def _any_thought(part: Reasoning) -> Block:
    return _own_thought(part) or {"text": part.text, "thought": True, "thoughtSignature": seal(part)}


def _own_foreign(part: Foreign) -> Block | None:
    return part.block if part.dialect == NAME else None


def _foreign(part: Foreign) -> Block:
    if part.dialect == NAME:
        return part.block
    raise Unsupported(
        f"the conversation holds a block ({part.block.get('type', 'unnamed')}) that only {part.dialect} understands.",
        f"Continue it with a model that speaks {part.dialect}, or leave the block out.",
    )


def _astray(part: ToolResult) -> Block:
    raise Unsupported(f"the result of {part.name or part.id} stands outside of a tool's turn.")


_TEXT = frozenset({"text"})
_CALLED = frozenset({"functionCall"})
_OF_CALL = frozenset({"id", "name", "args"})
_SIGNED = frozenset({"thoughtSignature", "text", "thought", "partMetadata"})
_THOUGHT = frozenset({"thought", "thoughtSignature"})

_DECODERS: dict[str, Callable[[Reader, Block, str], Part]] = {
    "functionResponse": decode_result,
    "inlineData": decode_inline,
    "fileData": decode_linked,
}
_SENT: dict[type, Callable[[Any], Block | None]] = {
    Text: _words,
    Image: encode_image,
    Audio: encode_audio,
    File: encode_file,
    Reasoning: _own_thought,
    ToolCall: _call_part,
    ToolResult: _astray,
    Refusal: _refusal,
    Foreign: _foreign,
}
_ANSWERED: dict[type, Callable[[Any], Block | None]] = {
    **_SENT,
    Text: _text_part,
    Reasoning: _any_thought,
    Foreign: _own_foreign,
}
