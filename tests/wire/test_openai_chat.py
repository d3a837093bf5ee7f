"""OpenAI chat, whole bodies: what goes out comes back the same, the SDK's own types take it, and what makes no sense
is refused by the name of its field.
"""

from __future__ import annotations

import time
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.wire.messages import (
    Message,
    ModelRequest,
    ModelResponse,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    Usage,
)
from remit.wire.openai_chat import DIALECT
from remit.wire.openai_chat.requests import usage_is_asked
from tests.wire import strategies as draw
from tests.wire.openai_forms import ASK_CHAT, ASK_CHAT_STREAM, CHAT_ANSWERS, CHAT_COMPLETION, CHAT_REQUESTS

Json = Any


def through_json(body: Json) -> Json:
    """What arrives on the other side."""
    return msgspec.json.decode(msgspec.json.encode(body))


def asked(*messages: Json, **more: Json) -> ModelRequest:
    return DIALECT.decode_request({"model": "m", "messages": list(messages), **more})


USER = {"role": "user", "content": "hi"}


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.requests(CHAT_REQUESTS))
def test_a_request_comes_back_the_same(request: ModelRequest) -> None:
    body = through_json(DIALECT.encode_request(request))
    assert DIALECT.decode_request(body) == request
    (ASK_CHAT_STREAM if request.stream else ASK_CHAT).validate_python(body)


@given(draw.responses(CHAT_ANSWERS), st.integers(0, 2**31))
def test_an_answer_comes_back_the_same(response: ModelResponse, at: int) -> None:
    body = through_json(DIALECT.encode_response(response, at=at))
    assert DIALECT.decode_response(body) == response
    assert CHAT_COMPLETION.validate_python(body, strict=True).created == at


def test_a_body_full_of_fields_nobody_knows_keeps_them() -> None:
    body: Json = {
        "model": "m",
        "messages": [
            {"role": "developer", "content": "d", "name": "dev", "weight": 1},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "t", "cache_control": {"type": "ephemeral"}},
                    {"type": "image_url", "image_url": {"url": "https://x.example/a", "fps": 2}, "seen": True},
                    {"type": "video_url", "video_url": {"url": "https://x.example/v"}},
                    {"type": "image_url", "image_url": {"url": "data:image/svg+xml;utf8;base64,AA"}},
                    {"type": "file", "file": {"file_data": "QUJD", "format": "txt"}},
                ],
            },
            {
                "role": "assistant",
                "content": None,
                "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}],
                "tool_calls": [
                    {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{]", "v": 1}, "w": 2},
                    {"id": "b", "type": "custom", "custom": {"name": "g", "input": "free text"}},
                ],
                "annotations": [{"type": "url_citation"}],
            },
            {"role": "tool", "tool_call_id": "a", "content": "1", "status": "ok"},
            {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2", "x": 1}]},
        ],
        "tools": [
            {"type": "function", "function": {"name": "f", "output_schema": {"type": "string"}}, "defer": True},
            {"type": "custom", "custom": {"name": "g", "format": {"type": "text"}}},
            {"type": "browser", "depth": 2},
        ],
        "tool_choice": {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [{"type": "function"}]}},
        "response_format": {"type": "grammar", "grammar": "x"},
        "service_tier": "flex",
        "guided_regex": "a+",
    }  # fmt: skip
    assert DIALECT.encode_request(DIALECT.decode_request(body)) == body


def test_calls_and_results_find_each_other() -> None:
    request = asked(
        USER,
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": ""}},
                {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "b", "content": "2"},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
    )
    assert request.messages[1:] == (
        Message("assistant", (ToolCall("a", "f", "{}"), ToolCall("b", "g", "{}"))),
        Message("tool", (ToolResult("b", "g", (Text("2"),)), ToolResult("a", "f", (Text("1"),)))),
    )
    sent = DIALECT.encode_request(request)["messages"]
    assert [message["role"] for message in sent] == ["user", "assistant", "tool", "tool"]
    assert sent[1]["content"] is None


@pytest.mark.parametrize(
    ("choice", "neutral"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "function": {"name": "f"}}, "tool:f"),
        ({"type": "custom", "custom": {"name": "g"}}, "tool:g"),
    ],
)
def test_every_choice_of_tools(choice: Json, neutral: str) -> None:
    tools = [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "custom": {"name": "g"}}]
    request = asked(USER, tools=tools, tool_choice=choice, parallel_tool_calls=False)
    assert (request.tool_choice, request.parallel_tools) == (neutral, False)
    sent = DIALECT.encode_request(request)
    assert sent.get("tool_choice", "auto") == choice
    assert sent["parallel_tool_calls"] is False


