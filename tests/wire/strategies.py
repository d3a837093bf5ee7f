"""Neutral conversations, answers and streams for property tests, drawn as far as a dialect can express them.

An `Expressible` says what that is. What is drawn is canonical: turns alternate, a tool turn follows the calls that
it answers, parts stand in the order in which every dialect can have them, and no part is empty.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import msgspec
from hypothesis import strategies as st

from remit.wire.messages import (
    Audio,
    File,
    Finished,
    Image,
    Message,
    ModelRequest,
    ModelResponse,
    OutputSchema,
    Part,
    PartDone,
    Reasoning,
    ReasoningDelta,
    Refusal,
    Started,
    StreamEvent,
    Text,
    TextDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    ToolResult,
    ToolSpec,
    Usage,
)

Json = Any
Draw = st.DrawFn


@cache
def texts(smallest: int = 1, largest: int = 40) -> st.SearchStrategy[str]:
    """Words in any script; never half a surrogate, which UTF-8 cannot carry."""
    return st.text(st.characters(codec="utf-8"), min_size=smallest, max_size=largest)


@cache
def names() -> st.SearchStrategy[str]:
    """What every dialect accepts as the name of a tool or a schema."""
    return st.from_regex(r"[a-z][a-z0-9_]{0,15}", fullmatch=True)


@cache
def json_values() -> st.SearchStrategy[Json]:
    numbers = st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    return st.recursive(
        st.none() | st.booleans() | numbers | texts(0),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts(0, 8), inner, max_size=3),
        max_leaves=6,
    )


@cache
def json_objects() -> st.SearchStrategy[dict[str, Json]]:
    return st.dictionaries(texts(0, 8), json_values(), max_size=3)


@cache
def written_objects() -> st.SearchStrategy[str]:
    """Arguments as one canonical text, for a dialect that carries them as an object."""
    return json_objects().map(lambda value: msgspec.json.encode(value).decode())


@cache
def base64_texts() -> st.SearchStrategy[str]:
    return st.binary(min_size=1, max_size=24).map(lambda data: base64.b64encode(data).decode())


@cache
def schemas() -> st.SearchStrategy[dict[str, Json]]:
    """JSON schemas of an object, small and plain, as every dialect takes them."""
    leaf = st.sampled_from([{"type": kind} for kind in ("string", "integer", "number", "boolean")])
    return st.dictionaries(names(), leaf, min_size=1, max_size=3).map(
        lambda properties: {
            "type": "object",
            "properties": properties,
            "required": sorted(properties),
            "additionalProperties": False,
        }
    )


@dataclass(frozen=True)
class Expressible:
    """What a dialect has a form for."""

    dialect: str
    user_parts: tuple[st.SearchStrategy[Part], ...] = ()
    """Besides text."""
    result_parts: tuple[st.SearchStrategy[Text | Image | File], ...] = ()
    """Besides text."""
    answer_parts: tuple[st.SearchStrategy[Part], ...] = ()
    """What may follow the words of an answer in a request: a refusal, sound."""
    reasoning: st.SearchStrategy[Reasoning] | None = None
    """In this dialect's own form."""
    opaque: st.SearchStrategy[dict[str, Json]] = field(default_factory=lambda: st.just({}))
    """Keys of its own that it carries on a part."""
    words: st.SearchStrategy[Text] | None = None
    """What stands for the words of an answer; without it, as anywhere."""
    call_opaque: st.SearchStrategy[dict[str, Json]] | None = None
    """What it carries on a tool call; without it, what it carries on a part."""
    arguments: st.SearchStrategy[str] = field(default_factory=lambda: texts() | written_objects())
    call_ids: bool = True
    result_texts: int = 2
    """How many texts one tool result may have."""
    message_names: bool = False
    failed_results: bool = False
    system_texts: int = 1
    later_systems: bool = False
    """Whether a system turn may stand between others."""
    strict_tools: tuple[bool | None, ...] = (None,)
    tool_opaque: bool = True
    outputs: st.SearchStrategy[OutputSchema] | None = None
    parallel: bool = True
    required: bool = True
    settings: tuple[str, ...] = ("max_tokens", "temperature", "top_p")
    """Of max_tokens, temperature, top_p, stop, seed, effort, choices."""
    request_extra: st.SearchStrategy[dict[str, Json]] = field(default_factory=lambda: st.just({}))
    response_extra: st.SearchStrategy[dict[str, Json]] = field(default_factory=lambda: st.just({}))
    usage: tuple[str, ...] = ("input", "output")
    """The fields of `Usage` that it tells apart."""
    finishes: tuple[str, ...] = ("stop", "length", "filter")
    """Without tool calls; with them it is `tools`."""
    id_prefix: str = ""


# --- parts --------------------------------------------------------------------------------------------------


