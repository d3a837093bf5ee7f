"""What tools answered, as Gemini's `functionResponse`: an object with `output` or `error`, and media beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import Unsupported
from remit.wire.arguments import UNREADABLE, as_object, json_text
from remit.wire.gemini.media_parts import decode_inline, decode_linked, encode_file, encode_image
from remit.wire.gemini.names import NAME, Block, camel, is_made
from remit.wire.messages import File, Foreign, Image, Text, ToolResult
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from remit.wire.fields import Reader


def decode_result(read: Reader, part: Block, at: str) -> ToolResult:
    """A result; its id is "" if the client gave none, to be found by what was called."""
    block, place = camel(read.mapping(part, "functionResponse", at)), f"{at}.functionResponse"
    response, keys = read.optional_mapping(block, "response", place), rest(part, _PART)
    texts: tuple[Text, ...] = ()
    match response:
        case {"output": str(text)} if len(response) == 1:
            texts = (Text(text),)
        case {"error": str(text)} if len(response) == 1:
            texts = (Text(text),) if text else ()
        case _ if response:
            texts, keys = (Text(json_text(response)),), {**keys, _WHOLE: True}
        case _:
            pass
    if more := rest(block, _KNOWN):
        keys = {**keys, "functionResponse": more}
    media = (_decode_media(read, camel(inner), where) for where, inner in read.blocks(block, "parts", place))
    identity, name = read.optional_text(block, "id", place), read.text(block, "name", place)
    return ToolResult(identity, name, (*texts, *media), "error" in response, carried(NAME, keys))


def encode_result(part: ToolResult, name: str) -> Block:
    """A result of the tool `name`."""
    mine = own(part.opaque, NAME)
    words = [inner.text for inner in part.parts if isinstance(inner, Text)]
    media = [_encode_media(inner) for inner in part.parts if not isinstance(inner, Text)]
    block: Block = {} if is_made(part.id) else {"id": part.id}
    block |= {"name": name, "response": _response(words, part, whole=_WHOLE in mine)}
    if media:
        block["parts"] = media
    if not mine:
        return {"functionResponse": block}
    return {**rest(mine, _OURS), "functionResponse": {**block, **mine.get("functionResponse", {})}}


def _response(words: list[str], part: ToolResult, *, whole: bool) -> Block:
    text = "\n".join(words)
    if whole and UNREADABLE not in (value := as_object(text)):
        return value
    if part.failed:
        return {"error": text}
    return {"output": text} if words else {}


def _decode_media(read: Reader, part: Block, at: str) -> Image | File | Foreign:
    if part.get("inlineData") is not None:
        found = decode_inline(read, part, at)
        return found if isinstance(found, Image | File) else Foreign(NAME, part)
    if part.get("fileData") is not None:
        return decode_linked(read, part, at)
    return Foreign(NAME, part)


def _encode_media(part: Text | Image | File | Foreign) -> Block:
    match part:
        case Image():
            return encode_image(part)
        case File():
            return encode_file(part)
        case Foreign(dialect=dialect, block=block) if dialect == NAME:
            return block
        case _:
            raise Unsupported("a tool's result holds a block that gemini does not know.", "Give it as text.")


_WHOLE = "whole"
"""Marks a text that is the whole `response` as JSON, and not just its `output`."""
_OURS = frozenset({_WHOLE, "functionResponse"})
_PART = frozenset({"functionResponse"})
_KNOWN = frozenset({"id", "name", "response", "parts"})
