"""The content of messages and of tool results in the Responses API: words, pictures, documents, sound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.action_errors import Unsupported
from remit.wire import data_urls
from remit.wire.messages import Audio, File, Foreign, Image, Part, Refusal, Text
from remit.wire.opaque import carried, own, rest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from remit.wire.fields import Reader

Json = Any
NAME = "openai_responses"

_INPUT_TEXT = frozenset({"type", "text"})
_OUTPUT_TEXT = frozenset({"type", "text", "annotations", "logprobs"})
_REFUSAL = frozenset({"type", "refusal"})
_IMAGE = frozenset({"type", "image_url", "detail"})
_FILE = frozenset({"type", "filename", "file_data", "file_url", "file_id"})
_AUDIO, _IN_AUDIO = frozenset({"type", "input_audio"}), frozenset({"data", "format"})


def decode_content(block: Mapping[str, Json], key: str, at: str, reader: Reader) -> tuple[Part, ...]:
    """A text, or parts."""
    content = block.get(key)
    if content is None or content == "":
        return ()
    if type(content) is str:
        return (Text(content),)
    return tuple(decode_part(part, place, reader) for place, part in reader.blocks(block, key, at))


def decode_part(block: dict[str, Json], at: str, reader: Reader) -> Part:
    """One part; a type nobody here knows is carried whole."""
    decode = _DECODERS.get(reader.text(block, "type", at))
    return Foreign(NAME, block) if decode is None else decode(block, at, reader)


def encode_content(parts: Sequence[Part], where: str) -> Json:
    """What somebody says to a model: a text where it is only that, else a list."""
    if not parts:
        return ""
    only = parts[0]
    if len(parts) == 1 and type(only) is Text and not (only.opaque and own(only.opaque, NAME)):
        return only.text
    return [encode_input(part, where) for part in parts]


def encode_input(part: Part, where: str) -> dict[str, Json]:
    """One part of an input."""
    match part:
        case Text(text=text, opaque=opaque):
            block: dict[str, Json] = {"type": "input_text", "text": text}
        case Image(opaque=opaque):
            block = _image(part, where)
        case File(opaque=opaque):
            block = _file(part)
        case Foreign(dialect=dialect, block=foreign) if dialect == NAME:
            return foreign
        case _:
            raise unsupported(part, where)
    return joined(block, own(opaque, NAME)) if opaque else block


def encode_output(part: Text | Refusal) -> dict[str, Json]:
    """One part of what a model said."""
    keys = own(part.opaque, NAME)
    if isinstance(part, Refusal):
        return joined({"type": "refusal", "refusal": part.text}, rest(keys, _ITEM))
    block: dict[str, Json] = {
        "type": "output_text",
        "text": part.text,
        "annotations": keys.get("annotations", []),
    }
    return joined(block, rest(keys, _ITEM))


def joined(block: dict[str, Json], keys: Mapping[str, Json]) -> dict[str, Json]:
    """A block with keys that were carried beside it; none of them replaces what the block says."""
    for key, value in keys.items():
        block.setdefault(key, value)
    return block


def unsupported(part: Part, where: str) -> Unsupported:
    """This dialect cannot say that."""
    kind = type(part).__name__.lower()
    of = f" of the dialect {part.dialect}" if isinstance(part, Foreign) else ""
    return Unsupported(
        f"a part of the conversation ({kind}{of}) has no form in OpenAI Responses {where}.",
        "Choose a model of another provider, or leave the part out.",
    )


_ITEM = frozenset({"item"})
"""The key under which a text remembers the message that it stood in."""


# --- in ------------------------------------------------------------------------------------------------------


def _decode_input_text(block: dict[str, Json], at: str, reader: Reader) -> Part:
    return Text(reader.text(block, "text", at), carried(NAME, rest(block, _INPUT_TEXT)))


def _decode_output_text(block: dict[str, Json], at: str, reader: Reader) -> Part:
    keys = rest(block, _OUTPUT_TEXT)
    for key in ("annotations", "logprobs"):
        if found := reader.items(block, key, at):
            keys[key] = found
    return Text(reader.text(block, "text", at), carried(NAME, keys))


def _decode_refusal(block: dict[str, Json], at: str, reader: Reader) -> Part:
    return Refusal(reader.text(block, "refusal", at), carried(NAME, rest(block, _REFUSAL)))


def _decode_image(block: dict[str, Json], at: str, reader: Reader) -> Part:
    url = reader.optional_text(block, "image_url", at)
    detail = reader.optional_text(block, "detail", at)
    opaque = carried(NAME, {key: value for key, value in rest(block, _IMAGE).items() if value is not None})
    if not url and not (opaque and opaque[NAME].get("file_id")):
        raise reader.wrong(at, "has neither image_url nor file_id")
    media_type, data = data_urls.split(url) or ("", "")
    return Image(media_type, data, "" if data else url, "" if detail == "auto" else detail, opaque)


def _decode_file(block: dict[str, Json], at: str, reader: Reader) -> Part:
    said = reader.optional_text(block, "file_data", at)
    media_type, data = data_urls.split(said) or ("", said)
    url, identity = reader.optional_text(block, "file_url", at), reader.optional_text(block, "file_id", at)
    if not (data or url or identity):
        raise reader.wrong(at, "has neither file_data, file_url nor file_id")
    name = reader.optional_text(block, "filename", at)
    return File(name, media_type, data, url, identity, carried(NAME, rest(block, _FILE)))


def _decode_audio(block: dict[str, Json], at: str, reader: Reader) -> Part:
    inner = reader.mapping(block, "input_audio", at)
    place = f"{at}.input_audio"
    return Audio(
        reader.text(inner, "data", place),
        reader.text(inner, "format", place),
        carried(NAME, rest(block, _AUDIO)),
    )


_DECODERS: dict[str, Callable[[dict[str, Json], str, Reader], Part]] = {
    "input_text": _decode_input_text,
    "text": _decode_input_text,
    "output_text": _decode_output_text,
    "refusal": _decode_refusal,
    "input_image": _decode_image,
    "input_file": _decode_file,
    "input_audio": _decode_audio,
}


# --- out -----------------------------------------------------------------------------------------------------


def _image(image: Image, where: str) -> dict[str, Json]:
    block: dict[str, Json] = {"type": "input_image", "detail": image.detail or "auto"}
    url = data_urls.join(image.media_type, image.data) if image.data else image.url
    if url:
        block["image_url"] = url
    elif not own(image.opaque, NAME).get("file_id"):
        raise unsupported(image, where)
    return block


def _file(file: File) -> dict[str, Json]:
    block: dict[str, Json] = {"type": "input_file"}
    if file.name:
        block["filename"] = file.name
    if file.id:
        block["file_id"] = file.id
    if file.url:
        block["file_url"] = file.url
    if file.data:
        block["file_data"] = data_urls.join(file.media_type, file.data) if file.media_type else file.data
    return block