@cache
def carried(can: Expressible) -> st.SearchStrategy[dict[str, Json] | None]:
    """The `opaque` of a part."""
    return can.opaque.map(lambda keys: {can.dialect: keys} if keys else None)


@cache
def text_parts(can: Expressible) -> st.SearchStrategy[Text]:
    return st.builds(Text, texts(), carried(can))


def images(
    can: Expressible, *, urls: bool = True, details: tuple[str, ...] = ("",)
) -> st.SearchStrategy[Image]:
    kinds = st.sampled_from(["image/png", "image/jpeg", "image/webp"])
    inline = st.builds(
        Image, kinds, base64_texts(), st.just(""), st.sampled_from(details), opaque=carried(can)
    )
    linked = st.builds(
        Image,
        st.just(""),
        st.just(""),
        texts(1, 8).map(lambda path: f"https://images.example/{path}"),
        st.sampled_from(details),
        carried(can),
    )
    return inline | linked if urls else inline


def sounds(can: Expressible, formats: tuple[str, ...] = ("wav", "mp3")) -> st.SearchStrategy[Audio]:
    return st.builds(Audio, base64_texts(), st.sampled_from(formats), carried(can))


def files(
    can: Expressible, *, named: bool = True, urls: bool = False, ids: bool = False
) -> st.SearchStrategy[File]:
    name = names() if named else st.just("")
    found = [st.builds(File, name, st.just("application/pdf"), base64_texts(), opaque=carried(can))]
    if urls:
        found.append(st.builds(File, name=name, url=st.just("https://files.example/a"), opaque=carried(can)))
    if ids:
        found.append(st.builds(File, id=names().map("file-{}".format), opaque=carried(can)))
    return st.one_of(found)


def answer_parts(
    draw: Draw, can: Expressible, calls: int, first_call: int, texts_at_most: int = 2
) -> tuple[Part, ...]:
    """The parts of an assistant turn: thoughts, words, the rest, tool calls; never none at all."""
    parts: list[Part] = []
    if can.reasoning is not None and draw(st.booleans()):
        parts.append(draw(can.reasoning))
    after: list[Part] = (
        [draw(st.one_of(can.answer_parts))] if can.answer_parts and draw(st.booleans()) else []
    )
    enough = calls or any(isinstance(part, Refusal) for part in after)
    words = text_parts(can) if can.words is None else can.words
    parts += draw(st.lists(words, min_size=0 if enough else 1, max_size=texts_at_most))
    parts += after
    for number in range(first_call, first_call + calls):
        identity = f"call_{number}" if can.call_ids else ""
        keys = draw(can.opaque if can.call_opaque is None else can.call_opaque)
        opaque = {can.dialect: keys} if keys else None
        parts.append(ToolCall(identity, draw(names()), draw(can.arguments), opaque))
    return tuple(parts)


# --- conversations -------------------------------------------------------------------------------------------


@st.composite
def conversations(draw: Draw, can: Expressible) -> tuple[Message, ...]:
    """A system turn or none, then turns as they may follow each other."""
    found: list[Message] = []
    if draw(st.booleans()):
        found.append(_system(draw, can))
    made = 0
    for _ in range(draw(st.integers(1, 4))):
        if can.later_systems and found and draw(st.booleans()):
            found.append(_system(draw, can))
        found.append(_user(draw, can))
        if not draw(st.booleans()):
            continue
        calls = draw(st.integers(0, 3))
        while calls:
            asked = Message("assistant", answer_parts(draw, can, calls, made), _name(draw, can))
            found += [asked, _results(draw, can, asked)]
            made += calls
            calls = draw(st.integers(0, 1))
        found.append(Message("assistant", answer_parts(draw, can, 0, made), _name(draw, can)))
    return tuple(found)


def _system(draw: Draw, can: Expressible) -> Message:
    spoken = draw(st.lists(st.builds(Text, texts()), min_size=1, max_size=can.system_texts))
    return Message("system", tuple(spoken))


def _user(draw: Draw, can: Expressible) -> Message:
    return Message("user", tuple(draw(_said(can))), _name(draw, can))


@cache
def _said(can: Expressible) -> st.SearchStrategy[list[Part]]:
    return st.lists(st.one_of(text_parts(can), *can.user_parts), min_size=1, max_size=3)


@cache
def _answered(can: Expressible) -> st.SearchStrategy[list[Text | Image | File]]:
    return st.lists(st.one_of(text_parts(can), *can.result_parts), max_size=can.result_texts)


def _results(draw: Draw, can: Expressible, asked: Message) -> Message:
    return Message(
        "tool",
        tuple(
            ToolResult(
                call.id,
                call.name,
                tuple(draw(_answered(can))),
                can.failed_results and draw(st.booleans()),
                draw(carried(can)),
            )
            for call in asked.tool_calls
        ),
    )


def _name(draw: Draw, can: Expressible) -> str:
    return draw(st.just("") | names()) if can.message_names else ""


# --- requests ------------------------------------------------------------------------------------------------

