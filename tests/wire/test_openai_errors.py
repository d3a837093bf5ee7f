"""Errors in OpenAI's words: the official client raises what it should and tries again only where that helps; and any
body at all, a proxy's page of HTML too, becomes an error that says something.
"""

from __future__ import annotations

from typing import Any

import msgspec
import openai
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.wire import openai_chat, openai_responses
from remit.wire.dialect import WireError
from tests.wire.clients import openai_that_hears
from tests.wire.strategies import texts

Json = Any

DIALECT = openai_chat.DIALECT
KINDS = {
    "invalid_request": (400, openai.BadRequestError),
    "authentication": (401, openai.AuthenticationError),
    "permission": (403, openai.PermissionDeniedError),
    "not_found": (404, openai.NotFoundError),
    "too_large": (413, openai.APIStatusError),
    "rate_limit": (429, openai.RateLimitError),
    "quota": (429, openai.RateLimitError),
    "context_length": (400, openai.BadRequestError),
    "content_filter": (400, openai.BadRequestError),
    "overloaded": (503, openai.InternalServerError),
    "timeout": (504, openai.InternalServerError),
    "server": (500, openai.InternalServerError),
}


def there_and_back(error: WireError) -> WireError:
    status, headers, body = DIALECT.encode_error(error)
    return DIALECT.decode_error(status, headers, msgspec.json.encode(body))


@given(st.sampled_from(list(KINDS)), texts(1, 60), texts(0, 8), st.sampled_from([None, 0.25, 7, 120.5]),
       st.sampled_from([None, True, False]))  # fmt: skip
def test_an_error_comes_back_the_same(
    kind: str, message: str, param: str, after: float | None, retryable: bool | None
) -> None:
    error = WireError(
        KINDS[kind][0], kind, message, "", param, after, False if kind == "quota" else retryable
    )
    found = there_and_back(error)
    assert (found.status, found.message, found.param) == (error.status, error.message, error.param)
    assert (found.retry_after, found.retryable) == (error.retry_after, error.retryable)
    too_long = found.kind == "context_length"  # a message may say so where the kind does not
    assert found.kind == kind or (too_long and kind in ("invalid_request", "too_large"))


@pytest.mark.parametrize("kind", KINDS)
async def test_the_official_client_raises_its_own_error(kind: str) -> None:
    status, headers, body = DIALECT.encode_error(WireError(0, kind, "because", retryable=False))
    seen: list[Any] = []
    async with openai_that_hears(body, status, headers, seen) as client:
        with pytest.raises(KINDS[kind][1], match="because") as caught:
            await client.chat.completions.create(model="m", messages=[])
    assert (status, len(seen)) == (KINDS[kind][0], 1)
    assert isinstance(caught.value, openai.APIStatusError)
    assert caught.value.status_code == status


async def test_an_empty_budget_is_never_tried_again() -> None:
    error = WireError(402, "quota", "the budget is spent", code="anything", retryable=True)
    status, headers, body = DIALECT.encode_error(error)
    assert (status, headers["x-should-retry"]) == (429, "false")
    seen: list[Any] = []
    async with openai_that_hears(body, status, headers, seen) as client:
        with pytest.raises(openai.RateLimitError) as caught:
            await client.responses.create(model="m", input="q")
    assert (caught.value.code, caught.value.type, len(seen)) == (
        "insufficient_quota",
        "insufficient_quota",
        1,
    )


async def test_what_helps_to_try_again_is_tried_again() -> None:
    status, headers, body = DIALECT.encode_error(
        WireError(503, "overloaded", "busy", retry_after=0.001, retryable=True)
    )
    seen: list[Any] = []
    async with openai_that_hears(body, status, headers, seen) as client:
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="m", messages=[])
    assert len(seen) == 3


