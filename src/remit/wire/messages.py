"""The neutral form of a talk with a model, into which every dialect is decoded and from which it is encoded.

Parts that only one dialect understands (thinking blocks, thought signatures, encrypted reasoning) are carried in
`opaque`, untouched, together with the dialect that they belong to: `{"gemini": {"thoughtSignature": "..."}}` on a
part, a message or a tool (see `wire/opaque.py`); the whole block on a part that names its dialect itself. Nothing
here knows a provider or a price. All of it is frozen JSON that cannot refer back to itself, so the collector of cycles
is not told of it: long talks would be most of what it looks through.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import Struct, field

from remit.wire import canonical

Json = Any


class Text(Struct, tag="text", frozen=True, omit_defaults=True, gc=False):
    """Words."""

    text: str
    opaque: dict[str, Json] | None = None
    """By dialect, other keys of its own block, such as citations or `cache_control`."""


class Image(Struct, tag="image", frozen=True, omit_defaults=True, gc=False):
    """A picture: base64 `data` with its media type, or a `url`."""

    media_type: str = ""
    data: str = ""
    url: str = ""
    detail: str = ""
    opaque: dict[str, Json] | None = None


class Audio(Struct, tag="audio", frozen=True, omit_defaults=True, gc=False):
    """Sound, base64."""

    data: str
    format: str = "wav"
    opaque: dict[str, Json] | None = None


class File(Struct, tag="file", frozen=True, omit_defaults=True, gc=False):
    """A document: base64 `data`, a `url`, or the `id` under which the provider already has it."""

    name: str = ""
    media_type: str = ""
    data: str = ""
    url: str = ""
    id: str = ""
    opaque: dict[str, Json] | None = None


class Reasoning(Struct, tag="reasoning", frozen=True, omit_defaults=True, gc=False):
    """What the model thought; `opaque` is the dialect's own block, byte for byte what has to be sent back."""

    text: str = ""
    dialect: str = ""
    opaque: dict[str, Json] | None = None


class ToolCall(Struct, tag="tool_call", frozen=True, omit_defaults=True, gc=False):
    """A model asks for a tool; `arguments` is the JSON text exactly as it was sent, valid or not."""

    id: str
    name: str
    arguments: str = "{}"
    opaque: dict[str, Json] | None = None


class ToolResult(Struct, tag="tool_result", frozen=True, omit_defaults=True, gc=False):
    """What a tool answered to the call `id`."""

    id: str
    name: str
    parts: tuple[Text | Image | File | Foreign, ...] = ()
    failed: bool = False
    opaque: dict[str, Json] | None = None


class Refusal(Struct, tag="refusal", frozen=True, omit_defaults=True, gc=False):
    """The model declined, in these words."""

    text: str
    opaque: dict[str, Json] | None = None


class Foreign(Struct, tag="foreign", frozen=True, omit_defaults=True, gc=False):
    """A block that only its dialect knows (server-side tools, search results): carried, never interpreted."""

    dialect: str
    block: dict[str, Json]


Part = Text | Image | Audio | File | Reasoning | ToolCall | ToolResult | Refusal | Foreign
Role = Literal["system", "user", "assistant", "tool"]


class Message(Struct, frozen=True, omit_defaults=True, gc=False):
    """One turn. A `developer` turn is `system`; tool results stand in a `tool` turn, one or several."""

    role: Role
    parts: tuple[Part, ...] = ()
    name: str = ""
    opaque: dict[str, Json] | None = None

    @property
    def text(self) -> str:
        """Its words alone."""
        parts = self.parts
        if len(parts) == 1 and isinstance(parts[0], Text):
            return parts[0].text
        return "".join([part.text for part in parts if isinstance(part, Text)])

    @property
    def tool_calls(self) -> tuple[ToolCall, ...]:
        """The tools that it asks for, in order."""
        return tuple([part for part in self.parts if isinstance(part, ToolCall)])


class ToolSpec(Struct, frozen=True, omit_defaults=True, gc=False):
    """A tool as a model is told about it."""

    name: str
    description: str = ""
    parameters: dict[str, Json] = field(default_factory=dict[str, Json])
    strict: bool | None = None
    dialect: str = ""
    """Set for a tool that only this dialect's provider has and runs, such as its web search; no other can be told."""
    opaque: dict[str, Json] | None = None
    """By dialect, other keys of its own declaration; of a tool with a `dialect`, the whole of it."""


class OutputSchema(Struct, frozen=True, omit_defaults=True, gc=False):
    """The answer has to fit this JSON schema; an empty `schema` asks for any JSON object."""

    name: str = "answer"
    schema: dict[str, Json] = field(default_factory=dict[str, Json])
    strict: bool = True
    description: str = ""


