"""Anthropic messages, what is asked: it comes back the same, the SDK's own types take it, and what cannot be said is
refused or reported, never left out in silence.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from hypothesis import given

from remit.domain.action_errors import Unsupported
from remit.domain.errors import InvalidInput
from remit.wire.anthropic import (
    DEFAULT_MAX_TOKENS,
    DIALECT,
    NEWEST,
    OLDEST,
    decode_count,
    decode_count_tokens,
    encode_count,
    encode_count_tokens,
    of_version,
)
from remit.wire.messages import (
    Audio,
    File,
    Foreign,
    Image,
    Message,
    ModelRequest,
    OutputSchema,
    Reasoning,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)
from tests.wire import strategies as draw
from tests.wire.anthropic_forms import ASK, ASK_STREAM, COUNT, OLD_REQUESTS, REQUESTS, canonical, judged

Json = Any

LEGACY = of_version(OLDEST)


def through_json(body: Json) -> Json:
    """What arrives on the other side."""
    return msgspec.json.decode(msgspec.json.encode(body))


def asked(*parts: Any, role: Any = "user", dialect: str = "", **more: Any) -> ModelRequest:
    return ModelRequest("m", (Message(role, parts),), dialect=dialect, **more)


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.requests(REQUESTS))
def test_a_request_comes_back_the_same(request: ModelRequest) -> None:
    body = through_json(DIALECT.encode_request(request))
    assert DIALECT.decode_request(body) == canonical(request)
    judged(ASK_STREAM if request.stream else ASK, body)


@given(draw.requests(OLD_REQUESTS))
def test_the_older_version_keeps_sampling(request: ModelRequest) -> None:
    body = through_json(LEGACY.encode_request(request))
    assert LEGACY.decode_request(body) == canonical(request)
    assert LEGACY.dropped(request) == ()


def test_a_body_full_of_fields_nobody_knows_keeps_them() -> None:
    body = cast("Json", {
        "model": "claude",
        "max_tokens": 5,
        "system": [{"type": "text", "text": "s", "cache_control": {"type": "ephemeral"}, "later": 1}],
        "messages": [
            {
                "role": "user",
                "content": [
                    {"type": "image", "source": {"type": "file", "file_id": "file_1"}, "transformations": {}},
                    {"type": "image", "source": {"type": "url", "url": "https://x.example/a", "fps": 2}},
                    {"type": "document", "source": {"type": "content", "content": "c"}, "title": "t"},
                    {"type": "document", "source": {"type": "file", "file_id": "file_2"}, "context": "c"},
                    {"type": "container_upload", "file_id": "file_3"},
                ],
                "later": True,
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "hm", "signature": "c2ln"},
                    {"type": "redacted_thinking", "data": "ZGF0YQ=="},
                    {"type": "server_tool_use", "id": "srv", "name": "web_search", "input": {"query": "q"}},
                    {"type": "tool_use", "id": "a", "name": "f", "input": {}, "caller": {"type": "direct"}},
                    {"type": "tool_use", "id": "b", "name": "f", "input": {"INVALID_JSON": "{]"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "a",
                        "content": [{"type": "tool_reference", "tool_name": "f"}],
                    },
                    {
                        "type": "tool_result",
                        "tool_use_id": "b",
                        "is_error": True,
                        "cache_control": {"type": "ephemeral"},
                    },
                    {"type": "text", "text": "go on"},
                ],
            },
        ],
        "tools": [
            {"name": "f", "input_schema": {"type": "object"}, "input_examples": [{}]},
            {"type": "web_search_20260318", "name": "web_search", "max_uses": 2},
        ],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True, "later": 1},
        "output_config": {"effort": "max", "later": 1},
        "thinking": {"type": "enabled", "budget_tokens": 2048},
        "inference_geo": "eu",
    })  # fmt: skip
    assert DIALECT.encode_request(DIALECT.decode_request(body)) == body
    judged(ASK, body)


def test_thinking_survives_byte_for_byte_and_nulls_say_nothing() -> None:
    block = {"type": "thinking", "thinking": " odd \u2028 spaces", "signature": "EqQBCgIYAhIM+/=="}
    body = {
        "id": "msg_1", "type": "message", "role": "assistant", "model": "claude",
        "content": [block, {"type": "text", "text": "yes", "citations": None}],
        "stop_reason": "end_turn", "stop_sequence": None, "container": None,
        "usage": {"input_tokens": 1, "output_tokens": 2, "cache_read_input_tokens": None, "service_tier": None},
    }  # fmt: skip
    response = DIALECT.decode_response(body)
    assert response.message.parts == (Reasoning(block["thinking"], "anthropic", block), Text("yes"))
    assert response.extra == {}
    again = DIALECT.encode_request(ModelRequest("claude", (response.message,)))
    assert again["messages"][0]["content"] == [block, {"type": "text", "text": "yes"}]


# --- turns ---------------------------------------------------------------------------------------------------


def test_parallel_results_come_back_in_one_turn_with_what_the_user_adds() -> None:
    talk = (
        Message("system", (Text("a"),)),
        Message("system", (Text("b"),)),
        Message("user", (Text("c"),)),
        Message("assistant", (ToolCall("1", "f"), ToolCall("2", "g"))),
        Message("tool", (ToolResult("2", "g", (Text("two"),)),)),
        Message("tool", (ToolResult("1", "f", (Text("one"),), failed=True),)),
        Message("user", (Text("d"),)),
        Message("system", (Text("e"),)),
    )
    body = DIALECT.encode_request(ModelRequest("m", talk))
    assert [block["text"] for block in body["system"]] == ["a", "b", "e"]
    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]
    assert body["messages"][2]["content"] == [
        {"type": "tool_result", "tool_use_id": "2", "content": [{"type": "text", "text": "two"}]},
        {
            "type": "tool_result",
            "tool_use_id": "1",
            "content": [{"type": "text", "text": "one"}],
            "is_error": True,
        },
        {"type": "text", "text": "d"},
    ]
    back = DIALECT.decode_request(body)
    assert [message.role for message in back.messages] == ["system", "user", "assistant", "tool", "user"]
    assert [part.name for part in back.messages[3].parts if isinstance(part, ToolResult)] == ["g", "f"]


@pytest.mark.parametrize(
    "arguments", ["{]", "", "[1]", '"text"', "nonsense", '{"a": 1e999}', "\ud800", "[" * 5000]
)
def test_arguments_that_are_no_object_are_told_and_never_lost(arguments: str) -> None:
    body = DIALECT.encode_request(asked(ToolCall("a", "f", arguments), role="assistant"))
    block = body["messages"][0]["content"][0]
    assert isinstance(block["input"], dict)
    part = DIALECT.decode_request(body).messages[0].parts[0]
    assert isinstance(part, ToolCall)
    assert part.arguments == (arguments or "{}")


def test_ids_that_other_providers_give_become_ones_that_the_api_takes() -> None:
    odd = "functions.f:0|fc_1"
    talk = (Message("assistant", (ToolCall(odd, "f"),)), Message("tool", (ToolResult(odd, "f"),)))
    call, result = (
        turn["content"][0] for turn in DIALECT.encode_request(ModelRequest("m", talk))["messages"]
    )
    assert call["id"] == result["tool_use_id"]
    assert call["id"].replace("_", "").isalnum()


# --- what it can be asked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "parallel", "said"),
    [
        ("auto", None, None),
        ("auto", False, {"type": "auto", "disable_parallel_tool_use": True}),
        ("required", None, {"type": "any"}),
        ("none", False, {"type": "none"}),
        ("tool:f", True, {"type": "tool", "name": "f", "disable_parallel_tool_use": False}),
    ],
)
def test_the_choice_of_tools(choice: str, parallel: bool | None, said: Json) -> None:
    request = asked(Text("q"), tools=(ToolSpec("f"),), tool_choice=choice, parallel_tools=parallel)
    body = DIALECT.encode_request(request)
    assert body.get("tool_choice") == said
    assert body["tools"] == [{"name": "f", "input_schema": {"type": "object", "properties": {}}}]
    judged(ASK, body)


def test_a_schema_of_another_dialect_is_made_one_that_can_be_enforced() -> None:
    schema = {
        "$defs": {"line": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}},
        "type": "object",
        "properties": {
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "minItems": 3},
            "when": {"type": "string", "format": "date-time", "description": "UTC"},
            "code": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "null"}]},
        },
    }
    body = DIALECT.encode_request(asked(Text("q"), output=OutputSchema(schema=schema)))
    assert body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            "$defs": {
                "line": {
                    "type": "object",
                    "properties": {"n": {"type": "integer", "description": "(minimum: 1)"}},
                    "additionalProperties": False,
                }
            },
            "type": "object",
            "properties": {
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "description": "(minItems: 3)"},
                "when": {"type": "string", "format": "date-time", "description": "UTC"},
                "code": {"anyOf": [{"type": "string", "description": '(pattern: "^a")'}, {"type": "null"}]},
            },
            "additionalProperties": False,
        },
    }
    judged(ASK, body)


@pytest.mark.parametrize(
    "schema",
    [
        {},
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type": "object"},
        {"type": "object", "properties": {"a": {}}},
        {"type": "object", "properties": 3},
        {"anyOf": {"type": "string"}},
        {"type": "array", "items": True},
    ],
)
def test_a_schema_that_would_lose_its_meaning_is_refused(schema: Json) -> None:
    with pytest.raises(Unsupported):
        DIALECT.encode_request(asked(Text("q"), output=OutputSchema(schema=schema)))


def test_a_request_without_a_limit_gets_the_documented_one() -> None:
    assert DIALECT.encode_request(asked(Text("q")))["max_tokens"] == DEFAULT_MAX_TOKENS
    assert DIALECT.encode_request(asked(Text("q"), max_tokens=0))["max_tokens"] == 0


def test_the_newest_version_leaves_out_what_it_refuses_and_says_so() -> None:
    cited = Text("q", {"anthropic": {"citations": [{"type": "x"}], "cache_control": {"type": "ephemeral"}}})
    request = ModelRequest(
        "m",
        (
            Message("user", (cited,), name="ana"),
            Message("assistant", (Reasoning("hm", "gemini", {"thought": True}), Text("a"))),
        ),
        temperature=0.0,
        top_p=0.5,
        seed=7,
        dialect="anthropic",
        extra={"top_k": 3, "metadata": {}},
    )
    body = DIALECT.encode_request(request)
    assert not body.keys() & {"temperature", "top_p", "top_k", "seed"}
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "q", "cache_control": {"type": "ephemeral"}}
    ]
    assert body["messages"][1]["content"] == [{"type": "text", "text": "a"}]
    assert DIALECT.dropped(request) == (
        "temperature", "top_p", "seed", "extra.top_k", "messages[0].name", "messages[0].citations",
        "messages[1].reasoning",
    )  # fmt: skip
    old = LEGACY.encode_request(request)
    assert (old["temperature"], old["top_p"], old["top_k"]) == (0.0, 0.5, 3)
    with pytest.raises(Unsupported, match="temperature, top_k, top_p"):
        of_version(NEWEST, "refuse").encode_request(request)


def test_what_it_has_no_form_for_is_refused_by_name() -> None:
    refused: list[ModelRequest] = [
        asked(Audio("QUJD")),
        asked(Image("image/bmp", "QUJD")),
        asked(Image()),
        asked(File("a.zip", "application/zip", "QUJD")),
        asked(File("a.txt", "text/plain", "not base64")),
        asked(Foreign("openai_responses", {"type": "web_search_call"})),
        asked(Text("q"), choices=2),
        asked(
            Text("q"), tools=(ToolSpec("search", dialect="gemini", opaque={"gemini": {"googleSearch": {}}}),)
        ),
        asked(File("a.pdf", "application/pdf", "QUJD"), role="assistant"),
    ]
    for request in refused:
        with pytest.raises(Unsupported):
            DIALECT.encode_request(request)
    assert LEGACY.encode_request(refused[-1])["messages"][0]["content"][0]["type"] == "document"


def test_pictures_and_documents_are_recognised_where_nobody_said_what_they_are() -> None:
    parts = (
        Image(url="data:image/gif;base64,R0lGODlh"),
        Image(data="iVBORw0KGgoAAA"),
        File("a", "image/png", "iVBORw0KGgo="),
        File("b", "", "JVBERi0x"),
        File("c", "application/json", "e30="),
    )
    body = DIALECT.encode_request(asked(*parts))
    kinds = [(block["type"], block["source"]["media_type"]) for block in body["messages"][0]["content"]]
    assert kinds == [
        ("image", "image/gif"), ("image", "image/png"), ("image", "image/png"), ("document", "application/pdf"),
        ("document", "text/plain"),
    ]  # fmt: skip
    judged(ASK, body)


# --- counting ------------------------------------------------------------------------------------------------


@given(draw.requests(REQUESTS))
def test_the_same_talk_can_be_counted(request: ModelRequest) -> None:
    body = through_json(encode_count_tokens(request))
    judged(COUNT, body)
    counted = decode_count_tokens(body)
    assert counted.messages == canonical(request).messages
    assert counted.max_tokens is None
    assert decode_count(encode_count(12)) == 12


def test_a_version_that_does_not_exist_is_refused() -> None:
    assert of_version(NEWEST) == DIALECT
    with pytest.raises(InvalidInput, match="2023-06-01"):
        of_version("2025-01-01")