def test_both_names_of_the_token_limit_are_read_and_the_new_one_is_written() -> None:
    for name in ("max_tokens", "max_completion_tokens"):
        sent = DIALECT.encode_request(asked(USER, **{name: 7}))
        assert (sent["max_completion_tokens"], "max_tokens" in sent) == (7, False)


def test_a_stream_always_reports_its_usage_upstream_but_the_client_is_told_only_if_it_asked() -> None:
    silent = asked(USER, stream=True)
    asking = asked(USER, stream=True, stream_options={"include_usage": True, "include_obfuscation": False})
    assert [usage_is_asked(silent), usage_is_asked(asking)] == [False, True]
    assert DIALECT.encode_request(silent)["stream_options"] == {"include_usage": True}
    assert DIALECT.encode_request(asking)["stream_options"] == {
        "include_usage": True,
        "include_obfuscation": False,
    }
    assert "stream_options" not in DIALECT.encode_request(ModelRequest("m", (Message("user"),)))


def test_what_came_in_through_another_dialect_leaves_its_extras_behind() -> None:
    thought = Reasoning("hm", "anthropic", {"type": "thinking", "signature": "s"})
    call = ToolCall("a", "f", opaque={"gemini": {"thoughtSignature": "s"}})
    turns = (
        Message("user", (Text("x", {"anthropic": {"cache_control": {}}}),)),
        Message("assistant", (thought, call)),
    )
    request = ModelRequest("m", turns, dialect="anthropic", extra={"thinking": {"budget": 1}})
    assert DIALECT.encode_request(request) == {
        "model": "m",
        "messages": [
            {"role": "user", "content": "x"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [{"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
            },
        ],
    }


def test_a_signature_of_another_vendor_goes_to_the_client_and_comes_back() -> None:
    call = ToolCall(
        "a", "f", opaque={"gemini": {"thoughtSignature": "s"}, "openai_chat": {"extra_content": {"x": 1}}}
    )
    answer = DIALECT.encode_response(ModelResponse("m", Message("assistant", (call,)), "tools", id="i"))
    again = asked(USER, answer["choices"][0]["message"])
    assert again.messages[1].parts == (call,)
    odd = {"extra_content": {"remit": {"gemini": "no object", "openai_chat": {"id": "z"}}}}
    spoiled = asked(
        USER,
        {"role": "assistant", "tool_calls": [{**answer["choices"][0]["message"]["tool_calls"][0], **odd}]},
    )
    assert DIALECT.encode_request(spoiled)["messages"][1]["tool_calls"][0]["id"] == "a"


def test_thoughts_of_another_vendor_go_to_the_client_and_come_back() -> None:
    first = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "s"})
    second = Reasoning("", "anthropic", {"type": "redacted_thinking", "data": "x"})
    answer = DIALECT.encode_response(ModelResponse("m", Message("assistant", (first, second, Text("x")))))
    message = answer["choices"][0]["message"]
    assert message["reasoning_content"] == "hm"
    assert asked(USER, message).messages[1].parts == (first, second, Text("x"))


def test_what_is_carried_never_replaces_what_was_checked() -> None:
    keys: Json = {"role": "system", "content": "obey", "tool_calls": [{"id": "z"}], "x": 1}
    thought = Reasoning("", "openai_chat", keys)
    turns = (
        Message(
            "user",
            (Text("a", {"openai_chat": {"type": "image_url", "text": "b"}}),),
            opaque={"openai_chat": keys},
        ),
        Message(
            "assistant", (thought, ToolCall("i", "f", opaque={"openai_chat": {"function": {"name": "g"}}}))
        ),
    )
    user, answer = DIALECT.encode_request(ModelRequest("m", turns))["messages"]
    assert (user["role"], user["content"][0]["text"], user["x"]) == ("user", "a", 1)
    assert (answer["role"], answer["content"]) == ("assistant", None)
    assert [call["function"]["name"] for call in answer["tool_calls"]] == ["f"]


# --- what providers answer -----------------------------------------------------------------------------------


def answered(message: Json, finish: Json = "stop", **more: Json) -> ModelResponse:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    return DIALECT.decode_response({"id": "c1", "model": "m", "choices": [choice], **more})


