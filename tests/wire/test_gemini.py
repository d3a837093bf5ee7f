"""Gemini, what is asked: it comes back the same, the SDK's own types take it, and what cannot be said is refused or
reported, never left out in silence.
"""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from google.genai import types
from hypothesis import given

from remit.domain.action_errors import Unsupported
from remit.wire.gemini import DIALECT
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
from tests.wire.gemini_forms import REQUESTS, canonical, judged

Json = Any


def through_json(body: Json) -> Json:
    """What arrives on the other side."""
    return msgspec.json.decode(msgspec.json.encode(body))


def asked(*parts: Any, role: Any = "user", model: str = "gemini-3-pro", **more: Any) -> ModelRequest:
    return ModelRequest(model, (Message(role, parts),), **more)


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.requests(REQUESTS))
def test_a_request_comes_back_the_same(request: ModelRequest) -> None:
    body = through_json(DIALECT.encode_request(request))
    assert DIALECT.decode_request(body) == canonical(request)
    judged(body)


ODD_CONTENTS: list[Json] = [
    {
        "role": "user",
        "parts": [
            {"inlineData": {"mimeType": "image/png", "data": "QUJD", "displayName": "d"}, "later": 1},
            {"inlineData": {"mimeType": "audio/mpeg", "data": "QUJD"}},
            {"inlineData": {"mimeType": "video/mp4", "data": "QUJD"}, "videoMetadata": {"fps": 2}},
            {"fileData": {"fileUri": "gs://b/o", "mimeType": "video/mp4", "later": 1}},
            {"text": "t", "partMetadata": {"a": 1}},
        ],
        "later": True,
    },
    {
        "role": "model",
        "parts": [
            {"text": "hm", "thought": True, "thoughtSignature": "c2ln"},
            {"text": "so", "thoughtSignature": "dHdv"},
            {"thoughtSignature": "dGhyZWU="},
            {"executableCode": {"language": "PYTHON", "code": "1"}},
            {
                "functionCall": {"id": "a", "name": "f", "args": {"x": 1}, "later": 1},
                "thoughtSignature": "Zg==",
            },
            {"functionCall": {"id": "b", "name": "g", "args": {}}},
        ],
    },
    {
        "role": "user",
        "parts": [
            {"functionResponse": {"id": "a", "name": "f", "response": {"temperature": 1.5, "unit": "C"}}},
            {
                "functionResponse": {
                    "id": "b", "name": "g", "response": {"error": "no"}, "scheduling": "SILENT",
                    "parts": [{"inlineData": {"mimeType": "audio/wav", "data": "QUJD"}}, {"later": 1}],
                },
                "later": 1,
            },
        ],
    },
]  # fmt: skip


def test_a_body_full_of_fields_nobody_knows_keeps_them() -> None:
    body = cast("Json", {
        "systemInstruction": {"role": "user", "parts": [{"text": "s"}]},
        "contents": ODD_CONTENTS,
        "tools": [
            {"functionDeclarations": [
                {
                    "name": "f",
                    "parameters": {"type": "OBJECT", "properties": {"x": {"type": "INTEGER", "nullable": True}}},
                    "responseJsonSchema": {},
                },
            ]},
            {"googleSearch": {"timeRangeFilter": {}}},
            {"codeExecution": {}},
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "VALIDATED", "allowedFunctionNames": ["f"]}},
        "generationConfig": {
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "STRING"}}},
            "thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": -1},
            "speechConfig": {"languageCode": "en"},
        },
        "store": True,
    })  # fmt: skip
    assert DIALECT.encode_request(DIALECT.decode_request(body)) == body


def test_both_spellings_of_keys_are_read() -> None:
    snake: Json = {
        "system_instruction": {"parts": [{"text": "s"}]},
        "contents": [
            {"parts": [{"inline_data": {"mime_type": "image/png", "data": "QUJD"}}]},
            {"role": "model", "parts": [{"function_call": {"name": "f"}, "thought_signature": "c2ln"}]},
            {"role": "function", "parts": [{"function_response": {"name": "f", "response": {"output": "1"}}}]},
        ],
        "tools": [{"function_declarations": [{"name": "f", "parameters_json_schema": {"type": "object"}}]}],
        "tool_config": {"function_calling_config": {"mode": "ANY", "allowed_function_names": ["f"]}},
        "generation_config": {
            "max_output_tokens": 5,
            "response_mime_type": "application/json",
            "response_schema": {"any_of": [{"type": "STRING"}, {"type": "ARRAY", "min_items": "2"}]},
            "thinking_config": {"thinking_level": "low"},
        },
    }  # fmt: skip
    request = DIALECT.decode_request(snake)
    assert [message.role for message in request.messages] == ["system", "user", "assistant", "tool"]
    assert request.messages[2].tool_calls[0].opaque == {"gemini": {"thoughtSignature": "c2ln"}}
    assert (request.tool_choice, request.max_tokens, request.effort) == ("tool:f", 5, "low")
    assert request.output == OutputSchema(
        schema={"anyOf": [{"type": "string"}, {"type": "array", "minItems": 2}]}
    )


