"""The most that a call may use, known before it is made: from the bytes that are sent, never from a tokenizer.

No token is shorter than a byte, so text is bounded by its bytes; a picture by what the model may charge for one;
sound by its bytes. What none of that bounds (a file that the provider opens, state that it keeps) may use the whole
window (S25). It must not know budgets.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct, structs

from remit.models.prices import MILLION
from remit.wire.messages import Audio, File, Foreign, Image, Reasoning, Refusal, Text, ToolCall, ToolResult

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.models.catalog import ModelCard
    from remit.models.prices import PriceBook, Rates
    from remit.wire.messages import Message, ModelRequest, Part, ToolSpec

PER_REQUEST = 64
"""Tokens that frame a request, whatever is in it."""
PER_MESSAGE = 16
"""Tokens that frame one message, part, call or tool."""
WITH_TOOLS = 1024
"""Tokens of the instructions that providers add when there are tools."""
BYTES_PER_AUDIO_TOKEN = 16
"""Compressed speech of 6 kbit/s has 750 bytes a second, for which nobody charges more than 40 tokens."""
TYPICAL_BYTES_PER_TOKEN = 3
"""For estimates only: prose has more bytes in a token, JSON about so many."""
TYPICAL_IMAGE = 1500
"""Tokens of one picture, for estimates only."""


class Weight(Struct, gc=False):
    """What is sent, by kind."""

    text: int = 0
    """Bytes of everything that is read as text."""
    frames: int = 0
    """Messages, parts and tools."""
    media: int = 0
    """Pictures, sounds, files and blocks of a provider's own, one by one."""
    images: int = 0
    audio: int = 0
    """Bytes of sound."""
    unknown: str = ""
    """What has no size that could be known; empty: nothing."""
    tools: bool = False
    kinds: frozenset[str] = frozenset()
    """What of it not every model can read: images, audio, files."""

    @property
    def estimate(self) -> int:
        """About how many tokens the prompt has: for choosing a model, never for a reservation."""
        return (
            self.text // TYPICAL_BYTES_PER_TOKEN
            + self.frames
            + self.images * TYPICAL_IMAGE
            + self.audio // (BYTES_PER_AUDIO_TOKEN * TYPICAL_BYTES_PER_TOKEN)
        )


class ToolsWeight(Struct, frozen=True, gc=False):
    """The same of a tuple of tools, with a name for exactly these."""

    text: int
    unknown: str
    digest: str


class Bound(Struct, frozen=True, gc=False):
    """The most that one call may use."""

    prompt: int
    completion: int
    money: int | None
    """Micro-dollars; None: the model has no price."""
    because: str = ""
    """Why the whole window is reserved; empty: it is not."""

    @property
    def tokens(self) -> int:
        """Both together."""
        return self.prompt + self.completion


def weigh(request: ModelRequest, said: Weight | None = None) -> Weight:
    """What a request weighs; `said` is what its messages do, where somebody kept count as they came."""
    weight = weigh_messages(request.messages) if said is None else structs.replace(said)
    if request.tools:
        tools = weigh_tools(request.tools)
        weight.tools = True
        weight.frames += len(request.tools)
        weight.text += tools.text
        weight.unknown = tools.unknown or weight.unknown
    if request.output is not None:
        weight.text += _size(request.output)
    if request.extra and (reaching := request.extra.keys() - _HARMLESS):
        weight.unknown = f'the provider\'s own "{min(reaching)}"'
    return weight


def weigh_messages(messages: Iterable[Message], before: Weight | None = None) -> Weight:
    """What messages weigh, on top of those `before` them: a conversation that grows is weighed once."""
    weight = Weight() if before is None else structs.replace(before)
    for message in messages:
        weight.frames += 1
        for part in message.parts:
            _weigh_part(part, weight)
        if message.opaque:
            weight.text += _size(message.opaque)
    return weight


def weigh_tools(tools: tuple[ToolSpec, ...]) -> ToolsWeight:
    """What the tools of a request weigh; an agent sends the same ones with every call, and they are weighed once."""
    known = _WEIGHED.get(id(tools))
    if known is not None and known[0] is tools:
        return known[1]
    texts = [msgspec.json.encode(tool) for tool in tools]
    unknown = next((f'the provider\'s own tool "{tool.name}"' for tool in tools if tool.opaque), "")
    weight = ToolsWeight(
        sum(map(len, texts)), unknown, hashlib.blake2b(b"\n".join(texts), digest_size=12).hexdigest()
    )
    if len(_WEIGHED) >= _MOST_WEIGHED:
        _WEIGHED.clear()
    _WEIGHED[id(tools)] = (tools, weight)
    return weight


