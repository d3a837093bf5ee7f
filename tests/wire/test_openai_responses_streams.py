"""OpenAI Responses, streams: every event is one of the SDK's, in the order on which its client insists; and what comes
in is whole only if its last event says so.
"""

from __future__ import annotations

import time
from dataclasses import replace
from functools import partial
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.wire.assembly import assemble
from remit.wire.messages import (
    Failed,
    Finished,
    Image,
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
from remit.wire.openai_responses import DIALECT
from tests.wire import strategies as draw
from tests.wire import streams
from tests.wire.clients import frames_of, openai_that_hears
from tests.wire.openai_forms import RESPONSE_EVENT, RESPONSES_ANSWERS

Json = Any

IN_PIECES = replace(RESPONSES_ANSWERS, words=st.builds(Text, draw.texts()), call_opaque=None)
"""Answers whose items need no id of their own, so that they can be announced before they are known."""


encoded = partial(streams.written, DIALECT, at=7)
decoded = partial(streams.read, DIALECT)


def sent(*events: Json) -> list[StreamEvent]:
    """What a provider's events say."""
    created = {"type": "response.created", "response": {"id": "resp_1", "model": "m"}}
    return decoded(*(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in (created, *events)))


def end(status: str = "completed", output: Json = None, **more: Json) -> Json:
    return {"type": f"response.{status}", "response": {"status": status, "output": output or [], **more}}


def item(output: int, **fields: Json) -> Json:
    return {"type": "response.output_item.done", "output_index": output, "item": fields}


def message(*content: Json) -> Json:
    return {
        "type": "message",
        "id": "msg_1",
        "role": "assistant",
        "status": "completed",
        "content": list(content),
    }


def said(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": []}


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.streams(IN_PIECES), st.data())
def test_a_stream_comes_back_the_same_wherever_it_is_cut(
    events: list[StreamEvent], data: st.DataObject
) -> None:
    found = decoded(*data.draw(st.composite(draw.chunks)(encoded(events))))
    assert assemble(found, "openai_responses") == assemble(events, "openai_responses")
    assert isinstance(found[0], Started)
    assert [event for event in found if isinstance(event, Finished | Failed)] == found[-1:]


@given(draw.streams(RESPONSES_ANSWERS, deltas_of_carried=False))
def test_parts_that_come_whole_keep_their_ids(events: list[StreamEvent]) -> None:
    assert assemble(decoded(encoded(events)), "openai_responses") == assemble(events, "openai_responses")


@given(draw.streams(RESPONSES_ANSWERS))
def test_every_event_is_one_of_the_sdk_and_in_order(events: list[StreamEvent]) -> None:
    found = [RESPONSE_EVENT.validate_json(frame) for frame in frames_of(encoded(events))]
    assert [event.sequence_number for event in found] == list(range(len(found)))
    assert [event.type for event in found[:2]] == ["response.created", "response.in_progress"]
    assert {event.response.id for event in found if hasattr(event, "response")} == {found[0].response.id}
    opened: dict[int, str] = {}
    closed: dict[int, Any] = {}
    for event in found[2:-1]:
        if event.type == "response.output_item.added":
            assert event.output_index == len(opened)
            opened[event.output_index] = event.item.id
        elif event.type == "response.output_item.done":
            assert event.item.id == opened[event.output_index]
            closed[event.output_index] = event.item
        else:
            assert event.item_id == opened[event.output_index]
            assert event.output_index not in closed
    assert list(closed) == list(opened)
    assert list(closed.values()) == found[-1].response.output
    assert found[-1].type in ("response.completed", "response.incomplete")


@given(draw.responses(RESPONSES_ANSWERS))
def test_the_whole_and_the_stream_say_the_same(response: ModelResponse) -> None:
    events: list[StreamEvent] = [
        Started(response.id, response.model),
        *(PartDone(index, part) for index, part in enumerate(response.message.parts)),
        Finished(response.finish, response.usage, response.dialect, response.extra),
    ]
    whole = DIALECT.decode_response(DIALECT.encode_response(response))
    assert assemble(decoded(encoded(events)), "openai_responses") == whole


# --- the official client -------------------------------------------------------------------------------------

THOUGHT = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "s"})
TALK: list[StreamEvent] = [
    Started("resp_1", "m"),
    ReasoningDelta(0, "hm"),
    PartDone(0, THOUGHT),
    TextDelta(1, "Zür"),
    TextDelta(1, "ich 🏔"),
    ToolCallStarted(2, "a", "f"),
    ToolCallStarted(3, "b", "g"),
    ToolCallDelta(2, '{"x":'),
    ToolCallDelta(3, "{}"),
    ToolCallDelta(2, "1}"),
    PartDone(3, ToolCall("b", "g")),
    PartDone(4, Refusal("but not that")),
    PartDone(5, Image("image/png", "QQ==")),
    Finished("tools", Usage(3, 2, output=5, reasoning=1)),
]


