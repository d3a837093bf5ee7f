"""OpenAI Responses, whole bodies: what goes out comes back the same, item ids and encrypted thoughts included; the
SDK's own types take it; and what makes no sense is refused by the name of its field.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer, Unsupported
from remit.domain.errors import InvalidInput
from remit.wire.messages import (
    Audio,
    Foreign,
    Image,
    Message,
    ModelRequest,
    ModelResponse,
    Reasoning,
    Refusal,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
    Usage,
)
from remit.wire.openai_responses import DIALECT
from tests.wire import strategies as draw
from tests.wire.openai_forms import (
    ASK_RESPONSE,
    ASK_RESPONSE_STREAM,
    RESPONSE,
    RESPONSES_ANSWERS,
    RESPONSES_REQUESTS,
)

Json = Any


def through_json(body: Json) -> Json:
    """What arrives on the other side."""
    return msgspec.json.decode(msgspec.json.encode(body))


def asked(*items: Json, **more: Json) -> ModelRequest:
    return DIALECT.decode_request({"model": "m", "input": list(items), **more})


def sent(*turns: Message, **more: Json) -> list[Json]:
    return DIALECT.encode_request(ModelRequest("m", turns, **more))["input"]


USER = {"type": "message", "role": "user", "content": "hi"}
PICTURE = {"type": "input_image", "image_url": "data:image/png;base64,QQ=="}
NONE: list[Json] = []


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.requests(RESPONSES_REQUESTS))
def test_a_request_comes_back_the_same(request: ModelRequest) -> None:
    body = through_json(DIALECT.encode_request(request))
    assert DIALECT.decode_request(body) == request
    (ASK_RESPONSE_STREAM if request.stream else ASK_RESPONSE).validate_python(body)


@given(draw.responses(RESPONSES_ANSWERS), st.integers(0, 2**31))
def test_an_answer_comes_back_the_same(response: ModelResponse, at: int) -> None:
    body = through_json(DIALECT.encode_response(response, at=at))
    assert DIALECT.decode_response(body) == response
    assert RESPONSE.validate_python(body).created_at == at
    ids = [item["id"] for item in body["output"]]
    assert len(ids) == len(set(ids))


def test_a_body_full_of_items_nobody_knows_keeps_them() -> None:
    body: Json = {
        "model": "m",
        "instructions": "be kind",
        "input": [
            {"type": "message", "role": "developer", "content": "d"},
            {
                "type": "message",
                "role": "user",
                "id": "msg_0",
                "content": [
                    {"type": "input_text", "text": "t", "prompt_cache_breakpoint": {"mode": "explicit"}},
                    {"type": "input_image", "detail": "auto", "file_id": "file-1"},
                    {"type": "input_video", "video_url": "https://x.example/v"},
                ],
            },
            {"type": "reasoning", "id": "rs_1", "summary": NONE, "encrypted_content": "abc", "status": "incomplete"},
            {
                "type": "message",
                "role": "assistant",
                "id": "msg_1",
                "status": "completed",
                "phase": "commentary",
                "content": [
                    {"type": "output_text", "text": "a", "annotations": [{"type": "file_path"}]},
                    {"type": "output_text", "text": "b", "annotations": NONE, "logprobs": [{"token": "b"}]},
                    {"type": "refusal", "refusal": "no"},
                ],
            },
            {"type": "message", "role": "assistant", "content": "c", "phase": "final_answer"},
            {"type": "web_search_call", "id": "ws_1", "status": "completed", "action": {"type": "search"}},
            {"type": "image_generation_call", "id": "ig_1", "status": "completed", "result": "QUJD"},
            {"type": "function_call", "id": "fc_1", "call_id": "a", "name": "f", "arguments": "{]", "async": True},
            {"type": "custom_tool_call", "call_id": "b", "name": "g", "input": "free"},
            {"type": "function_call_output", "call_id": "a", "output": "1", "id": "fco_1"},
            {"type": "custom_tool_call_output", "call_id": "b", "output": [{"type": "input_text", "text": "", "x": 1}]},
            {"type": "computer_call_output", "call_id": "c", "output": {"type": "computer_screenshot"}},
            {"type": "item_reference", "id": "msg_9"},
        ],
        "tools": [
            {"type": "function", "name": "f", "parameters": None, "strict": None, "defer_loading": True},
            {"type": "custom", "name": "g", "format": {"type": "text"}},
            {"type": "web_search", "search_context_size": "low"},
            {"type": "mcp", "server_label": "s", "server_url": "https://x.example"},
        ],
        "tool_choice": {"type": "mcp", "server_label": "s"},
        "text": {"format": {"type": "grammar", "syntax": "lark"}, "verbosity": "low"},
        "reasoning": {"summary": "auto", "effort": "low"},
        "include": ["reasoning.encrypted_content"],
        "previous_response_id": "resp_0",
        "store": False,
    }  # fmt: skip
    assert DIALECT.encode_request(DIALECT.decode_request(body)) == body


def test_items_in_a_row_are_one_turn() -> None:
    request = asked(
        USER,
        {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "hm"}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": ""},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "b", "output": "2"},
        {"type": "function_call_output", "call_id": "a", "output": [PICTURE]},
        {"role": "assistant", "content": [{"type": "output_text", "text": "x"}]},
    )  # fmt: skip
    assert [turn.role for turn in request.messages] == ["user", "assistant", "tool", "assistant"]
    assert request.messages[1].tool_calls == (ToolCall("a", "f"), ToolCall("b", "g"))
    assert request.messages[2].parts == (
        ToolResult("b", "g", (Text("2"),)),
        ToolResult("a", "f", (Image("image/png", "QQ=="),)),
    )
    assert request.messages[3].parts == (Text("x"),)


def test_a_text_alone_is_a_user_who_speaks() -> None:
    request = DIALECT.decode_request({"model": "m", "input": "hi", "instructions": "be kind"})
    assert request.messages == (Message("system", (Text("be kind"),)), Message("user", (Text("hi"),)))
    assert DIALECT.encode_request(request)["instructions"] == "be kind"


@pytest.mark.parametrize("role", ["system", "developer"])
def test_a_first_system_item_does_not_become_instructions(role: str) -> None:
    item = {"type": "message", "role": role, "content": "s"}
    body = DIALECT.encode_request(asked(item, USER))
    assert (body["input"][0], "instructions" in body) == (item, False)


@pytest.mark.parametrize(
    ("choice", "neutral"),
    [
        ("auto", "auto"),
        ("none", "none"),
        ("required", "required"),
        ({"type": "function", "name": "f"}, "tool:f"),
        ({"type": "custom", "name": "g"}, "tool:g"),
        ({"type": "web_search"}, "tool:web_search"),
    ],
)
def test_every_choice_of_tools(choice: Json, neutral: str) -> None:
    tools = [{"type": "function", "name": "f"}, {"type": "custom", "name": "g"}, {"type": "web_search"}]
    request = asked(USER, tools=tools, tool_choice=choice)
    assert request.tool_choice == neutral
    assert DIALECT.encode_request(request).get("tool_choice", "auto") == choice


def test_a_conversation_of_ours_is_stored_by_nobody_else() -> None:
    known = Reasoning("hm", "openai_responses", {"type": "reasoning", "id": "rs_1", "encrypted_content": "x"})
    bare = Reasoning("hm", "openai_responses", {"type": "reasoning", "id": "rs_2"})
    other = Reasoning("hm", "anthropic", {"type": "thinking"})
    turns = (Message("user", (Text("q"),)), Message("assistant", (known, bare, other, Text("a"))))
    body = DIALECT.encode_request(ModelRequest("m", turns))
    assert body["store"] is False
    assert [item.get("id") for item in body["input"]] == [None, "rs_1", None]
    native = DIALECT.encode_request(ModelRequest("m", turns, dialect="openai_responses"))
    assert "store" not in native
    assert [item.get("id") for item in native["input"]] == [None, "rs_1", "rs_2", None]


def test_a_thought_of_another_vendor_goes_to_the_client_and_comes_back() -> None:
    thought = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "s"})
    hidden = Reasoning("", "anthropic", {"type": "redacted_thinking", "data": "d"})
    call = ToolCall("a", "f", opaque={"gemini": {"thoughtSignature": "s"}})
    turn = Message("assistant", (thought, hidden, Text("x"), call))
    body = through_json(
        DIALECT.encode_response(ModelResponse("m", turn, "tools", id="msg_1", dialect="anthropic"))
    )
    RESPONSE.validate_python(body)
    assert body["output"][0]["summary"] == [{"type": "summary_text", "text": "hm"}]
    assert asked(USER, *body["output"]).messages[1] == turn


def test_what_another_vendors_own_tools_did_stays_there() -> None:
    turn = Message("assistant", (Foreign("anthropic", {"type": "server_tool_use"}), Text("x")))
    body = DIALECT.encode_response(ModelResponse("m", turn))
    assert [item["type"] for item in body["output"]] == ["message"]
    with pytest.raises(Unsupported):
        sent(turn)


def test_what_is_carried_never_replaces_what_was_checked() -> None:
    keys: Json = {"type": "message", "role": "system", "content": "obey", "x": 1}
    thought = Reasoning("", "openai_responses", {**keys, "encrypted_content": "s"})
    call = ToolCall("a", "f", opaque={"openai_responses": {"name": "g", "arguments": "[]"}})
    items = sent(Message("user", (Text("a", {"openai_responses": {"text": "b"}}),), opaque={"openai_responses": keys}),
                 Message("assistant", (thought, call)))  # fmt: skip
    assert (items[0]["role"], items[0]["content"], items[0]["x"]) == (
        "user",
        [{"type": "input_text", "text": "a"}],
        1,
    )
    assert [item["type"] for item in items[1:]] == ["reasoning", "function_call"]
    assert (items[2]["name"], items[2]["arguments"]) == ("f", "{}")


# --- what providers answer -----------------------------------------------------------------------------------


def answered(*output: Json, **more: Json) -> ModelResponse:
    return DIALECT.decode_response(
        {"id": "resp_1", "object": "response", "model": "m", "output": list(output), **more}
    )


@pytest.mark.parametrize(
    ("fields", "finish"),
    [
        ({"status": "completed"}, "stop"),
        ({}, "stop"),
        ({"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}, "length"),
        ({"status": "incomplete", "incomplete_details": {"reason": "content_filter"}}, "filter"),
        ({"status": "incomplete", "incomplete_details": {"reason": "steered"}}, "unknown"),
        ({"status": "failed", "error": {"code": "server_error", "message": "m"}}, "error"),
        ({"status": "queued"}, "unknown"),
    ],
)
def test_every_state_has_its_finish(fields: Json, finish: str) -> None:
    assert answered(**fields).finish == finish


@pytest.mark.parametrize("finish", ["stop", "length", "filter", "error", "unknown"])
def test_every_finish_has_its_state(finish: Any) -> None:
    response = ModelResponse("m", Message("assistant", (Text("x"),)), finish, id="resp_1")
    body = DIALECT.encode_response(response, at=3)
    RESPONSE.validate_python(body)
    assert DIALECT.decode_response(body).finish == ("stop" if finish == "unknown" else finish)
    assert (body["error"] is not None) == (finish == "error")
    assert (body["completed_at"] is None) == (body["status"] != "completed")


def test_tokens_are_counted_once() -> None:
    counted = {
        "input_tokens": 100,
        "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
        "output_tokens": 50,
        "output_tokens_details": {"reasoning_tokens": 30},
        "total_tokens": 150,
    }
    assert answered(usage=counted).usage == Usage(30, 60, 10, 20, 30)
    assert answered(usage=None).usage is None


def test_a_sloppy_answer_is_understood() -> None:
    turn = answered(
        {"type": "message", "content": [{"type": "output_text", "text": "x"}]},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": {"x": 1}},
        {
            "type": "reasoning",
            "id": "r",
            "summary": [],
            "content": [{"type": "reasoning_text", "text": "hm"}],
        },
    ).message
    assert [type(part) for part in turn.parts] == [Text, ToolCall, Reasoning]
    assert (turn.tool_calls[0].arguments, turn.text) == ('{"x":1}', "x")


@pytest.mark.parametrize(
    "body",
    [{}, {"output": 7}, {"output": [7]}, {"error": {"message": "no"}}, {"output": [{"type": "function_call"}]},
     {"output": [{"type": "message", "content": [{"type": "output_text"}]}]}],
)  # fmt: skip
def test_what_is_no_answer_is_said_so(body: Json) -> None:
    with pytest.raises(MalformedAnswer):
        DIALECT.decode_response(body)


# --- what is refused -----------------------------------------------------------------------------------------

NONSENSE: list[tuple[Json, str]] = [
    ({"input": "hi"}, "model"),
    ({"model": "m"}, "input"),
    ({"model": "m", "input": 7}, "input"),
    ({"model": "m", "input": [7]}, r"input\[0\]"),
    ({"model": "m", "input": [{}]}, r"input\[0\]"),
    ({"model": "m", "input": [{"role": "robot", "content": "x"}]}, r"input\[0\]"),
    ({"model": "m", "input": [{"type": "message", "content": "x"}]}, r"input\[0\]\.role"),
    ({"model": "m", "input": [{"role": "user", "content": [{"type": "input_image"}]}]}, r"content\[0\]"),
    ({"model": "m", "input": [{"role": "user", "content": [{"type": "input_file"}]}]}, r"content\[0\]"),
    ({"model": "m", "input": [{"type": "function_call", "name": "f"}]}, r"input\[0\]\.call_id"),
    ({"model": "m", "input": [{"type": "function_call_output", "output": "x"}]}, r"input\[0\]\.call_id"),
    ({"model": "m", "input": "x", "max_output_tokens": 0}, "max_output_tokens"),
    ({"model": "m", "input": "x", "tools": [{"name": "f"}]}, r"tools\[0\]\.type"),
    ({"model": "m", "input": "x", "tools": [{"type": "function"}]}, r"tools\[0\]\.name"),
    ({"model": "m", "input": "x", "tool_choice": "maybe"}, "tool_choice"),
    ({"model": "m", "input": "x", "text": {"format": {"type": "json_schema"}}}, r"text\.format\.name"),
    ({"model": "m", "input": "x", "reasoning": {"effort": 3}}, r"reasoning\.effort"),
]


@pytest.mark.parametrize(("body", "field"), NONSENSE)
def test_a_client_hears_which_field_is_wrong(body: Json, field: str) -> None:
    with pytest.raises(InvalidInput, match=field):
        DIALECT.decode_request(body)


ITEM_KEYS = [
    "type",
    "role",
    "content",
    "call_id",
    "output",
    "name",
    "arguments",
    "summary",
    "id",
    "encrypted_content",
]
TYPES = [
    "message",
    "function_call",
    "function_call_output",
    "reasoning",
    "custom_tool_call",
    "user",
    "assistant",
]


@given(
    st.lists(
        st.dictionaries(st.sampled_from(ITEM_KEYS), draw.json_values() | st.sampled_from(TYPES)), max_size=4
    )
)
def test_no_item_breaks_the_decoders(items: list[Json]) -> None:
    with suppress(InvalidInput, Unsupported):
        DIALECT.encode_request(asked(*items))
    with suppress(MalformedAnswer, Unsupported):
        DIALECT.encode_response(answered(*items))


@pytest.mark.parametrize(
    "request_",
    [
        ModelRequest("m", stop=("x",)),
        ModelRequest("m", choices=2),
        ModelRequest("m", tools=(ToolSpec("bash", dialect="anthropic"),)),
        ModelRequest("m", (Message("user", (Refusal("x"),)),)),
        ModelRequest("m", (Message("assistant", (Audio("QQ=="),)),)),
        ModelRequest("m", (Message("tool", (Text("x"),)),)),
    ],
)
def test_what_has_no_form_here_is_said_so(request_: ModelRequest) -> None:
    with pytest.raises(Unsupported):
        DIALECT.encode_request(request_)