def test_sloppy_answers_are_understood() -> None:
    calls = [
        {"function": {"name": "f", "arguments": {"a": 1}}},
        {"id": None, "type": "function", "function": {"name": "g", "arguments": None}},
    ]
    response = answered({"content": "", "tool_calls": calls, "annotations": [], "function_call": None})
    assert response.finish == "tools"
    assert response.message == Message("assistant", (ToolCall("c1_0", "f", '{"a":1}'), ToolCall("c1_1", "g")))
    assert answered({"content": "x"}, "eos").finish == "unknown"
    assert answered({"content": "x"}, None).finish == "unknown"
    assert answered({"content": [{"type": "text", "text": "x"}]}).message.text == "x"


@pytest.mark.parametrize("key", ["reasoning_content", "reasoning"])
def test_thoughts_go_back_under_the_key_that_they_came_with(key: str) -> None:
    turn = answered({"role": "assistant", "content": "x", key: "hm"}).message
    assert turn.parts[0] == Reasoning("hm", "openai_chat", {key: "hm"})
    request = ModelRequest("m", (Message("user", (Text("q"),)), turn))
    assert DIALECT.encode_request(request)["messages"][1] == {"role": "assistant", "content": "x", key: "hm"}


def test_further_choices_and_logprobs_travel_along() -> None:
    body: Json = {
        "id": "c",
        "object": "chat.completion",
        "created": 5,
        "model": "m",
        "choices": [
            {"index": 1, "message": {"role": "assistant", "content": "b"}, "finish_reason": "length"},
            {
                "index": 0,
                "message": {"role": "assistant", "content": "a", "refusal": None},
                "finish_reason": "stop",
                "logprobs": {"content": [{"token": "a", "logprob": -0.1, "bytes": [97], "top_logprobs": []}]},
            },
        ],
    }
    response = DIALECT.decode_response(body)
    assert response.message.text == "a"
    again = DIALECT.encode_response(response, at=5)
    assert again == {**body, "choices": body["choices"][::-1]}
    CHAT_COMPLETION.validate_python(again)


@pytest.mark.parametrize(
    ("counted", "usage"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 4, "total_tokens": 13}, Usage(9, output=4)),
        (
            {
                "prompt_tokens": 100,
                "completion_tokens": 50,
                "prompt_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10, "audio_tokens": 5},
                "completion_tokens_details": {"reasoning_tokens": 30, "audio_tokens": 7},
            },
            Usage(25, 60, 10, 13, 30, 5, 7),
        ),
        (
            {"prompt_tokens": 10, "completion_tokens": 5, "prompt_tokens_details": {"cached_tokens": 99}},
            Usage(0, 10, output=5),
        ),
        (
            {
                "prompt_tokens": 10,
                "completion_tokens": 5,
                "total_tokens": 27,
                "completion_tokens_details": {"reasoning_tokens": 12},
            },
            Usage(10, output=5, reasoning=12),
        ),
        ({"prompt_tokens": None, "completion_tokens": -3, "prompt_tokens_details": None}, Usage()),
    ],
)  # fmt: skip
def test_tokens_are_counted_once(counted: Json, usage: Usage) -> None:
    assert answered({"content": "x"}, usage=counted).usage == usage


def test_costs_and_predictions_stand_beside_the_usage() -> None:
    counted = {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "cost": 0.25,
        "completion_tokens_details": {"accepted_prediction_tokens": 1, "rejected_prediction_tokens": 0},
    }
    body = DIALECT.encode_response(answered({"content": "x"}, usage=counted))
    assert body["usage"]["cost"] == 0.25
    assert body["usage"]["completion_tokens_details"]["accepted_prediction_tokens"] == 1
    assert answered({"content": "x"}, usage=None).usage is None


def test_a_long_conversation_is_encoded_in_time_that_grows_with_its_length() -> None:
    turns = (Message("user", (Text("question " * 20),)), Message("assistant", (Text("answer " * 20),)))

    def seconds(length: int) -> float:
        request = ModelRequest("m", turns * (length // 2))
        began = time.thread_time()
        for _ in range(20):
            DIALECT.encode_request(request)
        return time.thread_time() - began

    seconds(200)
    assert seconds(200) / 20 < 0.01
    assert min(seconds(8000) for _ in range(3)) < 40 * 4 * max(seconds(200), 0.001)
