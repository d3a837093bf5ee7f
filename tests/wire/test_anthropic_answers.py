"""Anthropic messages, what is answered: whole answers, errors, and the official client in front of both."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, cast

import anthropic
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer
from remit.domain.errors import InvalidInput
from remit.wire.anthropic import DIALECT, NEWEST, decode_count_tokens
from remit.wire.dialect import WireError
from remit.wire.messages import Message, ModelResponse, Reasoning, Refusal, Text, ToolCall, Usage
from tests.wire import strategies as draw
from tests.wire.anthropic_forms import ANSWER, ANSWERS, ERROR, client_that_hears, judged

Json = Any

KINDS = {
    "invalid_request": (400, "invalid_request_error", anthropic.BadRequestError),
    "authentication": (401, "authentication_error", anthropic.AuthenticationError),
    "quota": (402, "billing_error", anthropic.APIStatusError),
    "permission": (403, "permission_error", anthropic.PermissionDeniedError),
    "not_found": (404, "not_found_error", anthropic.NotFoundError),
    "too_large": (413, "request_too_large", anthropic.APIStatusError),
    "rate_limit": (429, "rate_limit_error", anthropic.RateLimitError),
    "context_length": (400, "invalid_request_error", anthropic.BadRequestError),
    "content_filter": (400, "invalid_request_error", anthropic.BadRequestError),
    "server": (500, "api_error", anthropic.InternalServerError),
    "timeout": (504, "timeout_error", anthropic.InternalServerError),
    "overloaded": (529, "overloaded_error", anthropic.InternalServerError),
}


@given(draw.responses(ANSWERS, texts_at_most=3), st.integers(0, 2**31))
def test_an_answer_comes_back_the_same(response: ModelResponse, at: int) -> None:
    body = msgspec.json.decode(msgspec.json.encode(DIALECT.encode_response(response, at=at)))
    assert DIALECT.decode_response(body) == msgspec.structs.replace(response, usage=response.usage or Usage())
    judged(ANSWER, body)


# --- its client ----------------------------------------------------------------------------------------------


async def test_the_official_client_reads_an_answer_and_sends_it_back() -> None:
    thought = Reasoning("hm", "gemini", {"text": "hm", "thought": True, "thoughtSignature": "c2ln"})
    call = ToolCall("call_1", "f", '{"a":1}', {"gemini": {"thoughtSignature": "b3B0"}})
    message = Message("assistant", (thought, Text("hi"), call))
    answer = DIALECT.encode_response(
        ModelResponse("m", message, "tools", Usage(input=3, output=4, cache_read=5))
    )
    async with client_that_hears(answer) as (client, seen):
        turns: Json = [{"role": "user", "content": "q"}]
        found = await client.messages.create(model="m", max_tokens=9, messages=turns)
        assert (found.stop_reason, found.usage.input_tokens, found.usage.output_tokens) == ("tool_use", 3, 4)
        turns += [
            found.to_param(),
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "call_1"}]},
        ]
        await client.messages.create(model="m", max_tokens=9, messages=turns)
    back = DIALECT.decode_request(msgspec.json.decode(seen[1].content))
    assert back.messages[1] == message


async def test_the_official_client_is_understood() -> None:
    body: Json = {"input_tokens": 5}
    async with client_that_hears(body) as (client, seen):
        counted = await client.messages.count_tokens(
            model="m", system="s", messages=[{"role": "user", "content": "q"}]
        )
    assert counted.input_tokens == 5
    assert seen[0].headers["anthropic-version"] == NEWEST
    asked = decode_count_tokens(msgspec.json.decode(seen[0].content))
    assert asked.messages == (Message("system", (Text("s"),)), Message("user", (Text("q"),)))


# --- answers -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("reason", "finish", "extra"),
    [
        ("end_turn", "stop", {}),
        ("stop_sequence", "stop", {"stop_reason": "stop_sequence"}),
        ("max_tokens", "length", {}),
        ("model_context_window_exceeded", "length", {"stop_reason": "model_context_window_exceeded"}),
        ("refusal", "filter", {}),
        ("pause_turn", "unknown", {"stop_reason": "pause_turn"}),
        ("tomorrow", "unknown", {"stop_reason": "tomorrow"}),
        (None, "unknown", {}),
    ],
)
def test_why_it_stopped(reason: str | None, finish: str, extra: Json) -> None:
    body = cast("Json", {"id": "i", "model": "m", "content": [], "stop_reason": reason})
    response = DIALECT.decode_response(body)
    assert (response.finish, response.extra) == (finish, extra)
    assert DIALECT.encode_response(response)["stop_reason"] == reason


def test_a_refusal_and_an_answer_that_failed_never_look_whole() -> None:
    refused = DIALECT.encode_response(ModelResponse("m", Message("assistant", (Refusal("no"),))))
    assert refused["stop_reason"] == "refusal"
    assert refused["stop_details"]["explanation"] == "no"
    assert refused["content"] == [{"type": "text", "text": "no"}]
    judged(ANSWER, refused)
    cut = DIALECT.encode_response(ModelResponse("m", Message("assistant", (Text("half"),)), "error"))
    assert cut["stop_reason"] == "max_tokens"
    assert (
        DIALECT.encode_response(ModelResponse("m", Message("assistant", (ToolCall("a", "f"),))))[
            "stop_reason"
        ]
        == "tool_use"
    )


def test_usage_never_overlaps_and_never_falls_below_zero() -> None:
    usage = {
        "input_tokens": 10, "cache_creation_input_tokens": 20, "cache_read_input_tokens": 30, "output_tokens": 40,
        "output_tokens_details": {"thinking_tokens": 50}, "cache_creation": {"ephemeral_1h_input_tokens": 20},
    }  # fmt: skip
    body = cast("Json", {"id": "i", "model": "m", "content": [], "stop_reason": "end_turn", "usage": usage})
    response = DIALECT.decode_response(body)
    assert response.usage == Usage(input=10, cache_write=20, cache_read=30, output=0, reasoning=40)
    assert response.extra["usage"] == {"cache_creation": {"ephemeral_1h_input_tokens": 20}}
    body["usage"] = {"input_tokens": -5, "output_tokens": -1}
    assert DIALECT.decode_response(body).usage == Usage()


NO_ANSWERS: list[Json] = [
    {},
    {"type": "error", "error": {"type": "api_error"}, "content": []},
    {"content": 3},
    {"content": [3]},
    {"content": [{"text": "no type"}]},
    {"content": [{"type": "text"}]},
    {"content": [{"type": "tool_use", "id": "a", "name": "f", "input": "{}"}]},
    {"content": [{"type": "tool_use", "name": "f", "input": {}}]},
    {"content": [{"type": "redacted_thinking"}]},
    {"content": [], "usage": {"input_tokens": "many"}},
    {"content": [], "stop_reason": ["end_turn"]},
    {"content": [], "id": 3},
]


@pytest.mark.parametrize("body", NO_ANSWERS)
def test_what_is_no_answer_is_named(body: Json) -> None:
    with pytest.raises(MalformedAnswer):
        DIALECT.decode_response(body)


# --- errors --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
async def test_an_error_is_what_the_official_client_makes_of_it(kind: str) -> None:
    status, said, raised = KINDS[kind]
    told = WireError(0, kind, "prompt is too long: 3 > 2", "a_code", retryable=False)
    found, headers, body = DIALECT.encode_error(told)
    assert (found, headers) == (status, {"x-should-retry": "false"})
    async with client_that_hears(body, found, headers) as (client, seen):
        with pytest.raises(raised) as wrong:
            await client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "q"}])
    error = wrong.value
    assert (error.status_code, error.type, error.error_code) == (status, said, "a_code")
    assert len(seen) == 1
    back = DIALECT.decode_error(found, headers, msgspec.json.encode(body))
    same = {"content_filter": "context_length", "invalid_request": "context_length"}  # by the words alone
    assert (back.kind, back.message, back.code) == (same.get(kind, kind), told.message, "a_code")
    assert back.retryable is False
    if said != "request_too_large":  # the API sends it; its own types have not heard of it
        judged(ERROR, body)


async def test_an_empty_budget_is_tried_exactly_once() -> None:
    status, headers, body = DIALECT.encode_error(WireError(429, "quota", "the budget of team a is used up"))
    assert (status, body["error"]["type"]) == (402, "billing_error")
    async with client_that_hears(body, status, headers) as (client, seen):
        with pytest.raises(anthropic.APIStatusError):
            await client.messages.create(model="m", max_tokens=1, messages=[{"role": "user", "content": "q"}])
    assert len(seen) == 1


def said(kind: str, message: str, code: str = "") -> Json:
    error: Json = {"type": kind, "message": message}
    return {"type": "error", "error": {**error, "details": {"error_code": code}} if code else error}


SPENT = "enforced_spend_limit_reached"
REFUSALS: list[tuple[int, Json, str, str]] = [
    (429, said("rate_limit_error", "slow"), "rate_limit", ""),
    (429, said("rate_limit_error", "m", SPENT), "quota", SPENT),
    (429, said("rate_limit_error", "m", "unheard_of"), "rate_limit", "unheard_of"),
    (400, said("invalid_request_error", "prompt is too long: 9 > 8"), "context_length", ""),
    (400, said("invalid_request_error", "Your credit balance is too low"), "quota", ""),
    (409, said("conflict_error", "m"), "invalid_request", ""),
    (529, said("overloaded_error", "Overloaded"), "overloaded", ""),
    (503, {"message": "a cloud before the API"}, "overloaded", ""),
    (403, {"error": "forbidden"}, "permission", ""),
    (500, {"error": {"type": "unheard_of", "message": "m", "details": ["no object"]}}, "server", ""),
    (418, {"error": {"type": ["no text"], "message": {"no": "text"}}}, "invalid_request", ""),
    (502, [], "server", ""),
]


@pytest.mark.parametrize(("status", "body", "kind", "code"), REFUSALS)
def test_what_a_provider_says_is_understood(status: int, body: Json, kind: str, code: str) -> None:
    error = DIALECT.decode_error(status, {"Retry-After": "7"}, msgspec.json.encode(body))
    assert (error.status, error.kind, error.code, error.retry_after) == (status, kind, code, 7.0)
    assert error.message


@given(st.integers(400, 599), st.binary(max_size=80), st.dictionaries(draw.texts(), draw.texts(), max_size=2))
def test_any_bytes_are_some_error(status: int, body: bytes, headers: dict[str, str]) -> None:
    error = DIALECT.decode_error(status, headers, body)
    assert error.message
    assert error.kind


def test_a_conflict_and_a_gateway_keep_their_status() -> None:
    assert DIALECT.encode_error(WireError(422, "invalid_request", "m"))[0] == 422
    assert DIALECT.encode_error(WireError(503, "server", "m", retry_after=1.2))[:2] == (
        503,
        {"retry-after": "2"},
    )
    assert DIALECT.encode_error(WireError(200, "nonsense", "m"))[0] == 500
    told = DIALECT.encode_error(WireError(400, "context_length", "This model takes 8 tokens."))[2]
    assert told["error"]["message"].startswith("prompt is too long")


# --- bodies that make no sense -------------------------------------------------------------------------------

FULL: Json = {"model": "m", "max_tokens": 1, "messages": [{"role": "user", "content": "q"}]}


BAD_BODIES: list[tuple[str, Json]] = [
    ("model", {"model": None}),
    ("max_tokens", {"max_tokens": None}),
    ("max_tokens", {"max_tokens": "9"}),
    ("max_tokens", {"max_tokens": True}),
    ("messages", {"messages": None}),
    ("messages", {"messages": {}}),
    ("messages[0]", {"messages": ["q"]}),
    ("messages[0].role", {"messages": [{"content": "q"}]}),
    ("messages[0].role", {"messages": [{"role": "developer", "content": "q"}]}),
    ("messages[0].content", {"messages": [{"role": "user"}]}),
    ("messages[0].content[0].type", {"messages": [{"role": "user", "content": [{}]}]}),
    ("messages[0].content[0].text", {"messages": [{"role": "user", "content": [{"type": "text"}]}]}),
    ("messages[0].content[0].source", {"messages": [{"role": "user", "content": [{"type": "image"}]}]}),
    (
        "messages[0].content[0].source.data",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [{"type": "image", "source": {"type": "base64", "media_type": "image/png"}}],
                }
            ]
        },
    ),
    (
        "messages[0].content[0].source.data",
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "document",
                            "source": {"type": "text", "media_type": "text/plain", "data": "\ud800"},
                        }
                    ],
                }
            ]
        },
    ),
    (
        "messages[0].content[0].content[0].type",
        {
            "messages": [
                {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "a", "content": [{}]}]}
            ]
        },
    ),
    ("system[0]", {"system": [3]}),
    ("tools[0].name", {"tools": [{"input_schema": {}}]}),
    ("tools[0].input_schema", {"tools": [{"name": "f"}]}),
    ("tool_choice", {"tool_choice": "auto"}),
    ("tool_choice.type", {"tool_choice": {"type": "function"}}),
    ("tool_choice.name", {"tool_choice": {"type": "tool"}}),
    ("output_config.format.type", {"output_config": {"format": {"type": "regex"}}}),
    ("output_config.format.schema", {"output_config": {"format": {"type": "json_schema"}}}),
    ("output_config.effort", {"output_config": {"effort": 3}}),
    ("stop_sequences[0]", {"stop_sequences": [1]}),
    ("temperature", {"temperature": "hot"}),
    ("stream", {"stream": "yes"}),
]


@pytest.mark.parametrize(("field", "more"), BAD_BODIES)
def test_a_bad_body_is_refused_by_the_name_of_its_field(field: str, more: Json) -> None:
    with pytest.raises(InvalidInput) as wrong:
        DIALECT.decode_request({**FULL, **more})
    assert f" {field} " in wrong.value.message


@given(
    st.dictionaries(
        st.sampled_from([*FULL, "system", "tools", "tool_choice", "output_config"]), draw.json_values()
    )
)
def test_no_body_is_worse_than_refused(more: Json) -> None:
    with suppress(InvalidInput):
        DIALECT.decode_request({**FULL, **more})