BODIES: list[tuple[int, bytes, str, str]] = [
    (
        400,
        b'{"error":{"message":"This model\'s maximum context length is 8192 tokens."}}',
        "context_length",
        "maximum",
    ),
    (400, b'{"error":{"message":"m","code":"context_length_exceeded"}}', "context_length", "m"),
    (400, b'{"error":{"message":"m","code":"content_filter"}}', "content_filter", "m"),
    (
        401,
        b'{"error":{"message":"m","type":"invalid_request_error","code":"invalid_api_key"}}',
        "authentication",
        "m",
    ),
    (402, b'{"error":{"message":"m"}}', "quota", "m"),
    (
        404,
        b'{"error":{"message":"m","type":"invalid_request_error","code":"model_not_found"}}',
        "not_found",
        "m",
    ),
    (408, b"", "timeout", "status 408"),
    (
        413,
        b"<html><head><title>413 Request Entity Too Large</title></head></html>",
        "too_large",
        "413 Request Entity",
    ),
    (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', "invalid_request", "field required"),
    (429, b'{"error":{"message":"m","type":"insufficient_quota"}}', "quota", "m"),
    (429, b'{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}', "rate_limit", "m"),
    (429, b'[{"error":{"code":429,"message":"m","status":"RESOURCE_EXHAUSTED"}}]', "rate_limit", "m"),
    (400, b'{"object":"error","message":"m","type":"BadRequestError","code":400}', "invalid_request", "m"),
    (500, b'{"error":"boom"}', "server", "boom"),
    (500, b'{"error":{"message":null}}', "server", "status 500"),
    (
        502,
        b"<html><body><h1>Bad &amp; Gateway</h1>\n<p>nginx</p></body></html>",
        "server",
        "Bad & Gateway nginx",
    ),
    (503, b'{"error":{"message":"m","type":"server_error"}}', "overloaded", "m"),
    (504, b"upstream request timeout", "timeout", "upstream request timeout"),
    (520, b"\xff\xfe\x00", "server", ""),
    (529, b'{"error":{"type":"overloaded_error","message":"m"}}', "overloaded", "m"),
    (500, b"[" * 100_000, "server", "["),
    (500, b"x" * 5_000_000, "server", "x"),
]


@pytest.mark.parametrize(("status", "body", "kind", "words"), BODIES)
def test_every_body_becomes_an_error(status: int, body: bytes, kind: str, words: str) -> None:
    for dialect in (openai_chat.DIALECT, openai_responses.DIALECT):
        error = dialect.decode_error(status, {}, body)
        assert (error.status, error.kind) == (status, kind)
        assert words in error.message
        assert 0 < len(error.message) <= 2000


@given(st.integers(100, 700), st.binary(max_size=200), st.dictionaries(texts(0), texts(0), max_size=3))
def test_no_body_breaks_the_decoder(status: int, body: bytes, headers: dict[str, str]) -> None:
    assert DIALECT.decode_error(status, headers, body).message


def bodies() -> st.SearchStrategy[Json]:
    plain = st.none() | st.integers() | texts(0) | st.lists(st.integers())
    error = st.dictionaries(st.sampled_from(["message", "code", "type", "param"]), plain)
    return st.dictionaries(st.sampled_from(["error", "message", "detail", "code"]), plain | error)


@given(bodies())
def test_no_json_breaks_the_decoder(body: Json) -> None:
    assert DIALECT.decode_error(400, {}, msgspec.json.encode(body)).message


@pytest.mark.parametrize(
    ("headers", "after", "retryable"),
    [
        ({"Retry-After": "7"}, 7.0, None),
        ({"retry-after": "7", "Retry-After-Ms": "250"}, 0.25, None),
        (
            {"Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT", "Date": "Fri, 20 Nov 2026 12:00:00 GMT"},
            30.0,
            None,
        ),
        (
            {"Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT", "Date": "Fri, 20 Nov 2026 12:01:00 GMT"},
            0.0,
            None,
        ),
        ({"Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT"}, None, None),
        ({"Retry-After": "soon"}, None, None),
        ({"Retry-After": "nan"}, None, None),
        ({"Retry-After": "-3"}, 0.0, None),
        ({"X-Should-Retry": "true"}, None, True),
        ({"x-should-retry": "FALSE"}, None, False),
        ({"x-should-retry": "perhaps"}, None, None),
    ],
)
def test_what_headers_say_about_trying_again(
    headers: dict[str, str], after: float | None, retryable: bool | None
) -> None:
    error = DIALECT.decode_error(429, headers, b"")
    assert (error.retry_after, error.retryable) == (after, retryable)
