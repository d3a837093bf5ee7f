"""Anthropic messages, streamed: the same answer however its bytes are cut, the events in the order that the API
promises, and nothing that is cut short ever looks whole.
"""

from __future__ import annotations

from functools import partial
from typing import Any, cast

import anthropic
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer, Unsupported
from remit.wire.anthropic import DIALECT, PING
from remit.wire.assembly import assemble
from remit.wire.messages import (
    Failed,
    Finished,
    Foreign,
    Image,
    Message,
    ModelResponse,
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
from remit.wire.sse import FrameReader, frame
from tests.wire import strategies as draw
from tests.wire import streams
from tests.wire.anthropic_forms import ANSWERS, EVENT, client_that_hears, judged

Json = Any


written = partial(streams.written, DIALECT)
read = partial(streams.read, DIALECT)


def told(stream: bytes) -> list[Json]:
    frames = FrameReader().feed(stream)
    assert all(msgspec.json.decode(one.data)["type"] == one.event for one in frames)
    return [msgspec.json.decode(one.data) for one in frames]


def check_grammar(events: list[Json]) -> None:
    """An automaton of the events as the API documents them."""
    state, place = "begin", -1
    for event in events:
        match state, event["type"]:
            case "begin", "message_start":
                state = "between"
            case "between", "content_block_start" if event["index"] == place + 1:
                state, place = "within", place + 1
            case "within", "content_block_delta" if event["index"] == place:
                pass
            case "within", "content_block_stop" if event["index"] == place:
                state = "between"
            case "between", "message_delta":
                state = "told"
            case "told", "message_stop":
                state = "end"
            case (("begin" | "between" | "within"), "error"):
                state = "end"
            case _:
                raise AssertionError(f"{event} after {state}, in block {place}")
        if event["type"] != "error":
            judged(EVENT, event)
    assert state == "end"


# --- there and back ------------------------------------------------------------------------------------------


@st.composite
def cut_streams(take: st.DrawFn) -> tuple[list[StreamEvent], list[bytes]]:
    events = take(draw.streams(ANSWERS))
    return events, draw.chunks(take, written(events))


@given(cut_streams())
def test_a_stream_comes_back_the_same_however_it_is_cut(drawn: tuple[list[StreamEvent], list[bytes]]) -> None:
    events, pieces = drawn
    check_grammar(told(b"".join(pieces)))
    found = read(*pieces)
    expected = assemble(events, "anthropic")
    assert assemble(found, "anthropic") == msgspec.structs.replace(expected, usage=expected.usage or Usage())
    assert found == read(b"".join(pieces))
    assert isinstance(found[-1], Finished)


@given(draw.streams(ANSWERS), st.integers(1, 400))
def test_a_stream_that_is_cut_never_looks_whole(events: list[StreamEvent], missing: int) -> None:
    stream = written(events)
    # the last frame ends in two line feeds, which say nothing that its data had not said
    cut = stream[: max(len(stream) - 2 - missing, 0)]
    found = read(cut)
    assert found[-1] == Failed("the stream ended before message_stop", "cut")
    assert not any(isinstance(event, Finished) for event in found)


def test_a_frame_of_a_megabyte_and_characters_of_four_bytes() -> None:
    text = "𝄞é\u2028" * 150_000
    stream = written([PartDone(0, Text(text)), Finished()])
    assert len(stream) > 1_000_000
    decoder = DIALECT.stream_decoder()
    found = [event for at in range(0, len(stream), 4093) for event in decoder.feed(stream[at : at + 4093])]
    assert assemble(found).message == Message("assistant", (Text(text),))


# --- from other dialects -------------------------------------------------------------------------------------


@st.composite
def wild(take: st.DrawFn) -> list[StreamEvent]:
    """Events as some dialect might send them: parts interleaved, begun twice, never done."""
    index = st.integers(0, 3)
    words = draw.texts(0, 5)
    part = st.one_of(
        st.builds(Text, words),
        st.builds(Refusal, words),
        st.builds(Reasoning, words, st.just("gemini"), st.just({"thought": True})),
        st.builds(ToolCall, draw.names(), draw.names(), words),
        st.just(Foreign("openai_responses", {"type": "web_search_call"})),
        st.just(Foreign("anthropic", {"type": "container_upload", "file_id": "f"})),
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
def test_whatever_comes_the_grammar_holds(events: list[StreamEvent]) -> None:
    stream = written(events, model="m", identity="msg_1")
    check_grammar(told(stream))
    assert isinstance(read(stream)[-1], Finished | Failed)
    assert written([*events, TextDelta(0, "late"), Finished()], model="m", identity="msg_1") == stream


def test_calls_that_are_streamed_at_once_come_one_after_another() -> None:
    stream = written(
        [
            Started("i", "m"),
            TextDelta(0, "calling "),
            ToolCallStarted(1, "a", "f"),
            ToolCallStarted(2, "b", "g"),
            ToolCallDelta(2, '{"b"'),
            ToolCallDelta(1, '{"a":1}'),
            TextDelta(0, "both"),
            ToolCallDelta(2, ":2}"),
            PartDone(2, ToolCall("b", "g", '{"b":2}')),
            PartDone(1, ToolCall("a", "f", '{"a":1}')),
            Finished("stop", Usage(3, output=4)),
        ]
    )
    check_grammar(told(stream))
    answer = assemble(read(stream), "anthropic")
    assert set(answer.message.tool_calls) == {ToolCall("a", "f", '{"a":1}'), ToolCall("b", "g", '{"b":2}')}
    assert answer.message.text == "calling both"
    assert answer.finish == "tools"


def test_a_thought_of_another_dialect_comes_back_through_a_client() -> None:
    thought = Reasoning("hm", "openai_responses", {"type": "reasoning", "encrypted_content": "x"})
    stream = written([ReasoningDelta(0, "h"), ReasoningDelta(0, "m"), PartDone(0, thought), Finished()])
    assert assemble(read(stream), "anthropic").message.parts == (thought,)


def test_a_call_that_came_whole_is_an_object_in_any_case() -> None:
    events = told(written([PartDone(0, ToolCall("a", "f", "{]")), Finished()]))
    assert [event["delta"]["partial_json"] for event in events if event["type"] == "content_block_delta"] == [
        '{"INVALID_JSON":"{]"}'
    ]


def test_a_part_without_a_form_is_refused() -> None:
    with pytest.raises(Unsupported):
        written([PartDone(0, Image("image/png", "QUJD"))])


# --- what providers send -------------------------------------------------------------------------------------

START = {
    "type": "message_start",
    "message": {"id": "msg_1", "model": "m", "usage": {"input_tokens": 9, "output_tokens": 1}},
}


def sent(*events: Json) -> bytes:
    return b"".join(frame(msgspec.json.encode(event), event.get("type", "")) for event in events)


def test_server_tools_citations_and_cumulative_usage() -> None:
    citation = {"type": "char_location", "cited_text": "c"}
    stream = sent(
        START,
        {"type": "ping"},
        {"type": "content_block_start", "index": 0, "content_block": {
            "type": "server_tool_use", "id": "s", "name": "web_search", "input": {}}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": '{"q":'}},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "input_json_delta", "partial_json": "1}"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "content_block_start", "index": 1, "content_block": {"type": "text", "text": "so", "citations": None}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": " it is"}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "citations_delta", "citation": citation}},
        {"type": "content_block_delta", "index": 1, "delta": {"type": "tomorrows_delta", "x": 1}},
        {"type": "content_block_stop", "index": 1},
        {"type": "tomorrows_event"},
        {"type": "message_delta", "delta": {"stop_reason": None}, "usage": {"output_tokens": 3}},
        {"type": "message_delta", "delta": {"stop_reason": "pause_turn", "container": {"id": "c"}},
         "usage": {"output_tokens": 7, "input_tokens": None, "server_tool_use": {"web_search_requests": 1}}},
        {"type": "message_stop"},
        {"type": "content_block_delta", "index": 9, "delta": {"type": "text_delta", "text": "after the end"}},
    )  # fmt: skip
    answer = assemble(read(stream), "anthropic")
    assert answer == ModelResponse(
        "m",
        Message(
            "assistant",
            (
                Foreign(
                    "anthropic",
                    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"q": 1}},
                ),
                Text("so it is", {"anthropic": {"citations": [citation]}}),
            ),
        ),
        "unknown",
        Usage(9, output=7),
        "msg_1",
        "anthropic",
        {
            "stop_reason": "pause_turn",
            "container": {"id": "c"},
            "usage": {"server_tool_use": {"web_search_requests": 1}},
        },
    )