def test_a_schema_of_the_older_kind_is_one_of_json_schema() -> None:
    older = {
        "type": "OBJECT",
        "propertyOrdering": ["b", "a"],
        "properties": {
            "a": {"type": "STRING", "nullable": True, "maxLength": "9"},
            "b": {"type": "STRING", "enum": ["x"], "nullable": True, "example": "x"},
            "type": {"type": "ARRAY", "items": {"type": "NUMBER"}},
        },
        "required": ["a"],
    }
    body: Json = {"contents": [], "tools": [{"functionDeclarations": [{"name": "f", "parameters": older}]}]}
    tool = DIALECT.decode_request(body).tools[0]
    assert tool.parameters == {
        "type": "object",
        "properties": {
            "a": {"type": ["string", "null"], "maxLength": 9},
            "b": {"anyOf": [{"type": "string", "enum": ["x"]}, {"type": "null"}]},
            "type": {"type": "array", "items": {"type": "number"}},
        },
        "required": ["a"],
    }
    narrowed = msgspec.structs.replace(tool, parameters={"type": "object"})
    sent = DIALECT.encode_request(asked(Text("q"), tools=(narrowed,)))["tools"][0]["functionDeclarations"][0]
    assert sent == {"name": "f", "parametersJsonSchema": {"type": "object"}}


# --- calls and results ---------------------------------------------------------------------------------------


def call(name: str, **args: Json) -> Json:
    return {"functionCall": {"name": name, "args": args}}


def answer(name: str, text: str) -> Json:
    return {"functionResponse": {"name": name, "response": {"output": text}}}


def test_calls_without_ids_find_their_results_and_stay_without() -> None:
    body: Json = {
        "contents": [
            {"role": "user", "parts": [{"text": "q"}]},
            {"role": "model", "parts": [call("f", a=1), call("g"), call("f", a=1)]},
            {"role": "user", "parts": [answer("f", "first"), answer("g", "g"), answer("f", "second")]},
            {"role": "model", "parts": [call("f", a=1)]},
            {"role": "user", "parts": [answer("f", "third"), answer("h", "never asked for")]},
        ]
    }
    request = DIALECT.decode_request(body)
    calls = [one for message in request.messages for one in message.tool_calls]
    results = [one for message in request.messages for one in message.parts if isinstance(one, ToolResult)]
    assert len({one.id for one in calls}) == 4
    said = {one.id: cast("Text", one.parts[0]).text for one in results}
    assert [said[one.id] for one in calls] == ["first", "g", "second", "third"]
    assert DIALECT.decode_request(body) == request
    assert DIALECT.encode_request(request) == body


def test_results_go_back_together_and_in_the_order_of_the_calls() -> None:
    first, second = (DIALECT.decode_response(
        {"candidates": [{"content": {"parts": [call("f", a=1), call("f", a=1)]}}], "responseId": "r"}
    ).message.tool_calls)  # fmt: skip
    talk = (
        Message("assistant", (first, second)),
        Message("tool", (ToolResult(second.id, "f", (Text("2"),)),)),
        Message("tool", (ToolResult(first.id, "", (Text("1"),)),)),
        Message("user", (Text("go on"),)),
    )
    contents = DIALECT.encode_request(ModelRequest("gemini-2.5-pro", talk))["contents"]
    assert contents == [
        {"role": "model", "parts": [call("f", a=1), call("f", a=1)]},
        {"role": "user", "parts": [answer("f", "1"), answer("f", "2")]},
        {"role": "user", "parts": [{"text": "go on"}]},
    ]


@pytest.mark.parametrize(
    ("model", "signed"),
    [
        ("gemini-3-pro", True),
        ("models/gemini-4.1-flash", True),
        ("gemini-flash-latest", True),
        ("gemini-2.5-pro", False),
        ("gemma-9", False),
    ],
)
def test_calls_of_another_provider_are_marked_where_gemini_wants_a_signature(
    model: str, signed: bool
) -> None:
    calls = (ToolCall("toolu_1", "f"), ToolCall("toolu_2", "g"))
    own = ToolCall("b", "g", "{}", {"gemini": {"thoughtSignature": "c2ln"}})
    talk = (Message("assistant", calls), Message("assistant", (own,)))
    body = DIALECT.encode_request(ModelRequest(model, talk))
    signatures = [[part.get("thoughtSignature") for part in turn["parts"]] for turn in body["contents"]]
    marked = "skip_thought_signature_validator" if signed else None
    assert signatures == [[marked, None], ["c2ln"]]
    judged(body)
    asked_by_client = ModelRequest(model, talk[:1], dialect="gemini")
    assert "thoughtSignature" not in DIALECT.encode_request(asked_by_client)["contents"][0]["parts"][0]


