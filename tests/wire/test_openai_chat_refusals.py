"""OpenAI chat: whoever sends nonsense hears which field is wrong, and nothing breaks the decoders."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer, Unsupported
from remit.domain.errors import InvalidInput
from remit.wire import sse
from remit.wire.messages import (
    Failed,
    File,
    Finished,
    Foreign,
    Image,
    Message,
    ModelRequest,
    Text,
    ToolResult,
    ToolSpec,
)
from remit.wire.openai_chat import DIALECT
from tests.wire import strategies as draw

Json = Any

USER = {"role": "user", "content": "hi"}


def one(**fields: Json) -> Json:
    """A body with one message."""
    return {"model": "m", "messages": [fields]}


def plain(**fields: Json) -> Json:
    """A body that is in order but for these fields."""
    return {"model": "m", "messages": [USER], **fields}


NONSENSE: list[tuple[Json, str]] = [
    ({"messages": [USER]}, "model"),
    (plain(model=""), "model"),
    ({"model": "m"}, "messages"),
    (plain(messages=[]), "messages"),
    (plain(messages="hi"), "messages"),
    (plain(messages=[USER, 3]), r"messages\[1\]"),
    (one(role="robot", content="x"), r"messages\[0\]\.role"),
    (one(role="function", name="f", content="x"), "tools now"),
    (one(role="user", content=7), r"messages\[0\]\.content"),
    (one(role="user", content=[{"text": "x"}]), r"content\[0\]\.type"),
    (one(role="user", content=[{"type": "image_url", "image_url": {}}]), r"content\[0\]\.image_url\.url"),
    (one(role="user", content=[{"type": "file", "file": {"filename": "a"}}]), r"content\[0\]\.file"),
    (one(role="tool", content="x"), r"messages\[0\]\.tool_call_id"),
    (
        one(role="tool", tool_call_id="a", content=[{"type": "image_url", "image_url": {"url": "u"}}]),
        r"messages\[0\]\.content\[0\]",
    ),
    (one(role="assistant", tool_calls=[{"function": {"name": "f"}}]), r"tool_calls\[0\]\.id"),
    (one(role="assistant", tool_calls=[{"id": "a", "type": "function"}]), r"tool_calls\[0\]\.function"),
    (one(role="assistant", function_call={"name": "f"}), r"messages\[0\]\.function_call"),
    (plain(temperature="hot"), "temperature"),
    (plain(max_tokens=0), "max_tokens"),
    (plain(max_completion_tokens=1.5), "max_completion_tokens"),
    (plain(n=True), "n is true or false"),
    (plain(stop=[1]), r"stop\[0\]"),
    (plain(stream="yes"), "stream"),
    (plain(tools=[{"type": {}}]), r"tools\[0\]\.type"),
    (plain(tools=[{"type": "function"}]), r"tools\[0\]\.function"),
    (plain(tool_choice="maybe"), "tool_choice"),
    (plain(functions=[]), "tools now"),
    (plain(response_format={"type": "json_schema"}), r"response_format\.json_schema"),
]

KEYS = [
    "model",
    "messages",
    "tools",
    "n",
    "stop",
    "tool_choice",
    "stream",
    "response_format",
    "stream_options",
]
OF_TURNS = [
    "role",
    "content",
    "type",
    "tool_calls",
    "tool_call_id",
    "function",
    "name",
    "id",
    "audio",
    "refusal",
]
OF_ANSWERS = ["content", "tool_calls", "refusal", "audio", "reasoning", "reasoning_details", "images"]


def bodies() -> st.SearchStrategy[dict[str, Json]]:
    value = draw.json_values() | st.sampled_from(["user", "assistant", "tool", "text", "function"])
    turn = st.dictionaries(st.sampled_from(OF_TURNS), value, max_size=5)
    return st.dictionaries(st.sampled_from(KEYS), value | st.lists(turn, max_size=3), max_size=5)


def answers() -> st.SearchStrategy[dict[str, Json]]:
    def answer(message: Json, usage: Json) -> dict[str, Json]:
        return {"choices": [{"message": message}], "usage": usage}

    message = st.dictionaries(st.sampled_from(OF_ANSWERS), draw.json_values())
    return draw.json_objects() | st.builds(answer, message, st.none() | draw.json_objects())


@pytest.mark.parametrize(("body", "field"), NONSENSE)
def test_a_client_hears_which_field_is_wrong(body: Json, field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        DIALECT.decode_request(body)


@given(bodies())
def test_no_request_breaks_the_decoder(body: dict[str, Json]) -> None:
    with suppress(InvalidInput, Unsupported):
        DIALECT.encode_request(DIALECT.decode_request({"model": "m", **body}))


@given(answers())
def test_no_answer_breaks_the_decoder(body: dict[str, Json]) -> None:
    with suppress(MalformedAnswer):
        DIALECT.encode_response(DIALECT.decode_response(body))


def test_an_error_under_a_good_status_is_no_answer() -> None:
    with pytest.raises(MalformedAnswer, match="overloaded"):
        DIALECT.decode_response({"error": {"message": "overloaded"}})


@pytest.mark.parametrize(
    "message",
    [
        Message("user", (File(url="https://x.example/a.pdf"),)),
        Message("user", (Foreign("anthropic", {"type": "search_result"}),)),
        Message("system", (Image(url="https://x.example/a"),)),
        Message("tool", (ToolResult("a", "f", (Image(url="https://x.example/a"),)),)),
        Message("assistant", (ToolResult("a", "f"),)),
        Message("tool", (Text("x"),)),
    ],
)
def test_what_has_no_form_here_is_said_so(message: Message) -> None:
    with pytest.raises(Unsupported):
        DIALECT.encode_request(ModelRequest("m", (message,)))


def test_a_tool_that_only_another_vendor_runs_is_not_offered_as_a_function() -> None:
    search = ToolSpec(
        "web_search", dialect="anthropic", opaque={"anthropic": {"type": "web_search_20250305"}}
    )
    with pytest.raises(Unsupported, match="web_search"):
        DIALECT.encode_request(ModelRequest("m", (Message("user", (Text("x"),)),), (search,)))


def chunks() -> st.SearchStrategy[dict[str, Json]]:
    """Chunks of a stream that are nearly right."""
    inner = st.dictionaries(st.sampled_from(["name", "arguments", "text", "type"]), draw.json_values())
    call = st.dictionaries(st.sampled_from(["index", "id", "function", "type"]), draw.json_values() | inner)
    value = draw.json_values() | st.lists(call, max_size=2)
    choice = st.fixed_dictionaries(
        {"delta": st.dictionaries(st.sampled_from(OF_ANSWERS), value, max_size=3)},
        optional={
            "index": st.integers(-1, 2),
            "finish_reason": draw.json_values(),
            "logprobs": draw.json_objects(),
        },
    )
    return st.fixed_dictionaries(
        {"choices": st.lists(choice, max_size=2)},
        optional={"id": draw.json_values(), "usage": draw.json_objects(), "error": draw.json_values()},
    )


@given(st.lists(chunks(), max_size=4), st.binary(max_size=20), st.booleans())
def test_no_stream_breaks_the_decoder(frames: list[Json], noise: bytes, first: bool) -> None:
    decoder = DIALECT.stream_decoder()
    stream = b"".join(sse.frame(msgspec.json.encode(frame)) for frame in frames)
    events = decoder.feed(noise + stream if first else stream + noise) + decoder.feed(b"data: [DONE]\n\n")
    events += decoder.close()
    assert [event for event in events if isinstance(event, Finished | Failed)] == events[-1:]
    encoder = DIALECT.stream_encoder(model="m", identity="c")
    assert b"".join(encoder.feed(event) for event in events)
