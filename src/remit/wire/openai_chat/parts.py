"""The content parts of a chat message: text, pictures, sound, documents, and what this dialect alone knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import Unsupported
from remit.wire import data_urls
from remit.wire.messages import Audio, File, Foreign, Image, Part, Refusal, Text
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from remit.wire.fields import Reader

Json = Any
NAME = "openai_chat"


def decode_content(block: Mapping[str, Json], at: str, reader: Reader) -> tuple[Part, ...]:
    """The `content` of a message: nothing, a text, or parts."""
    content = block.get("content")
    if not content and not isinstance(content, bool | int):
        return ()
    if type(content) is str:
        return (Text(content),)
    return tuple(decode_part(part, place, reader) for place, part in reader.blocks(block, "content", at))


def decode_part(block: dict[str, Json], at: str, reader: Reader) -> Part:
    """One part; a type nobody here knows is carried whole."""
    decode = _DECODERS.get(reader.text(block, "type", at))
    return Foreign(NAME, block) if decode is None else decode(block, at, reader)


def encode_part(part: Part) -> dict[str, Json]:
    """One part of a content list."""
    match part:
        case Text(text=text, opaque=opaque):
            block: dict[str, Json] = {"type": "text", "text": text}
        case Image(opaque=opaque):
            block = {"type": "image_url", "image_url": _image_url(part)}
        case Audio(data=data, format="wav" | "mp3" as form, opaque=opaque):
            block = {"type": "input_audio", "input_audio": {"data": data, "format": form}}
        case File(opaque=opaque):
            block = {"type": "file", "file": _file(part)}
        case Refusal(text=text, opaque=opaque):
            block = {"type": "refusal", "refusal": text}
        case Foreign(dialect=dialect, block=foreign) if dialect == NAME:
            return foreign
        case _:
            raise unsupported(part, "there")
    return joined(block, own(opaque, NAME)) if opaque else block


def joined(block: dict[str, Json], keys: Mapping[str, Json]) -> dict[str, Json]:
    """A block with the keys that were carried beside it; one level deep, where the block has an inner one."""
    for key, value in keys.items():
        inner = block.get(key)
        if isinstance(inner, dict) and isinstance(value, dict):
            block[key] = value | inner
        else:
            block.setdefault(key, value)
    return block


def spare(
    block: Mapping[str, Json], known: frozenset[str], inner: str = "", inside: frozenset[str] = frozenset()
) -> dict[str, Json]:
    """The keys of a block, and of the one inside it, that the neutral form has no place for."""
    keys = rest(block, known)
    within = block.get(inner)
    if isinstance(within, dict) and (left := rest(cast("dict[str, Json]", within), inside)):
        keys[inner] = left
    return keys


def unsupported(part: Part, where: str) -> Unsupported:
    """This dialect cannot say that."""
    kind = type(part).__name__.lower()
    of = f" of the dialect {part.dialect}" if isinstance(part, Foreign) else ""
    return Unsupported(
        f"a part of the conversation ({kind}{of}) has no form in OpenAI chat {where}.",
        "Choose a model of another provider, or leave the part out.",
    )


# --- in ------------------------------------------------------------------------------------------------------

_TEXT = frozenset({"type", "text"})
_REFUSAL = frozenset({"type", "refusal"})
_IMAGE, _IN_IMAGE = frozenset({"type", "image_url"}), frozenset({"url", "detail"})
_AUDIO, _IN_AUDIO = frozenset({"type", "input_audio"}), frozenset({"data", "format"})
_FILE, _IN_FILE = frozenset({"type", "file"}), frozenset({"file_data", "file_id", "filename"})


def _decode_text(block: dict[str, Json], at: str, reader: Reader) -> Part:
    return Text(reader.text(block, "text", at), carried(NAME, rest(block, _TEXT)))


def _decode_refusal(block: dict[str, Json], at: str, reader: Reader) -> Part:
    return Refusal(reader.text(block, "refusal", at), carried(NAME, rest(block, _REFUSAL)))


def _decode_image(block: dict[str, Json], at: str, reader: Reader) -> Part:
    inner = reader.mapping(block, "image_url", at)
    url = reader.text(inner, "url", f"{at}.image_url")
    detail = reader.optional_text(inner, "detail", f"{at}.image_url")
    opaque = carried(NAME, spare(block, _IMAGE, "image_url", _IN_IMAGE))
    found = data_urls.split(url)
    if found is None:
        return Image(url=url, detail=detail, opaque=opaque)
    return Image(found[0], found[1], detail=detail, opaque=opaque)


def _decode_audio(block: dict[str, Json], at: str, reader: Reader) -> Part:
    inner = reader.mapping(block, "input_audio", at)
    return Audio(
        reader.text(inner, "data", f"{at}.input_audio"),
        reader.text(inner, "format", f"{at}.input_audio"),
        carried(NAME, spare(block, _AUDIO, "input_audio", _IN_AUDIO)),
    )


def _decode_file(block: dict[str, Json], at: str, reader: Reader) -> Part:
    inner = reader.mapping(block, "file", at)
    place = f"{at}.file"
    said = reader.optional_text(inner, "file_data", place)
    media_type, data = data_urls.split(said) or ("", said)
    identity = reader.optional_text(inner, "file_id", place)
    if not data and not identity:
        raise reader.wrong(place, "has neither file_data nor file_id")
    return File(
        reader.optional_text(inner, "filename", place),
        media_type,
        data,
        id=identity,
        opaque=carried(NAME, spare(block, _FILE, "file", _IN_FILE)),
    )


_DECODERS: dict[str, Callable[[dict[str, Json], str, Reader], Part]] = {
    "text": _decode_text,
    "refusal": _decode_refusal,
    "image_url": _decode_image,
    "input_audio": _decode_audio,
    "file": _decode_file,
}


# --- out -----------------------------------------------------------------------------------------------------


def _image_url(image: Image) -> dict[str, Json]:
    if not image.data and not image.url:
        raise unsupported(image, "without its content or an address")
    url = data_urls.join(image.media_type, image.data) if image.data else image.url
    return {"url": url, "detail": image.detail} if image.detail else {"url": url}


def _file(file: File) -> dict[str, Json]:
    if file.url and not file.data and not file.id:
        raise Unsupported(
            "OpenAI chat takes documents by content or by id, not by URL.",
            "Fetch the document first, or choose a model of another provider.",
        )
    inner: dict[str, Json] = {"filename": file.name} if file.name else {}
    if file.id:
        inner["file_id"] = file.id
    if file.data:
        inner["file_data"] = data_urls.join(file.media_type, file.data) if file.media_type else file.data
    return inner