async def test_the_official_client_reads_a_stream() -> None:
    async with (
        openai_that_hears(encoded(TALK)) as client,
        client.responses.stream(model="m", input="q") as stream,
    ):
        kinds = [event.type async for event in stream]
        response = await stream.get_final_response()
    assert (kinds[0], kinds[-1]) == ("response.created", "response.completed")
    assert response.output_text == "Zürich 🏔"
    assert [(i.name, i.arguments) for i in response.output if i.type == "function_call"] == [
        ("f", '{"x":1}'),
        ("g", "{}"),
    ]
    assert response.usage is not None
    assert (response.usage.input_tokens, response.usage.output_tokens_details.reasoning_tokens) == (5, 1)


async def test_what_the_official_client_sends_back_is_what_was_thought() -> None:
    async with (
        openai_that_hears(encoded(TALK)) as client,
        client.responses.stream(model="m", input="q") as stream,
    ):
        output = (await stream.get_final_response()).output
    seen: list[Any] = []
    async with openai_that_hears(DIALECT.encode_response(assemble(TALK)), seen=seen) as client:
        await client.responses.create(model="m", input=[one.to_dict() for one in output])  # pyright: ignore[reportArgumentType]
    request = DIALECT.decode_request(msgspec.json.decode(seen[0].content))
    assert request.messages[0].parts[0] == THOUGHT
    assert request.messages[0].tool_calls == (ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g"))


async def test_the_official_client_hears_of_a_failure_in_the_middle() -> None:
    stream = encoded([*TALK[:5], Failed("the provider fell over", "rate_limit")])
    async with openai_that_hears(stream) as client:
        events = [event async for event in await client.responses.create(model="m", input="q", stream=True)]
    last = events[-1]
    assert last.type == "response.failed"
    assert last.response.error is not None
    assert (last.response.error.code, last.response.error.message) == (
        "rate_limit_exceeded",
        "the provider fell over",
    )
    assert [one.type for one in last.response.output] == ["reasoning"], "only what was complete"
    assert decoded(stream)[-1] == Failed("the provider fell over", "rate_limit")


def test_nothing_goes_out_after_the_end() -> None:
    encoder = DIALECT.stream_encoder(model="mine", identity="r1")
    assert b'"id":"resp_r1"' in encoder.feed(Started("theirs", "theirs"))
    assert b"response.incomplete" in encoder.feed(Finished("length"))
    assert encoder.feed(TextDelta(0, "late")) == b""
    assert [msgspec.json.decode(frame)["type"] for frame in frames_of(encoded([Failed("no")]))] == [
        "response.created",
        "response.in_progress",
        "response.failed",
    ]


def test_a_part_that_turns_out_to_be_another_is_a_second_item() -> None:
    events: list[StreamEvent] = [Started(), TextDelta(0, "a"), PartDone(0, Refusal("b")), Finished()]
    assert [type(part) for part in assemble(decoded(encoded(events))).message.parts] == [Text, Refusal]


# --- what providers send -------------------------------------------------------------------------------------


def test_a_message_of_two_texts_is_two_parts_of_one_item() -> None:
    first, second = (
        {"type": "response.output_text.delta", "output_index": 0, "content_index": n} for n in (0, 1)
    )
    done = item(0, **message(said("ab"), said("c")))
    events = sent({**first, "delta": "a"}, {**first, "delta": "b"}, {**second, "delta": "c"}, done, end())
    parts = assemble(events).message.parts
    keys = {"openai_responses": {"item": {"id": "msg_1"}}}
    assert parts == (Text("ab", keys), Text("c", keys))
    assert [event.index for event in events if isinstance(event, TextDelta)] == [0, 0, 1]


def test_a_call_is_heard_of_when_it_begins() -> None:
    call = {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": ""}
    events = sent(
        {"type": "response.output_item.added", "output_index": 0, "item": call},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": '{"x"'},
        {"type": "response.function_call_arguments.delta", "output_index": 0, "delta": ":1}"},
        item(0, **{**call, "arguments": '{"x":1}', "status": "completed"}),
        end(),
    )
    assert events[1:4] == [ToolCallStarted(0, "a", "f"), ToolCallDelta(0, '{"x"'), ToolCallDelta(0, ":1}")]
    assert events[4] == PartDone(0, ToolCall("a", "f", '{"x":1}', {"openai_responses": {"id": "fc_1"}}))
    assert events[5] == Finished("tools", dialect="openai_responses")


def test_thoughts_come_in_pieces_and_whole() -> None:
    thought = {"type": "reasoning", "id": "rs_1", "encrypted_content": "x"}
    summary = [{"type": "summary_text", "text": "a"}, {"type": "summary_text", "text": "b"}]
    kind = "response.reasoning_summary_"
    events = sent(
        {"type": "response.output_item.added", "output_index": 0, "item": thought},
        {"type": f"{kind}part.added", "output_index": 0, "summary_index": 0},
        {"type": f"{kind}text.delta", "output_index": 0, "summary_index": 0, "delta": "a"},
        {"type": f"{kind}part.added", "output_index": 0, "summary_index": 1},
        {"type": f"{kind}text.delta", "output_index": 0, "summary_index": 1, "delta": "b"},
        item(0, **thought, summary=summary),
        end(),
    )
    assert "".join(event.text for event in events if isinstance(event, ReasoningDelta)) == "a\n\nb"
    assert assemble(events).message.parts == (
        Reasoning("a\n\nb", "openai_responses", {**thought, "summary": summary}),
    )


def test_what_was_not_said_in_between_is_taken_from_the_last_event() -> None:
    call = {"type": "function_call", "call_id": "a", "name": "f", "arguments": "{}"}
    search = {"type": "web_search_call", "id": "ws_1", "status": "completed"}
    events = sent(item(0, **search), end(output=[search, message(said("x")), call]))
    assert [type(event).__name__ for event in events] == ["Started", *["PartDone"] * 3, "Finished"]
    assert assemble(events).message.text == "x"
    assert assemble(events).finish == "tools"


@pytest.mark.parametrize(
    ("event", "failed"),
    [
        (
            {"type": "response.failed", "response": {"error": {"code": "rate_limit_exceeded", "message": "slow"}}},
            Failed("slow", "rate_limit"),
        ),
        ({"type": "error", "code": "server_error", "message": "gone"}, Failed("gone", "server")),
        ({"type": "error", "error": {"message": "gone", "code": 503}}, Failed("gone", "overloaded", 503)),
        ({"error": {"message": "gone", "type": "invalid_request_error"}}, Failed("gone", "invalid_request")),
    ],
)  # fmt: skip
def test_every_way_to_fail_is_one(event: Json, failed: Failed) -> None:
    assert sent(event, end())[1:] == [failed]


def test_events_nobody_knows_and_keep_alives_are_passed_over() -> None:
    events = sent(
        {"type": "response.web_search_call.searching", "output_index": 0}, {"type": "keepalive"}, end()
    )
    assert [type(event) for event in events] == [Started, Finished]
    assert [type(event) for event in decoded(b": ping\n\ndata: [DONE]\n\n")] == [Failed]


def test_a_stream_without_its_last_event_was_cut() -> None:
    text = {"type": "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a"}
    events = sent(text)
    assert isinstance(events[-1], Failed)
    assert (events[-1].kind, assemble(events).finish) == ("cut", "error")


@pytest.mark.parametrize(
    "event",
    [
        7,
        {"type": 7},
        {"type": "response.output_text.delta", "output_index": "a", "delta": "x"},
        {"type": "response.output_text.delta"},
        {"type": "response.output_item.added", "item": {"type": "function_call"}},
        {"type": "response.output_item.done"},
        {"type": "response.completed"},
        {"type": "response.completed", "response": {"output": 7}},
    ],
)
def test_nonsense_fails_and_ends_the_stream(event: Json) -> None:
    events = sent(event, end())
    assert [type(one) for one in events[1:]] == [Failed]
    assert isinstance(events[-1], Failed)
    assert events[-1].kind == "malformed"
    assert decoded(b"data: <html>\n\n")[-1] == Failed("the stream sent data that is not JSON.", "malformed")


def test_long_streams_take_time_that_grows_with_them() -> None:
    began = time.thread_time()
    many = encoded([Started(), *(TextDelta(0, f"word{number} ") for number in range(50_000)), Finished()])
    assert (
        len(assemble(decoded(*(many[at : at + 4096] for at in range(0, len(many), 4096)))).message.text)
        > 400_000
    )
    large = encoded([Started(), TextDelta(0, "é" * 1_000_000), Finished()])
    assert (
        len(assemble(decoded(*(large[at : at + 64] for at in range(0, len(large), 64)))).message.text)
        == 1_000_000
    )
    assert time.thread_time() - began < 20


def nearly_right() -> st.SearchStrategy[list[Json]]:
    """Events with the right types and anything in them."""
    item = st.dictionaries(
        st.sampled_from(["type", "call_id", "name", "arguments", "content", "summary", "id"]),
        draw.json_values() | st.sampled_from(["message", "function_call", "reasoning"]),
        max_size=4,
    )
    event = st.fixed_dictionaries(
        {"type": st.sampled_from(KINDS)},
        optional={
            "delta": draw.json_values(),
            "output_index": st.integers(-1, 2),
            "item": item,
            "response": st.fixed_dictionaries({"output": st.lists(item, max_size=2)}),
        },
    )
    return st.lists(event, max_size=5)


KINDS = [
    "response.output_item.added",
    "response.output_text.delta",
    "response.function_call_arguments.delta",
    "response.output_item.done",
    "response.completed",
    "response.failed",
    "error",
]


@given(nearly_right(), st.binary(max_size=20))
def test_no_stream_breaks_the_decoder(events: list[Json], noise: bytes) -> None:
    decoder = DIALECT.stream_decoder()
    stream = b"".join(b"data: " + msgspec.json.encode(event) + b"\n\n" for event in events)
    found = decoder.feed(stream + noise) + decoder.close()
    assert [event for event in found if isinstance(event, Finished | Failed)] == found[-1:]
    assert encoded(found)