def bound(
    card: ModelCard, book: PriceBook, weight: Weight, max_tokens: int | None, at: int, choices: int = 1
) -> Bound | None:
    """The most that a call of this weight may use; None if nothing bounds it, because the window is unknown."""
    prompt, because = _prompt(card, weight)
    answer = max_tokens if max_tokens is not None else card.max_output or card.window
    if prompt is None or answer is None:
        return None
    completion = answer * max(choices, 1)
    return Bound(prompt, completion, _money(card, book, prompt, completion, weight, at), because)


# --- weighing -----------------------------------------------------------------------------------------------


def _weigh_part(part: Part, weight: Weight) -> None:
    weight.frames += 1
    match part:
        case Text(text=text) | Refusal(text=text) | Reasoning(text=text):
            weight.text += _length(text)
        case ToolCall():
            weight.text += _length(part.arguments + part.name + part.id)
        case ToolResult():
            weight.text += _length(part.name + part.id)
            for inner in part.parts:
                _weigh_part(inner, weight)
        case Image() | Audio() | File() | Foreign():
            _weigh_medium(part, weight)
    opaque = getattr(part, "opaque", None)
    if opaque:
        weight.text += _size(opaque)


def _weigh_medium(part: Image | Audio | File | Foreign, weight: Weight) -> None:
    weight.media += 1
    match part:
        case Image():
            weight.images += 1
            weight.kinds |= {"images"}
        case Audio(data=data):
            weight.audio += len(data) * 3 // 4
            weight.kinds |= {"audio"}
        case File():
            weight.kinds |= {"files"}
            _weigh_file(part, weight)
        case Foreign():
            weight.unknown = f"a {part.block.get('type', 'block')} of the provider's own"


def _weigh_file(file: File, weight: Weight) -> None:
    """Text is what its bytes are; of a PDF the provider makes pages and pictures, as many as it likes."""
    if file.data and file.media_type.startswith("text/"):
        weight.text += len(file.data) * 3 // 4 + _length(file.name)
    else:
        weight.unknown = f"the file {file.name or file.id or file.url or 'without a name'}"


def _length(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _size(value: object) -> int:
    return len(msgspec.json.encode(value))


# --- bounding -----------------------------------------------------------------------------------------------


def _prompt(card: ModelCard, weight: Weight) -> tuple[int | None, str]:
    """The most tokens that the prompt may have; no provider bills more of them than its window holds."""
    because = weight.unknown
    if not because and weight.images and card.image_tokens is None:
        because = "pictures, and nobody knows what one costs"
    if because:
        return card.window, f"nothing bounds {because}"
    tokens = (
        PER_REQUEST
        + weight.text
        + weight.frames * PER_MESSAGE
        + (WITH_TOOLS if weight.tools else 0)
        + weight.images * (card.image_tokens or 0)
        + -(-weight.audio // BYTES_PER_AUDIO_TOKEN)
    )
    return (tokens if card.window is None else min(tokens, card.window)), ""


def _money(
    card: ModelCard, book: PriceBook, prompt: int, completion: int, weight: Weight, at: int
) -> int | None:
    period = book.period(card.name, at)
    if period is None:
        return None
    usual = _dearest(period.rates, prompt, completion, weight)
    if period.long is None or period.above is None or prompt <= period.above:
        return usual
    return max(usual, _dearest(period.long, prompt, completion, weight))


def _dearest(rates: Rates, prompt: int, completion: int, weight: Weight) -> int:
    sent = rates.dearest_prompt
    if weight.audio or weight.unknown:
        sent = max(sent, rates.audio_input)
    return -(-(prompt * sent + completion * rates.dearest_answer) // MILLION)


_WEIGHED: dict[int, tuple[tuple[ToolSpec, ...], ToolsWeight]] = {}
"""By identity; the tuple is held, so that no other one can have its place in memory."""
_MOST_WEIGHED = 1000
_HARMLESS = frozenset(
    {
        "audio", "frequency_penalty", "include", "logit_bias", "logprobs", "metadata", "modalities",
        "presence_penalty", "prompt_cache_key", "prompt_cache_retention", "reasoning", "safety_identifier",
        "simulated", "store", "stream_options", "text", "thinking", "top_k", "top_logprobs", "user", "verbosity",
    }
)  # fmt: skip
"""Keys of other dialects that add no token to the prompt; any other may bring in what the provider keeps."""