@pytest.mark.parametrize("arguments", ["{]", "", "[1]", '"text"', '{"a": 1e999}', "\ud800"])
def test_arguments_that_are_no_object_are_told_and_never_lost(arguments: str) -> None:
    body = DIALECT.encode_request(asked(ToolCall("a", "f", arguments), role="assistant", model="gemini-2"))
    assert isinstance(body["contents"][0]["parts"][0]["functionCall"]["args"], dict)
    part = DIALECT.decode_request(body).messages[0].parts[0]
    assert part == ToolCall("a", "f", arguments or "{}")


def test_an_object_that_a_client_sent_as_a_result_stays_one_until_somebody_changes_it() -> None:
    part = {"functionResponse": {"id": "a", "name": "f", "response": {"output": [1], "b": None}}}
    body: Json = {"contents": [{"role": "user", "parts": [part]}]}
    request = DIALECT.decode_request(body)
    result = cast("ToolResult", request.messages[0].parts[0])
    assert result.parts == (Text('{"output":[1],"b":null}'),)
    redacted = msgspec.structs.replace(result, parts=(Text("[redacted]"),))
    again = DIALECT.encode_request(ModelRequest("m", (Message("tool", (redacted,)),)))
    assert again["contents"][0]["parts"][0]["functionResponse"]["response"] == {"output": "[redacted]"}


# --- what it can be asked -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("choice", "said"),
    [
        ("auto", None),
        ("required", {"functionCallingConfig": {"mode": "ANY"}}),
        ("none", {"functionCallingConfig": {"mode": "NONE"}}),
        ("tool:f", {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["f"]}}),
    ],
)
def test_the_choice_of_tools(choice: str, said: Json) -> None:
    body = DIALECT.encode_request(
        asked(Text("q"), tools=(ToolSpec("f"),), tool_choice=choice, parallel_tools=True)
    )
    assert body.get("toolConfig") == said
    assert body["tools"] == [{"functionDeclarations": [{"name": "f"}]}]
    judged(body)


def test_functions_stand_together_and_tools_of_google_apart() -> None:
    search = ToolSpec("googleSearch", dialect="gemini", opaque={"gemini": {"googleSearch": {}}})
    body = DIALECT.encode_request(asked(Text("q"), tools=(ToolSpec("f"), search, ToolSpec("g"))))
    assert body["tools"] == [{"functionDeclarations": [{"name": "f"}, {"name": "g"}]}, {"googleSearch": {}}]


LEVELS = [("none", "MINIMAL"), ("minimal", "MINIMAL"), ("high", "HIGH"), ("max", "XHIGH")]


@pytest.mark.parametrize(("effort", "level"), LEVELS)
def test_efforts_of_every_dialect_have_a_level(effort: str, level: str) -> None:
    config = judged(DIALECT.encode_request(asked(Text("q"), effort=effort)))
    assert config.thinking_config == types.ThinkingConfig(thinking_level=types.ThinkingLevel(level))


def test_what_it_has_no_form_for_is_refused_or_reported() -> None:
    refused: list[ModelRequest] = [
        asked(Image()),
        asked(Image(data="AAAA")),
        asked(Audio("")),
        asked(File("a", id="file-abc")),
        asked(File("a", data="AAAA")),
        asked(Foreign("openai_responses", {"type": "web_search_call"})),
        asked(Text("q"), tools=(ToolSpec("f"),), parallel_tools=False),
        asked(Text("q"), tools=(ToolSpec("search", dialect="anthropic"),)),
        asked(ToolResult("a", "f"), role="user"),
        asked(ToolResult("a", ""), role="tool"),
        asked(ToolResult("a", "f", (Foreign("anthropic", {"type": "tool_reference"}),)), role="tool"),
    ]
    for request in refused:
        with pytest.raises(Unsupported):
            DIALECT.encode_request(request)
    thought = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "c2ln"})
    request = ModelRequest(
        "gemini-3-pro",
        (Message("user", (Text("q"),), name="ana"), Message("assistant", (thought, Text("a")))),
        (ToolSpec("f", strict=True),),
        dialect="anthropic",
        extra={"metadata": {}},
    )
    assert DIALECT.encode_request(request)["contents"][1]["parts"] == [{"text": "a"}]
    assert DIALECT.dropped(request) == (
        "extra.metadata", "messages[0].name", "messages[1].reasoning", "tools.f.strict",
    )  # fmt: skip


def test_pictures_and_files_are_recognised_where_nobody_said_what_they_are() -> None:
    parts = (
        Image(url="data:image/gif;base64,R0lGODlh"),
        Image(data="iVBORw0KGgoAAA"),
        Image(url="https://x.example/a.JPG?size=2"),
        File("a.csv", data="QUJD"),
        File(url="https://x.example/a"),
    )
    body = DIALECT.encode_request(asked(*parts))
    found = [next(iter(part.values())) for part in body["contents"][0]["parts"]]
    assert [one.get("mimeType") for one in found] == [
        "image/gif",
        "image/png",
        "image/jpeg",
        "text/csv",
        None,
    ]
    judged(body)
