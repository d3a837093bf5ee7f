"""Content blocks of the Messages API, read into the parts of the neutral form.

What a block says beyond its part (`cache_control`, citations) is kept in the part's `opaque`; a thinking block is kept
whole, since its signature covers every byte; a block that no other dialect has is `Foreign`.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING

from remit.wire import carriage
from remit.wire.anthropic.names import NAME, Block, Json
from remit.wire.arguments import as_text
from remit.wire.messages import File, Foreign, Image, Part, Reasoning, Text, ToolCall, ToolResult
from remit.wire.opaque import carried, rest
from remit.wire.sealed import unseal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.wire.fields import Reader


def decode_content(read: Reader, holder: Mapping[str, Json], at: str, key: str = "content") -> list[Part]:
    """The parts of a `content`, which is a text or a list of blocks."""
    content = holder.get(key)
    if type(content) is str:
        return [Text(content)]
    return [decode_block(read, block, place) for place, block in read.blocks(holder, key, at)]


def decode_block(read: Reader, block: Block, at: str) -> Part:
    """The part that one block is."""
    decode = _DECODERS.get(read.text(block, "type", at))
    return Foreign(NAME, block) if decode is None else decode(read, block, at)


def _text(read: Reader, block: Block, at: str) -> Part:
    return Text(read.text(block, "text", at), _kept(block, _OF_TEXT))


def _image(read: Reader, block: Block, at: str) -> Part:
    source = read.mapping(block, "source", at)
    place = f"{at}.source"
    match source.get("type"):
        case "base64":
            kind, data = read.text(source, "media_type", place), read.text(source, "data", place)
            return Image(kind, data, opaque=_kept(block, _OF_SOURCED, source, _OF_DATA))
        case "url":
            url = read.text(source, "url", place)
            return Image(url=url, opaque=_kept(block, _OF_SOURCED, source, _OF_URL))
        case _:
            return Image(opaque=_kept(block, _OF_SOURCED, source))


def _document(read: Reader, block: Block, at: str) -> Part:
    source = read.mapping(block, "source", at)
    place = f"{at}.source"
    name = read.optional_text(block, "title", at)
    match source.get("type"):
        case "base64":
            kind, data = read.text(source, "media_type", place), read.text(source, "data", place)
            return File(name, kind, data, opaque=_kept(block, _OF_DOCUMENT, source, _OF_DATA))
        case "text":
            data = _base64(read, read.text(source, "data", place), f"{place}.data")
            return File(name, "text/plain", data, opaque=_kept(block, _OF_DOCUMENT, source, _OF_DATA))
        case "url":
            url = read.text(source, "url", place)
            return File(name, url=url, opaque=_kept(block, _OF_DOCUMENT, source, _OF_URL))
        case "file":
            identity = read.text(source, "file_id", place)
            return File(name, id=identity, opaque=_kept(block, _OF_DOCUMENT, source, _OF_FILE))
        case _:
            return Foreign(NAME, block)


def _call(read: Reader, block: Block, at: str) -> Part:
    try:
        arguments = as_text(read.optional_mapping(block, "input", at))
    except RecursionError:
        raise read.wrong(f"{at}.input", "is nested too deep") from None
    identity, name = read.text(block, "id", at), read.text(block, "name", at)
    return ToolCall(identity, name, arguments, carriage.inward(_said(rest(block, _OF_CALL)), NAME))


def _result(read: Reader, block: Block, at: str) -> Part:
    identity, content = read.text(block, "tool_use_id", at), block.get("content")
    if type(content) is str:
        parts = (Text(content),)
    else:
        parts = tuple(_inner(read, inner, place) for place, inner in read.blocks(block, "content", at))
    failed = read.flag(block, "is_error", at) or False
    return ToolResult(identity, "", parts, failed, _kept(block, _OF_RESULT))


def _inner(read: Reader, block: Block, at: str) -> Text | Image | File | Foreign:
    part = decode_block(read, block, at)
    return part if isinstance(part, Text | Image | File) else Foreign(NAME, block)


def _thinking(read: Reader, block: Block, at: str) -> Part:
    text = read.optional_text(block, "thinking", at)
    return unseal(block.get("signature"), text) or Reasoning(text, NAME, block)


def _redacted(read: Reader, block: Block, at: str) -> Part:
    read.text(block, "data", at)
    return Reasoning("", NAME, block)


def _base64(read: Reader, text: str, at: str) -> str:
    try:
        return b64encode(text.encode()).decode()
    except UnicodeEncodeError:
        raise read.wrong(at, "is not valid Unicode") from None


def _kept(
    block: Block, known: frozenset[str], source: Block | None = None, of_source: frozenset[str] = frozenset()
) -> dict[str, Json] | None:
    """What the part has no place for."""
    keys = _said(rest(block, known))
    if source and (more := rest(source, of_source)):
        keys["source"] = more
    return carried(NAME, keys)


def _said(keys: dict[str, Json]) -> dict[str, Json]:
    """The keys that say anything: a null does not, and the API sends many."""
    return {key: value for key, value in keys.items() if value is not None}


_OF_TEXT = frozenset({"type", "text"})
_OF_SOURCED = frozenset({"type", "source"})
_OF_DOCUMENT = frozenset({"type", "source", "title"})
_OF_CALL = frozenset({"type", "id", "name", "input"})
_OF_RESULT = frozenset({"type", "tool_use_id", "content", "is_error"})
_OF_DATA = frozenset({"type", "media_type", "data"})
_OF_URL = frozenset({"type", "url"})
_OF_FILE = frozenset({"type", "file_id"})

_DECODERS: dict[str, Callable[[Reader, Block, str], Part]] = {
    "text": _text,
    "image": _image,
    "document": _document,
    "tool_use": _call,
    "tool_result": _result,
    "thinking": _thinking,
    "redacted_thinking": _redacted,
}