class ModelRequest(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a model is asked. `tool_choice` is auto, none, required, or the name of a tool as `tool:NAME`."""

    model: str
    messages: tuple[Message, ...] = ()
    tools: tuple[ToolSpec, ...] = ()
    tool_choice: str = "auto"
    output: OutputSchema | None = None
    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    parallel_tools: bool | None = None
    effort: str = ""
    stream: bool = False
    choices: int = 1
    dialect: str = ""
    """The dialect it came in, if it came from outside; `extra` is only ever sent back out in that one."""
    extra: dict[str, Json] = field(default_factory=dict[str, Json])


class Usage(Struct, frozen=True, omit_defaults=True, gc=False):
    """Tokens, in parts that do not overlap: `input` excludes what was cached, `output` excludes reasoning."""

    input: int = 0
    cache_read: int = 0
    cache_write: int = 0
    output: int = 0
    reasoning: int = 0
    audio_input: int = 0
    audio_output: int = 0

    @property
    def total(self) -> int:
        """All of them."""
        return (
            self.input + self.cache_read + self.cache_write + self.audio_input
            + self.output + self.reasoning + self.audio_output
        )  # fmt: skip

    @property
    def prompt(self) -> int:
        """What was sent."""
        return self.input + self.cache_read + self.cache_write + self.audio_input

    @property
    def completion(self) -> int:
        """What was generated."""
        return self.output + self.reasoning + self.audio_output


Finish = Literal["stop", "length", "tools", "filter", "error", "unknown"]


class ModelResponse(Struct, frozen=True, omit_defaults=True, gc=False):
    """What a model answered."""

    model: str
    message: Message
    finish: Finish = "stop"
    usage: Usage | None = None
    """None: the provider did not say."""
    id: str = ""
    dialect: str = ""
    extra: dict[str, Json] = field(default_factory=dict[str, Json])


# --- a stream, event by event; `index` is the place of the part in the message --------------------------------


class Started(Struct, tag="started", frozen=True, omit_defaults=True, gc=False):
    """The answer begins."""

    id: str = ""
    model: str = ""
    usage: Usage | None = None


class TextDelta(Struct, tag="text_delta", frozen=True, omit_defaults=True, gc=False):
    """More words of a part."""

    index: int
    text: str


class ReasoningDelta(Struct, tag="reasoning_delta", frozen=True, omit_defaults=True, gc=False):
    """More thinking."""

    index: int
    text: str


class ToolCallStarted(Struct, tag="tool_call_started", frozen=True, omit_defaults=True, gc=False):
    """A tool call begins; its arguments follow."""

    index: int
    id: str
    name: str


class ToolCallDelta(Struct, tag="tool_call_delta", frozen=True, omit_defaults=True, gc=False):
    """More of the arguments' JSON text."""

    index: int
    text: str


class PartDone(Struct, tag="part_done", frozen=True, omit_defaults=True, gc=False):
    """A part is complete, whole and with its opaque rest; it replaces what the deltas said. No answer ends before each
    of its texts was said so.
    """

    index: int
    part: Part


class Finished(Struct, tag="finished", frozen=True, omit_defaults=True, gc=False):
    """The answer is complete. A stream that ends without it was cut."""

    finish: Finish = "stop"
    usage: Usage | None = None
    dialect: str = ""
    """The one that `extra` belongs to; an encoder of another leaves it out."""
    extra: dict[str, Json] = field(default_factory=dict[str, Json])


class Failed(Struct, tag="failed", frozen=True, omit_defaults=True, gc=False):
    """The provider reported an error in the middle of the stream."""

    message: str
    kind: str = ""
    status: int = 0


StreamEvent = (
    Started | TextDelta | ReasoningDelta | ToolCallStarted | ToolCallDelta | PartDone | Finished | Failed
)


def message_to_plain(message: Message) -> dict[str, Json]:
    """A message as plain JSON, the form in which conversations keep it."""
    return msgspec.to_builtins(message)


def _canonical(message: Message) -> Any:
    """A message as the journal digests it: only what a provider made up itself has to be looked at value by value."""
    plain = msgspec.to_builtins(message, str_keys=True, order="deterministic")
    if not _is_words(message):
        return canonical.plain(plain)
    if "parts" in plain:
        plain["parts"] = parts = list(plain["parts"])
        for each in parts:
            if "parts" in each:
                each["parts"] = list(each["parts"])
    return plain


def _is_words(message: Message) -> bool:
    return message.opaque is None and _are_words(message.parts)


def _are_words(parts: tuple[Part, ...]) -> bool:
    for part in parts:
        kind = part.__class__
        if kind not in _WORDS or part.opaque is not None:  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            return False
        if kind is ToolResult and not _are_words(part.parts):  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType]
            return False
    return True


_WORDS = frozenset({Text, ToolCall, ToolResult, Reasoning, Refusal})
canonical.learn(Message, _canonical, _is_words)


def message_from_plain(plain: object) -> Message:
    """A message out of a conversation."""
    return plain if isinstance(plain, Message) else msgspec.convert(plain, Message)