_SETTINGS: dict[str, st.SearchStrategy[Any]] = {
    "max_tokens": st.none() | st.integers(1, 100_000),
    "temperature": st.none() | st.floats(0, 1),
    "top_p": st.none() | st.floats(0, 1),
    "stop": st.lists(texts(1, 5), max_size=3).map(tuple),
    "seed": st.none() | st.integers(0, 2**31),
    "effort": st.sampled_from(["", "low", "medium", "high"]),
    "choices": st.integers(1, 4),
}


@cache
def tools(can: Expressible) -> st.SearchStrategy[tuple[ToolSpec, ...]]:
    spec = st.builds(
        ToolSpec,
        names(),
        texts(0),
        schemas(),
        st.sampled_from(can.strict_tools),
        opaque=carried(can) if can.tool_opaque else st.none(),
    )
    return st.lists(spec, max_size=3, unique_by=lambda one: one.name).map(tuple)


@st.composite
def requests(draw: Draw, can: Expressible) -> ModelRequest:
    """A whole request as it would have come in through the dialect."""
    offered = draw(tools(can))
    choices = ["auto", "none", *(["required"] if can.required else []), *(f"tool:{t.name}" for t in offered)]
    return ModelRequest(
        draw(names()),
        draw(conversations(can)),
        offered,
        draw(st.sampled_from(choices)) if offered else "auto",
        draw(st.none() | can.outputs) if can.outputs is not None else None,
        parallel_tools=draw(st.sampled_from([None, True, False])) if offered and can.parallel else None,
        stream=draw(st.booleans()),
        dialect=can.dialect,
        extra=draw(can.request_extra),
        **{name: draw(_SETTINGS[name]) for name in can.settings},
    )


def outputs(
    *, named: bool = True, strict: tuple[bool, ...] = (True, False), described: bool = True
) -> st.SearchStrategy[OutputSchema]:
    """A schema, or any JSON object."""
    one = st.builds(
        OutputSchema,
        names() if named else st.just("answer"),
        schemas(),
        st.sampled_from(strict),
        texts(0) if described else st.just(""),
    )
    return one | st.just(OutputSchema())


# --- answers -------------------------------------------------------------------------------------------------


@cache
def usages(can: Expressible) -> st.SearchStrategy[Usage]:
    return st.builds(Usage, **{name: st.integers(0, 10**6) for name in can.usage})


@st.composite
def responses(draw: Draw, can: Expressible, texts_at_most: int = 1) -> ModelResponse:
    """A whole answer as a provider of the dialect would give it."""
    message = Message("assistant", answer_parts(draw, can, draw(st.integers(0, 3)), 0, texts_at_most))
    return ModelResponse(
        draw(names()),
        message,
        "tools" if message.tool_calls else draw(st.sampled_from(can.finishes)),  # pyright: ignore[reportArgumentType]
        draw(st.none() | usages(can)),
        f"{can.id_prefix}{draw(names())}",
        can.dialect,
        draw(can.response_extra),
    )


@st.composite
def streams(draw: Draw, can: Expressible, *, deltas_of_carried: bool = True) -> list[StreamEvent]:
    """An answer as it comes: every part cut anywhere, and said whole once it is done.

    Without `deltas_of_carried`, a part with an `opaque` comes whole: for a dialect that has to say with the first
    piece what neutral events say with the last.
    """
    answer = draw(responses(can))
    events: list[StreamEvent] = [Started(answer.id, answer.model)]
    for index, part in enumerate(answer.message.parts):
        if deltas_of_carried or getattr(part, "opaque", None) is None:
            events += _pieces(draw, index, part)
        events.append(PartDone(index, part))
    events.append(Finished(answer.finish, answer.usage, answer.dialect, answer.extra))
    return events


def _pieces(draw: Draw, index: int, part: Part) -> list[StreamEvent]:
    match part:
        case Text(text=text):
            return [TextDelta(index, piece) for piece in cut(draw, text)]
        case Reasoning(text=text):
            return [ReasoningDelta(index, piece) for piece in cut(draw, text)]
        case ToolCall(id=identity, name=name, arguments=arguments):
            pieces = [ToolCallDelta(index, piece) for piece in cut(draw, arguments)]
            return [ToolCallStarted(index, identity, name), *pieces]
        case _:
            return []


def cut(draw: Draw, text: str) -> list[str]:
    """The text in pieces, none of them empty."""
    places = sorted({0, len(text), *draw(st.lists(st.integers(0, len(text)), max_size=3))})
    return [text[start:end] for start, end in pairwise(places)]


def chunks(draw: Draw, data: bytes) -> list[bytes]:
    """The bytes in pieces, cut anywhere, some of them empty."""
    places = sorted([0, len(data), *draw(st.lists(st.integers(0, len(data)), max_size=8))])
    return [data[start:end] for start, end in pairwise(places)]
