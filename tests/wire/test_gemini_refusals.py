"""Gemini, what goes wrong: bodies that make no sense, and errors of providers and for clients."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import msgspec
import pytest
from google.genai import errors
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import MalformedAnswer
from remit.domain.errors import InvalidInput
from remit.wire.dialect import WireError
from remit.wire.gemini import DIALECT
from tests.wire import strategies as draw
from tests.wire.gemini_forms import client_that_hears

Json = Any

# --- bodies that make no sense -------------------------------------------------------------------------------

ONE = {"role": "user", "parts": [{"text": "q"}]}


def of_part(part: Json) -> Json:
    return {"contents": [{"parts": [part]}]}


def of_function(declaration: Json) -> Json:
    return {"tools": [{"functionDeclarations": [declaration]}]}


JSON_SCHEMA = {"responseMimeType": "application/json", "responseJsonSchema": "{}"}
BAD_BODIES: list[tuple[str, Json]] = [
    ("contents", {"contents": None}),
    ("contents", {"contents": {}}),
    ("contents[0]", {"contents": [3]}),
    ("contents[0].role", {"contents": [{"role": "assistant"}]}),
    ("contents[0].parts", {"contents": [{"parts": "text"}]}),
    ("contents[0].parts[0]", of_part("text")),
    ("contents[0].parts[0].text", of_part({"text": 3})),
    ("contents[0].parts[0].inlineData.data", of_part({"inlineData": {"mimeType": "a/b"}})),
    ("contents[0].parts[0].fileData.fileUri", of_part({"fileData": {}})),
    ("contents[0].parts[0].functionCall.name", of_part({"functionCall": {}})),
    ("contents[0].parts[0].functionCall.args", of_part({"functionCall": {"name": "f", "args": []}})),
    ("contents[0].parts[0].functionResponse.name", of_part({"functionResponse": {}})),
    ("systemInstruction", {"systemInstruction": "text"}),
    ("tools[0].functionDeclarations[0].name", of_function({})),
    ("tools[0].functionDeclarations[0].parameters", of_function({"name": "f", "parameters": 3})),
    ("toolConfig.functionCallingConfig.mode", {"toolConfig": {"functionCallingConfig": {"mode": "SOME"}}}),
    ("generationConfig.temperature", {"generationConfig": {"temperature": "hot"}}),
    ("generationConfig.stopSequences[0]", {"generationConfig": {"stopSequences": [3]}}),
    ("generationConfig.responseJsonSchema", {"generationConfig": JSON_SCHEMA}),
]


@pytest.mark.parametrize(("field", "more"), BAD_BODIES)
def test_a_bad_body_is_refused_by_the_name_of_its_field(field: str, more: Json) -> None:
    with pytest.raises(InvalidInput) as wrong:
        DIALECT.decode_request({"contents": [ONE], **more})
    assert f" {field} " in wrong.value.message


def test_a_schema_without_a_bottom_is_refused() -> None:
    schema: Json = {"type": "STRING"}
    for _ in range(100):
        schema = {"type": "ARRAY", "items": schema}
    body: Json = {
        "contents": [ONE],
        "tools": [{"functionDeclarations": [{"name": "f", "parameters": schema}]}],
    }
    with pytest.raises(InvalidInput, match="levels deep"):
        DIALECT.decode_request(body)


@given(draw.json_objects())
def test_no_body_is_worse_than_refused(more: Json) -> None:
    for key in ("systemInstruction", "tools", "toolConfig", "generationConfig"):
        for value in more.values():
            with suppress(InvalidInput):
                DIALECT.decode_request({"contents": [ONE], key: value})
            with suppress(InvalidInput):
                DIALECT.decode_request({"contents": [{"parts": [{key: value}, {"functionResponse": value}]}]})


NO_ANSWERS: list[Json] = [
    {},
    {"candidates": []},
    {"candidates": {}},
    {"candidates": ["text"]},
    {"error": {"code": 400}},
    {"promptFeedback": {}},
    {"candidates": [{"content": []}]},
    {"candidates": [{"content": {"parts": [{"functionCall": {"args": {}}}]}}]},
    {"candidates": [{"content": {"parts": [{"inlineData": {"mimeType": "image/png"}}]}}]},
    {"candidates": [{"finishReason": 3}]},
    {"candidates": [{}], "usageMetadata": {"promptTokenCount": "many"}},
    {"candidates": [{}], "usageMetadata": {"promptTokensDetails": [3]}},
]


@pytest.mark.parametrize("body", NO_ANSWERS)
def test_what_is_no_answer_is_named(body: Json) -> None:
    with pytest.raises(MalformedAnswer):
        DIALECT.decode_response(body)


# --- errors --------------------------------------------------------------------------------------------------

KINDS = {
    "invalid_request": (400, "INVALID_ARGUMENT"),
    "authentication": (401, "UNAUTHENTICATED"),
    "quota": (402, "FAILED_PRECONDITION"),
    "permission": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "too_large": (413, "INVALID_ARGUMENT"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "content_filter": (400, "INVALID_ARGUMENT"),
    "server": (500, "INTERNAL"),
    "overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_an_error_is_what_the_official_client_makes_of_it(kind: str) -> None:
    told = WireError(0, kind, "in these words", "A_CODE", "contents", retry_after=2.5)
    status, headers, body = DIALECT.encode_error(told)
    assert (status, body["error"]["status"]) == KINDS[kind]
    assert headers == {"retry-after": "3"}
    with client_that_hears(body, status) as (client, seen), pytest.raises(errors.APIError) as wrong:
        client.models.generate_content(model="m", contents="q")
    assert isinstance(wrong.value, errors.ServerError if status >= 500 else errors.ClientError)
    assert (wrong.value.code, wrong.value.status, wrong.value.message) == (*KINDS[kind], "in these words")
    assert len(seen) == 1
    back = DIALECT.decode_error(status, {}, msgspec.json.encode(body))
    same = {"content_filter": "invalid_request", "too_large": "invalid_request", "quota": "invalid_request"}
    assert back == WireError(status, same.get(kind, kind), told.message, "A_CODE", "contents", 2.5)


def said(status: str, message: str = "m", *details: Json) -> Json:
    return {"error": {"code": 1, "status": status, "message": message, "details": list(details)}}


def detail(kind: str, **fields: Json) -> Json:
    return {"@type": f"type.googleapis.com/google.rpc.{kind}", **fields}


DAILY = detail("QuotaFailure", violations=[{"quotaId": "GenerateRequestsPerDayPerProject"}, 3])
MINUTE = detail("QuotaFailure", violations=[{"quotaId": "GenerateRequestsPerMinute"}])
REFUSALS: list[tuple[int, Json, str]] = [
    (400, said("INVALID_ARGUMENT"), "invalid_request"),
    (400, said("INVALID_ARGUMENT", "The input token count (9) exceeds the maximum number of tokens allowed (8)."),
     "context_length"),
    (400, said("INVALID_ARGUMENT", "API key not valid.", detail("ErrorInfo", reason="API_KEY_INVALID")),
     "authentication"),
    (403, said("PERMISSION_DENIED", "m", detail("ErrorInfo", reason="BILLING_DISABLED")), "quota"),
    (429, said("RESOURCE_EXHAUSTED", "m", MINUTE), "rate_limit"),
    (429, said("RESOURCE_EXHAUSTED", "m", DAILY), "quota"),
    (429, said("RESOURCE_EXHAUSTED", "Your prepayment credits are depleted."), "quota"),
    (429, [said("RESOURCE_EXHAUSTED")], "rate_limit"),
    (503, said("UNAVAILABLE", "The model is overloaded."), "overloaded"),
    (500, said("UNHEARD_OF"), "server"),
    (404, {"error": "no such model"}, "not_found"),
    (400, {"error": {"details": 3, "message": [], "status": {}}}, "invalid_request"),
    (502, [], "server"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind"), REFUSALS)
def test_what_a_provider_says_is_understood(status: int, body: Json, kind: str) -> None:
    error = DIALECT.decode_error(status, {}, msgspec.json.encode(body))
    assert (error.status, error.kind) == (status, kind)
    assert error.message


@pytest.mark.parametrize(
    ("delay", "headers", "seconds"),
    [("34.5s", {}, 34.5), ("-1s", {}, 0.0), ("soon", {}, None), (3, {}, None), ("nans", {}, None),
     ("9s", {"Retry-After": "2"}, 2.0)],
)  # fmt: skip
def test_how_long_to_wait(delay: Json, headers: dict[str, str], seconds: float | None) -> None:
    body = said("RESOURCE_EXHAUSTED", "m", detail("RetryInfo", retryDelay=delay))
    assert DIALECT.decode_error(429, headers, msgspec.json.encode(body)).retry_after == seconds


@given(st.integers(400, 599), st.binary(max_size=80))
def test_any_bytes_are_some_error(status: int, body: bytes) -> None:
    error = DIALECT.decode_error(status, {}, body)
    assert error.message
    assert error.kind
