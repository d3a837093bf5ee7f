"""Pictures, sound and files in Gemini's contents: `inlineData` and `fileData`, both ways."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import Unsupported
from remit.wire.data_urls import split
from remit.wire.gemini.names import NAME, Block, Json, camel
from remit.wire.media import media_type_of, media_type_of_address
from remit.wire.messages import Audio, File, Image
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from remit.wire.fields import Reader


def decode_inline(read: Reader, part: Block, at: str) -> Image | Audio | File:
    """Data that the part holds itself."""
    block, place = camel(read.mapping(part, "inlineData", at)), f"{at}.inlineData"
    kind, data = read.text(block, "mimeType", place), _standard(read.text(block, "data", place))
    keys = rest(part, _INLINE)
    if kind.startswith("image/"):
        return Image(kind, data, opaque=_kept(keys, "inlineData", rest(block, _BLOB)))
    if kind.startswith("audio/"):
        said = kind.removeprefix("audio/")
        more = rest(block, _BLOB) | ({"mimeType": kind} if said in _SPOKEN else {})
        return Audio(data, _SPOKEN.get(said, said), _kept(keys, "inlineData", more))
    name = read.optional_text(block, "displayName", place)
    return File(name, kind, data, opaque=_kept(keys, "inlineData", rest(block, _NAMED_BLOB)))


def decode_linked(read: Reader, part: Block, at: str) -> Image | File:
    """Data that lies elsewhere: at an address anybody may read, or where only Google does."""
    block, place = camel(read.mapping(part, "fileData", at)), f"{at}.fileData"
    uri, kind = read.text(block, "fileUri", place), read.optional_text(block, "mimeType", place)
    keys = rest(part, _LINKED)
    if kind.startswith("image/"):
        return Image(kind, url=uri, opaque=_kept(keys, "fileData", rest(block, _LINK)))
    name, opaque = (
        read.optional_text(block, "displayName", place),
        _kept(keys, "fileData", rest(block, _NAMED_LINK)),
    )
    if _is_google(uri):
        return File(name, kind, id=uri, opaque=opaque)
    return File(name, kind, url=uri, opaque=opaque)


def encode_image(part: Image) -> Block:
    """A picture."""
    kind, data = part.media_type, part.data
    if not data and (found := split(part.url)):
        kind, data = found
    if data:
        kind = kind or media_type_of(data)
        if not kind.startswith("image/"):
            raise Unsupported("a picture for gemini has to say its media type.", "Set it, such as image/png.")
        return _with(part, "inlineData", {"mimeType": kind, "data": data})
    if part.url:
        return _with(part, "fileData", _link(part.url, kind))
    raise Unsupported("a picture has neither data nor an address that gemini could read.")


def encode_audio(part: Audio) -> Block:
    """Sound."""
    if not part.data:
        raise Unsupported("a sound without data cannot be sent to gemini.")
    return _with(part, "inlineData", {"mimeType": f"audio/{part.format}", "data": part.data})


def encode_file(part: File) -> Block:
    """A file of any kind."""
    kind, data = part.media_type, part.data
    named: Block = {"displayName": part.name} if part.name else {}
    if not data and (found := split(part.url)):
        kind, data = found
    if data:
        kind = kind or media_type_of(data) or media_type_of_address(part.name)
        if not kind:
            raise Unsupported(f"the file {part.name!r} has to say its media type for gemini.")
        return _with(part, "inlineData", {"mimeType": kind, "data": data, **named})
    if part.url:
        return _with(part, "fileData", {**_link(part.url, kind), **named})
    if "://" in part.id:
        return _with(part, "fileData", {**_link(part.id, kind), **named})
    raise Unsupported(
        f"gemini cannot read the file {part.name or part.id!r}, which another provider keeps, or nobody.",
        "Send its data or an address.",
    )


def _link(uri: str, kind: str) -> Block:
    kind = kind or media_type_of_address(uri)
    return {"fileUri": uri, "mimeType": kind} if kind else {"fileUri": uri}


def _with(part: Image | Audio | File, key: str, block: Block) -> Block:
    mine = own(part.opaque, NAME)
    return {**mine, key: {**block, **mine.get(key, {})}} if mine else {key: block}


def _kept(keys: Block, key: str, inner: Block) -> dict[str, Json] | None:
    return carried(NAME, {**keys, key: inner} if inner else keys)


def _standard(data: str) -> str:
    """Base64 in the usual alphabet: Google's own client writes that of URLs, which no other provider reads."""
    return data.translate(_ALPHABET) if "-" in data or "_" in data else data


def _is_google(uri: str) -> bool:
    return uri.startswith(("gs://", "https://generativelanguage.googleapis.com/"))


_ALPHABET = str.maketrans("-_", "+/")
_SPOKEN = {"mpeg": "mp3", "x-wav": "wav", "wave": "wav"}
"""Other names of the same formats."""
_INLINE = frozenset({"inlineData"})
_LINKED = frozenset({"fileData"})
_BLOB = frozenset({"mimeType", "data"})
_NAMED_BLOB = _BLOB | {"displayName"}
_LINK = frozenset({"mimeType", "fileUri"})
_NAMED_LINK = _LINK | {"displayName"}
