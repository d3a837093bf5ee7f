"""Gemini, what is answered: whole answers, and the official client in front of them."""

from __future__ import annotations

from typing import Any, cast

import msgspec
import pytest
from google.genai import types
from hypothesis import given
from hypothesis import strategies as st

from remit.wire.gemini import DIALECT
from remit.wire.messages import Image, Message, ModelResponse, Reasoning, Refusal, Text, ToolCall, Usage
from tests.wire import strategies as draw
from tests.wire.gemini_forms import ANSWERS, client_that_hears

Json = Any


def answered(*parts: Json, reason: str | None = "STOP", **more: Json) -> Json:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "finishReason": reason, "index": 0}
    return {"candidates": [candidate], "modelVersion": "m", "responseId": "r", **more}


# --- there and back ------------------------------------------------------------------------------------------


@given(draw.responses(ANSWERS, texts_at_most=3), st.integers(0, 2**31))
def test_an_answer_comes_back_the_same(response: ModelResponse, at: int) -> None:
    body = msgspec.json.decode(msgspec.json.encode(DIALECT.encode_response(response, at=at)))
    assert DIALECT.decode_response(body) == response
    types.GenerateContentResponse.model_validate(body)


def test_everything_else_that_an_answer_says_is_kept() -> None:
    body = cast("Json", {
        "candidates": [
            {
                "content": {"role": "model", "parts": [{"text": "a", "thoughtSignature": "c2ln"}]},
                "finishReason": "RECITATION", "index": 0, "groundingMetadata": {"webSearchQueries": ["q"]},
                "citationMetadata": {"citationSources": []},
            },
            {"content": {"role": "model", "parts": [{"text": "b"}]}, "finishReason": "STOP", "index": 1},
        ],
        "usageMetadata": {
            "promptTokenCount": 30, "cachedContentTokenCount": 10, "candidatesTokenCount": 7, "thoughtsTokenCount": 5,
            "toolUsePromptTokenCount": 3, "totalTokenCount": 45,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 18}, {"modality": "AUDIO", "tokenCount": 12}],
            "cacheTokensDetails": [{"modality": "AUDIO", "tokenCount": 4}],
            "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 2}],
        },
        "modelVersion": "m", "responseId": "r", "createTime": "2026-01-01T00:00:00Z",
    })  # fmt: skip
    response = DIALECT.decode_response(body)
    assert response.usage == Usage(15, 10, 0, 5, 5, 8, 2)
    assert Usage(15, 10, 0, 5, 5, 8, 2).total == 45
    assert response.finish == "filter"
    assert DIALECT.encode_response(response) == body


def test_a_blocked_prompt_is_an_answer_that_was_filtered() -> None:
    body = {
        "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
        "usageMetadata": {"promptTokenCount": 4, "totalTokenCount": 4},
        "modelVersion": "m",
        "responseId": "r",
    }
    response = DIALECT.decode_response(body)
    assert (response.finish, response.message.parts, response.usage) == ("filter", (), Usage(4))
    again = DIALECT.encode_response(response)
    assert again == {**body, "usageMetadata": {**again["usageMetadata"], "promptTokenCount": 4}}
    assert "candidates" not in again


@pytest.mark.parametrize(
    ("reason", "finish"),
    [
        ("STOP", "stop"), ("MAX_TOKENS", "length"), ("SAFETY", "filter"), ("BLOCKLIST", "filter"), ("SPII", "filter"),
        ("PROHIBITED_CONTENT", "filter"), ("IMAGE_SAFETY", "filter"), ("MALFORMED_FUNCTION_CALL", "error"),
        ("UNEXPECTED_TOOL_CALL", "error"), ("MISSING_THOUGHT_SIGNATURE", "error"), ("OTHER", "unknown"),
        ("CONTINUATION", "length"), (None, "unknown"),
    ],
)  # fmt: skip
def test_why_it_stopped(reason: str | None, finish: str) -> None:
    response = DIALECT.decode_response(answered(reason=reason))
    assert response.finish == finish
    again = DIALECT.encode_response(response)
    assert again["candidates"][0]["finishReason"] == (reason or "OTHER")
    types.GenerateContentResponse.model_validate(again)


def test_every_reason_that_the_client_knows_has_a_meaning() -> None:
    for reason in types.FinishReason:
        finish = DIALECT.decode_response(answered(reason=reason.value)).finish
        assert (finish == "unknown") == (reason.value in {"FINISH_REASON_UNSPECIFIED", "OTHER"}), reason


def test_calls_without_ids_get_ones_that_never_collide_and_are_always_the_same() -> None:
    call = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
    one = DIALECT.decode_response(answered(call, call))
    other = DIALECT.decode_response({**answered(call), "responseId": "s"})
    calls = (*one.message.tool_calls, *other.message.tool_calls)
    assert len({call.id for call in calls}) == 3
    assert one == DIALECT.decode_response(answered(call, call))
    assert one.finish == "tools"
    assert DIALECT.encode_response(one)["candidates"][0]["content"]["parts"] == [call, call]


def test_usage_never_overlaps_and_never_falls_below_zero() -> None:
    usage = {
        "promptTokenCount": 5,
        "cachedContentTokenCount": 9,
        "candidatesTokenCount": 1,
        "thoughtsTokenCount": -4,
        "promptTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}],
        "candidatesTokensDetails": [{"modality": "AUDIO", "tokenCount": 7}],
    }
    response = DIALECT.decode_response(answered(usageMetadata=usage))
    assert response.usage == Usage(cache_read=5, audio_output=1)


# --- its client ----------------------------------------------------------------------------------------------


def test_the_official_client_reads_an_answer_and_sends_it_back() -> None:
    thought = Reasoning("hm", "anthropic", {"type": "thinking", "thinking": "hm", "signature": "c2ln"})
    call = ToolCall("toolu_1", "f", '{"a":1}')
    message = Message("assistant", (thought, Text("hé"), call, Image("image/png", "QUJD+/8=")))
    body = DIALECT.encode_response(ModelResponse("m", message, "tools", Usage(3, 4, 0, 5, 6)))
    with client_that_hears(body) as (client, seen):
        found = client.models.generate_content(model="gemini-3-pro", contents="q")
        assert (found.usage_metadata.prompt_token_count, found.usage_metadata.thoughts_token_count) == (7, 6)
        assert [one.name for one in found.function_calls] == ["f"]
        content = found.candidates[0].content
        response = types.Part(
            function_response=types.FunctionResponse(id="toolu_1", name="f", response={"output": "1"})
        )
        turns = [types.Content(role="user", parts=[types.Part(text="q")]), content]
        turns.append(types.Content(role="user", parts=[response]))
        config = types.GenerateContentConfig(system_instruction="s", temperature=0.0)
        client.models.generate_content(model="gemini-3-pro", contents=turns, config=config)
    back = DIALECT.decode_request(msgspec.json.decode(seen[1].content))
    assert [one.role for one in back.messages] == ["system", "user", "assistant", "tool"]
    assert back.messages[2] == message
    assert back.temperature == 0.0


def test_a_refusal_is_told_in_its_words() -> None:
    body = DIALECT.encode_response(ModelResponse("m", Message("assistant", (Refusal("no"),)), "filter"))
    assert body["candidates"][0]["content"]["parts"] == [{"text": "no"}]
    assert body["candidates"][0]["finishReason"] == "SAFETY"
