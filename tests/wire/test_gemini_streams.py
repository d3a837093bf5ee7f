"""Gemini, streamed: the same answer however its bytes are cut, and nothing that is cut short ever looks whole."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import pytest
from google.genai import errors, types
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer
from remit.wire.assembly import assemble
from remit.wire.gemini import DIALECT
from remit.wire.messages import (
    Failed,
    Finished,
    Foreign,
    Image,
    Message,
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
    Usage,
)
from remit.wire.sse import FrameReader, comment, frame
from tests.wire import strategies as draw
from tests.wire import streams
from tests.wire.gemini_forms import ANSWERS, client_that_hears

Json = Any


written = partial(streams.written, DIALECT)
read = partial(streams.read, DIALECT)


def told(stream: bytes) -> list[Json]:
    return [msgspec.json.decode(one.data) for one in FrameReader().feed(stream)]


def sent(*bodies: Json) -> bytes:
    return b"".join(frame(msgspec.json.encode(body)) for body in bodies)


def piece(*parts: Json, reason: str | None = None, **more: Json) -> Json:
    candidate: Json = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if reason:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "modelVersion": "m", "responseId": "r", **more}


# --- there and back ------------------------------------------------------------------------------------------


@st.composite
def cut_streams(take: st.DrawFn) -> tuple[list[StreamEvent], list[bytes]]:
    events = take(draw.streams(ANSWERS, deltas_of_carried=False))
    return events, draw.chunks(take, written(events))


@given(cut_streams())
def test_a_stream_comes_back_the_same_however_it_is_cut(drawn: tuple[list[StreamEvent], list[bytes]]) -> None:
    events, pieces = drawn
    for body in told(b"".join(pieces)):
        types.GenerateContentResponse.model_validate(body)
    found = read(*pieces)
    assert assemble(found, "gemini") == assemble(events, "gemini")
    assert found == read(b"".join(pieces))
    assert isinstance(found[-1], Finished)


@given(draw.streams(ANSWERS), st.integers(1, 400))
def test_a_stream_that_is_cut_never_looks_whole(events: list[StreamEvent], missing: int) -> None:
    stream = written(events)
    # the last frame ends in two line feeds, which say nothing that its data had not said
    found = read(stream[: max(len(stream) - 2 - missing, 0)])
    assert found[-1] == Failed("the stream ended before a finishReason", "cut")
    assert not any(isinstance(event, Finished) for event in found)


def test_a_frame_of_a_megabyte_and_characters_of_four_bytes() -> None:
    text = "𝄞é\u2028" * 150_000
    stream = written([PartDone(0, Text(text)), Finished()])
    assert len(stream) > 1_000_000
    found = read(*(stream[at : at + 4093] for at in range(0, len(stream), 4093)))
    assert assemble(found).message == Message("assistant", (Text(text),))


# --- what providers send -------------------------------------------------------------------------------------


def test_a_signature_stays_on_the_piece_it_came_on() -> None:
    call = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "Zg=="}
    stream = sent(
        piece({"text": "let ", "thought": True}),
        piece({"text": "me", "thought": True}, {"text": "So "}, usageMetadata={"promptTokenCount": 5}),
        piece({"text": "it "}, {"text": ""}),
        piece({"text": "is", "thoughtSignature": "c2ln"}, {"text": "."}),
        piece(call, {"functionCall": {"name": "f", "args": {"a": 1}}}),
        piece({"text": "", "thoughtSignature": "ZW5k"}, reason="STOP",
              usageMetadata={"promptTokenCount": 5, "candidatesTokenCount": 4, "thoughtsTokenCount": 2}),
    )  # fmt: skip
    events = read(stream)
    answer = assemble(events, "gemini")
    first, second = answer.message.tool_calls
    assert answer.message.parts == (
        Reasoning("let me", "gemini", {"text": "let me", "thought": True}),
        Text("So it "),
        Text("is", {"gemini": {"thoughtSignature": "c2ln"}}),
        Text("."),
        ToolCall(first.id, "f", '{"a":1}', {"gemini": {"thoughtSignature": "Zg=="}}),
        ToolCall(second.id, "f", '{"a":1}'),
        Text("", {"gemini": {"thoughtSignature": "ZW5k"}}),
    )
    assert first.id != second.id
    assert (answer.finish, answer.usage, answer.id) == ("tools", Usage(5, output=4, reasoning=2), "r")
    assert [event for event in events if isinstance(event, TextDelta)][:2] == [
        TextDelta(1, "So "),
        TextDelta(1, "it "),
    ]
    whole = DIALECT.decode_response(
        piece(call, {"functionCall": {"name": "f", "args": {"a": 1}}}, reason="STOP")
    )
    assert [one.id for one in whole.message.tool_calls] == [first.id, second.id]


def test_a_reason_on_every_frame_does_not_end_the_answer_early() -> None:
    events = read(sent(piece({"text": "a"}, reason="STOP"), piece({"text": "b"}, reason="STOP")))
    assert assemble(events).message.text == "ab"
    assert [type(event) for event in events].count(Finished) == 1


def test_a_blocked_prompt_and_a_safety_stop_are_filtered() -> None:
    blocked = {
        "promptFeedback": {"blockReason": "SAFETY"},
        "usageMetadata": {"promptTokenCount": 4},
        "modelVersion": "m",
    }
    assert read(sent(blocked)) == [
        Started("", "m", Usage(4)),
        Finished("filter", Usage(4), "gemini", {"promptFeedback": {"blockReason": "SAFETY"}}),
    ]
    stopped = read(sent(piece({"text": "half"}), piece(reason="SAFETY")))
    assert isinstance(stopped[-1], Finished)
    assert stopped[-1].finish == "filter"


ERROR = {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
STRAY = msgspec.json.format(msgspec.json.encode(ERROR), indent=2)


@pytest.mark.parametrize(
    "error", [sent(ERROR), STRAY, STRAY + b"\n\n", b"[" + STRAY + b"\n,]\n", STRAY.replace(b"\n", b"\r\n")]
)
@pytest.mark.parametrize("size", [1, 5, 10_000])
def test_an_error_in_the_midst_is_said_as_what_it_is(error: bytes, size: int) -> None:
    stream = comment("hello") + sent(piece({"text": "half"})) + error
    events = read(*(stream[at : at + size] for at in range(0, len(stream), size)))
    assert events[-1] == Failed("The model is overloaded.", "overloaded", 503)
    assert events[1] == TextDelta(0, "half")


def test_stray_lines_without_end_are_not_collected() -> None:
    decoder = DIALECT.stream_decoder()
    for _ in range(200):
        decoder.feed(b'"x": "' + b"y" * 10_000 + b'"\n')
    assert decoder.close() == [Failed("the stream ended before a finishReason", "cut")]


@given(st.lists(draw.json_objects().map(msgspec.json.encode) | st.binary(max_size=30), max_size=4))
def test_no_bytes_are_worse_than_malformed(data: list[bytes]) -> None:
    try:
        found = read(*(b"data: " + one + b"\n\n" for one in data))
    except MalformedAnswer:
        return
    assert isinstance(found[-1], Failed)


# --- from other dialects -------------------------------------------------------------------------------------


@st.composite
def wild(take: st.DrawFn) -> list[StreamEvent]:
    """Events as some dialect might send them: parts interleaved, begun twice, never done."""
    index, words = st.integers(0, 3), draw.texts(0, 5)
    part = st.one_of(
        st.builds(Text, words),
        st.builds(Refusal, words),
        st.builds(Reasoning, words, st.just("anthropic"), st.just({"type": "thinking"})),
        st.builds(ToolCall, draw.names(), draw.names(), words),
        st.just(Foreign("openai_responses", {"type": "web_search_call"})),
        st.just(Image("image/png", "QUJD")),
    )
    event = st.one_of(
        st.builds(TextDelta, index, words),
        st.builds(ReasoningDelta, index, words),
        st.builds(ToolCallStarted, index, draw.names(), draw.names()),
        st.builds(ToolCallDelta, index, words),
        st.builds(PartDone, index, part),
        st.builds(Started, words, words, st.none() | st.builds(Usage, st.integers(0, 9))),
    )
    ends: list[StreamEvent] = [
        Finished("stop"),
        Finished("error"),
        Finished("unknown"),
        Failed("x", "overloaded"),
    ]
    return [*take(st.lists(event, max_size=12)), take(st.sampled_from(ends))]


@given(wild())
def test_whatever_comes_every_frame_is_an_answer(events: list[StreamEvent]) -> None:
    stream = written(events, model="m", identity="r")
    *answers, last = told(stream)
    for body in answers if "error" in last else [*answers, last]:
        types.GenerateContentResponse.model_validate(body)
    end = read(stream)[-1]
    assert isinstance(end, Failed) == isinstance(events[-1], Failed)
    if isinstance(end, Finished) and isinstance(events[-1], Finished):
        assert end.finish in {events[-1].finish, "tools"}
    assert written([*events, TextDelta(0, "late"), Finished()], model="m", identity="r") == stream


def test_calls_come_whole_and_words_as_they_come() -> None:
    stream = written(
        [
            Started("i", "m", Usage(3)),
            TextDelta(0, "hé"),
            ToolCallStarted(1, "a", "f"),
            ToolCallDelta(1, '{"a"'),
            TextDelta(0, "llo"),
            ToolCallDelta(1, ":1}"),
            ToolCallStarted(2, "b", "g"),
            Finished("tools", Usage(3, output=4)),
        ]
    )
    parts = [part for body in told(stream) for part in body["candidates"][0]["content"]["parts"]]
    assert parts == [
        {"text": "hé"},
        {"text": "llo"},
        {"functionCall": {"name": "f", "args": {"a": 1}, "id": "a"}},
        {"functionCall": {"name": "g", "args": {}, "id": "b"}},
        {"text": ""},
    ]


# --- its client ----------------------------------------------------------------------------------------------


def test_the_official_client_follows_a_stream_to_its_end() -> None:
    thought = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "c2ln"})
    stream = written(
        [
            ReasoningDelta(0, "hm"),
            PartDone(0, thought),
            TextDelta(1, "hé"),
            TextDelta(1, "llo"),
            PartDone(1, Text("héllo")),
            PartDone(2, ToolCall("call_1", "f", '{"a":1}')),
            Finished("tools", Usage(5, output=4, reasoning=2)),
        ],
        model="the-model",
        identity="r9",
    )
    with client_that_hears(stream) as (client, seen):
        chunks = list(client.models.generate_content_stream(model="gemini-3-pro", contents="q"))
    assert seen[0].url.path.endswith("models/gemini-3-pro:streamGenerateContent")
    parts: list[types.Part] = [part for chunk in chunks for part in chunk.parts or ()]
    assert "".join(part.text for part in parts if part.text and not part.thought) == "héllo"
    assert [part.function_call.args for part in parts if part.function_call] == [{"a": 1}]
    assert chunks[-1].usage_metadata.total_token_count == 11
    assert {chunk.response_id for chunk in chunks} == {"r9"}
    # what the client kept of the stream, as it would send it back
    content = types.Content(role="model", parts=[part for part in parts if part.text != "" or part.thought])
    history = DIALECT.decode_request(
        {"contents": [content.model_dump(mode="json", by_alias=True, exclude_none=True)]}
    )
    assert Reasoning("", "anthropic", thought.opaque) in history.messages[0].parts


def test_the_official_client_raises_what_failed_in_the_midst() -> None:
    stream = written([TextDelta(0, "half"), Failed("too many", "rate_limit", 429)])
    with client_that_hears(stream) as (client, _), pytest.raises(errors.ClientError) as wrong:
        list(client.models.generate_content_stream(model="m", contents="q"))
    assert (wrong.value.code, wrong.value.status) == (429, "RESOURCE_EXHAUSTED")