def test_frames_without_a_name_and_with_comments_are_read() -> None:
    stop = frame(b'{"type":"message_stop"}')
    events = read(b": hello\r\n\r\n", frame(msgspec.json.encode(START)), PING, b":\n\n", stop)
    assert events == [
        Started("msg_1", "m", Usage(9, output=1)),
        Finished("unknown", Usage(9, output=1), "anthropic"),
    ]


@pytest.mark.parametrize(
    ("error", "failed"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, Failed("Overloaded", "overloaded", 529)),
        ({"type": "unheard_of", "message": 3}, Failed("", "server", 500)),
        ({}, Failed("", "server", 500)),
    ],
)  # fmt: skip
def test_an_error_in_the_midst_ends_the_stream(error: Json, failed: Failed) -> None:
    events = read(sent(START, {"type": "error", "error": error}, {"type": "message_stop"}))
    assert events[1:] == [failed]


NO_STREAMS: list[list[Json]] = [
    [START, START],
    [START, {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "x"}}],
    [START, {"type": "content_block_stop", "index": 0}],
    [{"type": "content_block_start", "index": -1, "content_block": {"type": "text"}}],
    [{"type": "content_block_start", "index": "0", "content_block": {"type": "text"}}],
    [{"type": "content_block_start", "content_block": {"type": "text"}}],
    [{"type": "content_block_start", "index": 0, "content_block": "text"}],
    [{"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "a"}}],
    [{"type": "content_block_start", "index": 0, "content_block": {"type": "text"}}] * 2,
    [{"type": "message_start"}],
    [{"type": "message_delta", "usage": []}],
    ["a text"],
]


@pytest.mark.parametrize("events", NO_STREAMS)
def test_what_breaks_the_grammar_is_no_answer(events: list[Json]) -> None:
    with pytest.raises(MalformedAnswer):
        read(b"".join(frame(msgspec.json.encode(event), "message") for event in events))


@given(st.lists(draw.json_objects().map(msgspec.json.encode) | st.binary(max_size=30), max_size=4))
def test_no_bytes_are_worse_than_malformed(data: list[bytes]) -> None:
    try:
        found = read(sent(START), *(b"data: " + piece + b"\n\n" for piece in data))
    except MalformedAnswer:
        return
    assert isinstance(found[-1], Failed)


# --- its client ----------------------------------------------------------------------------------------------


async def test_the_official_client_follows_a_stream_to_its_end() -> None:
    call = ToolCall("call_1", "f", '{"a":[1,2]}', {"gemini": {"thoughtSignature": "b3B0"}})
    thought = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "c2ln"})
    stream = written(
        [
            Started("", "", Usage(3)),
            ReasoningDelta(0, "hm"),
            PartDone(0, thought),
            TextDelta(1, "hé"),
            TextDelta(1, "llo"),
            PartDone(2, call),
            Finished("tools", Usage(5, 2, 1, 4, 2)),
        ],
        model="the-model",
        identity="msg_9",
    )
    async with client_that_hears(PING + stream) as (client, _):
        ask: Json = {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "q"}]}
        async with client.messages.stream(**ask) as found:
            text = "".join([piece async for piece in found.text_stream])
            message = await found.get_final_message()
    assert text == "héllo"
    assert (message.id, message.model, message.stop_reason) == ("msg_9", "the-model", "tool_use")
    assert (message.usage.input_tokens, message.usage.output_tokens) == (5, 6)
    back = DIALECT.decode_response(message.to_dict(mode="json"))
    assert back.message == Message("assistant", (thought, Text("héllo"), call))
    assert back.usage == Usage(5, 2, 1, 4, 2)


async def test_the_official_client_raises_what_failed_in_the_midst() -> None:
    stream = written([TextDelta(0, "half"), Failed("too many", "rate_limit")])
    async with client_that_hears(stream) as (client, _):
        ask = cast("Json", {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "q"}]})
        with pytest.raises(anthropic.APIStatusError) as wrong:
            async with client.messages.stream(**ask) as found:
                await found.get_final_message()
    assert wrong.value.type == "rate_limit_error"
