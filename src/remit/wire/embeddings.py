"""Embeddings: what a client asks in OpenAI's words, the same in Gemini's, and the answer in the form that it wants.

A client may send words or tokens, one or many, and wants numbers as a list or packed; the official client asks for
packed ones by itself. It knows no provider.
"""

from __future__ import annotations

import binascii
from array import array
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import Raw, Struct

from remit.domain.action_errors import Unsupported
from remit.wire.fields import CLIENT, PROVIDER
from remit.wire.inbound import Inbound, object_in
from remit.wire.messages import Message, ModelRequest, Text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Json = Any

_MOST = 2048
"""Inputs of one request, as OpenAI has it."""
_BY_FIELD = msgspec.json.Decoder(dict[str, Raw])
_PACKED = "base64"
_FORMATS = ("float", _PACKED)
_FLOAT = 4


class EmbedWish(Struct, frozen=True):
    """What is to be embedded, and how the answer is to look."""

    inputs: tuple[str | tuple[int, ...], ...]
    packed: bool = False
    dimensions: int | None = None

    @property
    def tokens(self) -> int:
        """How many tokens came as such."""
        return sum(len(each) for each in self.inputs if not isinstance(each, str))


def read(body: bytes) -> tuple[Inbound, EmbedWish]:
    """A client's body; raises `InvalidInput` naming the offending field."""
    plain = object_in(body)
    model = CLIENT.text(plain, "model")
    said = CLIENT.optional_text(plain, "encoding_format") or "float"
    if said not in _FORMATS:
        raise CLIENT.wrong("encoding_format", f'is "{said[:50]}"; it has to be one of {", ".join(_FORMATS)}')
    dimensions = CLIENT.integer(plain, "dimensions")
    if dimensions is not None and dimensions < 1:
        raise CLIENT.wrong("dimensions", f"is {dimensions}; it has to be at least 1")
    wish = EmbedWish(tuple(_inputs(plain.get("input"))), said == _PACKED, dimensions)
    request = ModelRequest(model, (_as_message(wish),), max_tokens=0, dialect="openai_chat")
    return Inbound("openai_chat", request, _BY_FIELD.decode(body)), wish


def _inputs(said: Json) -> Sequence[str | tuple[int, ...]]:
    if isinstance(said, str):
        found: list[Json] = [said]
    elif isinstance(said, list) and said:
        many = cast("list[Json]", said)
        found = [many] if all(type(each) is int for each in many) else many
    else:
        raise CLIENT.wrong("input", "has to be a text, tokens, or a list of either")
    if len(found) > _MOST:
        raise CLIENT.wrong("input", f"has {len(found)} parts; the most are {_MOST}")
    return [_input(each, at) for at, each in enumerate(found)]


def _input(said: Json, at: int) -> str | tuple[int, ...]:
    if isinstance(said, str) and said:
        return said
    if (
        isinstance(said, list)
        and said
        and all(type(each) is int and each >= 0 for each in cast("list[Json]", said))
    ):
        return tuple(cast("list[int]", said))
    raise CLIENT.wrong(f"input[{at}]", "has to be a text that is not empty, or tokens")


def _as_message(wish: EmbedWish) -> Message:
    """The same as the log and the bounds see it; a token is never more than a few bytes, and is counted as four."""
    words = (
        each if isinstance(each, str) else f"[{len(each)} tokens]".ljust(4 * len(each))
        for each in wish.inputs
    )
    return Message("user", tuple([Text(each) for each in words]))


# --- as OpenAI answers ------------------------------------------------------------------------------------------


def openai_body(inbound: Inbound, model: str) -> dict[str, Json]:
    """What a provider that speaks like OpenAI is sent: the client's own fields."""
    return {**inbound.fields, "model": model}


def openai_answer(body: Mapping[str, Json], wish: EmbedWish) -> tuple[list[Json], int | None, bool]:
    """The vectors in the order of the inputs, the tokens that were counted, and whether they are as they were asked
    for already.
    """
    found = sorted(
        (
            (PROVIDER.integer(each, "index", at) or 0, each.get("embedding"))
            for at, each in PROVIDER.blocks(body, "data")
        ),
        key=lambda pair: pair[0],
    )
    if [index for index, _ in found] != list(range(len(wish.inputs))):
        raise PROVIDER.wrong("data", f"has {len(found)} vectors for {len(wish.inputs)} inputs")
    usage = PROVIDER.optional_mapping(body, "usage")
    tokens = None if usage.get("prompt_tokens") is None else PROVIDER.count(usage, "prompt_tokens", "usage")
    vectors = [vector for _, vector in found]
    as_asked = all(isinstance(vector, str) is wish.packed for vector in vectors)
    return vectors, tokens, as_asked


# --- as Gemini does ---------------------------------------------------------------------------------------------


def gemini_body(wish: EmbedWish, model: str) -> dict[str, Json]:
    """The same for Gemini, which takes words only."""
    name = model if "/" in model else f"models/{model}"
    more = {"outputDimensionality": wish.dimensions} if wish.dimensions is not None else {}
    return {"requests": [{"model": name, "content": _content(each), **more} for each in wish.inputs]}


def _content(said: str | tuple[int, ...]) -> dict[str, Json]:
    if isinstance(said, str):
        return {"parts": [{"text": said}]}
    raise Unsupported("Gemini embeds words, not tokens.", "Send the text itself.")


def gemini_answer(body: Mapping[str, Json], wish: EmbedWish) -> list[Json]:
    """The vectors, in order."""
    found = [each.get("values") for _, each in PROVIDER.blocks(body, "embeddings")]
    if len(found) != len(wish.inputs):
        raise PROVIDER.wrong("embeddings", f"has {len(found)} vectors for {len(wish.inputs)} inputs")
    return found


# --- to the client ----------------------------------------------------------------------------------------------


def answer(vectors: Sequence[Json], wish: EmbedWish, model: str, tokens: int) -> dict[str, Json]:
    """The whole answer, each vector in the form that was asked for."""
    return {
        "object": "list",
        "data": [
            {"object": "embedding", "index": at, "embedding": _formed(vector, packed=wish.packed)}
            for at, vector in enumerate(vectors)
        ],
        "model": model,
        "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
    }  # fmt: skip


def _formed(vector: Json, *, packed: bool) -> Json:
    if isinstance(vector, str):
        return vector if packed else unpacked(vector)
    if not isinstance(vector, list) or not vector:
        raise PROVIDER.wrong("embedding", "is no vector")
    numbers = cast("list[float]", vector)
    return pack(numbers) if packed else numbers


def pack(vector: Sequence[float]) -> str:
    """A vector as base64 of little-endian floats of four bytes."""
    numbers = array("f", vector)
    return b64encode(numbers.tobytes()).decode()


def unpacked(text: str) -> list[float]:
    """The numbers again."""
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PROVIDER.wrong("embedding", "is no base64") from None
    if len(raw) % _FLOAT:
        raise PROVIDER.wrong("embedding", "is no list of numbers")
    numbers = array("f")
    numbers.frombytes(raw)
    return numbers.tolist()
