"""One suite for every kind of provider, against a real server that speaks its wire format badly, or not at all."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import (
    ContextTooLong,
    MalformedAnswer,
    ModelFailed,
    ProviderBusy,
    ProviderDown,
    ProviderRefused,
)
from remit.models.opening import open_provider
from remit.models.provider import trouble_of
from remit.wire.messages import Failed, Finished
from tests.models.asking import SAID, SOON, WAYS, WORDS, call, every_wire, heard, heard_of, provider, words_of
from tests.models.upstream import hung_up, silence, streamed, upstream, whole
from tests.models.wires import Wire, aws_exception, sse

pytestmark = every_wire


@pytest.mark.parametrize(
    ("status", "kind", "headers", "error", "again", "billed", "after"),
    [
        (401, "authentication_error", {}, ProviderRefused, False, False, None),
        (403, "permission_error", {}, ProviderRefused, False, False, None),
        (404, "not_found_error", {}, ProviderRefused, False, False, None),
        (400, "invalid_request_error", {}, ProviderRefused, False, False, None),
        (413, "request_too_large", {}, ProviderRefused, False, False, None),
        (429, "rate_limit_error", {"retry-after": "7"}, ProviderBusy, True, False, 7.0),
        (
            429, "rate_limit_error",
            {"retry-after": "Fri, 20 Nov 2026 10:00:30 GMT", "date": "Fri, 20 Nov 2026 10:00:00 GMT"},
            ProviderBusy, True, False, 30.0,
        ),
        (429, "rate_limit_error", {"x-should-retry": "false"}, ProviderBusy, False, False, None),
        (529, "overloaded_error", {}, ProviderBusy, True, False, None),
        (503, "overloaded_error", {}, ProviderBusy, True, False, None),
        (500, "api_error", {}, ProviderDown, True, True, None),
        (504, "timeout_error", {}, ProviderDown, True, True, None),
    ],
)  # fmt: skip
async def test_a_refusal_says_what_can_be_done(
    wire: Wire, status: int, kind: str, headers: dict[str, str], error: type[ModelFailed], again: bool,
    billed: bool, after: float | None,
) -> None:  # fmt: skip
    said = wire.error(kind, "this cannot be")
    async with provider(wire, whole(said, status, headers)) as (_, made):
        for asked in WAYS:
            with pytest.raises(error) as caught:
                await asked(made, call(wire))
            trouble = trouble_of(caught.value)
            assert (trouble.status, trouble.retryable, trouble.sent) == (status, again, billed)
            if "date" not in headers or after is None or trouble.retry_after is None:
                assert trouble.retry_after == after
            else:
                assert trouble.retry_after == pytest.approx(after, abs=30)  # the server may set its own date
            assert "provider up" in caught.value.message
            assert caught.value.message.endswith(".")


async def test_a_conversation_that_is_too_long_is_told_apart(wire: Wire) -> None:
    said = {
        "openai_error": wire.error("invalid_request_error", "maximum context length is 8", "context_length_exceeded"),
        "anthropic_error": wire.error("invalid_request_error", "prompt is too long: 300000 tokens > 200000 maximum"),
        "google_error": wire.error(
            "INVALID_ARGUMENT",
            "The input token count (300000) exceeds the maximum number of tokens allowed (200000).",
        ),
        "bedrock_error": wire.error("", "Input is too long for requested model."),
    }[wire.error.__name__]  # fmt: skip
    headers = {"x-amzn-errortype": "ValidationException:http://internal.amazon.com/x/"}
    async with provider(wire, whole(said, 400, headers)) as (_, made):
        with pytest.raises(ContextTooLong):
            await made.complete(call(wire))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "application/json"),
        (b"   \n", "application/json"),
        (b"<html><body>Welcome to the portal</body></html>", "text/html"),
        (b'{"choices": [', "application/json"),
        (b"[]", "application/json"),
        (b"null", "application/json"),
        (b"{}", "application/json"),
        (b'{"choices": [], "content": null, "candidates": 7, "output": "x"}', "application/json"),
        (b"[" * 100_000, "application/json"),
        (b"\xff\xfe\x00{", "application/json"),
        (b'{"a": NaN}', "application/json"),
    ],
    ids=["empty", "blank", "page", "broken", "list", "null", "object", "nonsense", "deep", "binary", "nan"],
)
async def test_what_is_no_answer_is_said_to_be_none(wire: Wire, body: bytes, kind: str) -> None:
    replies = whole(body, 200, {"content-type": kind}), streamed([body], kind=kind)
    async with provider(wire, *replies) as (_, made):
        with pytest.raises(MalformedAnswer) as caught:
            await made.complete(call(wire))
        assert "provider up" in caught.value.message
        with pytest.raises(MalformedAnswer):
            await heard(made, call(wire))
        assert trouble_of(caught.value).sent


async def test_a_stream_of_rubbish_is_a_failure_and_not_an_answer(wire: Wire) -> None:
    for rubbish in (b"\x00" * 5000, b"data: {\n\n" * 10, b"hello\n\n", b"data: [DONE]\n\n"):
        async with provider(wire, streamed([rubbish], kind=wire.media_type)) as (_, made):
            with pytest.raises(ModelFailed):
                await heard(made, call(wire))


async def test_an_answer_that_never_ends_is_given_up(wire: Wire) -> None:
    size = 200_000
    replies = whole(b'{"a": "' + b"x" * size), streamed([b"data: " + b"x" * size], "silence", wire.media_type)
    async with provider(wire, *replies, largest_answer=size // 2) as (_, made):
        with pytest.raises(MalformedAnswer):
            await made.complete(call(wire))
        with pytest.raises(MalformedAnswer):
            await heard(made, call(wire))


async def test_a_stream_that_is_cut_says_so_and_is_never_taken_for_an_answer(wire: Wire) -> None:
    data = wire.stream(WORDS)
    for then in ("cut", "end"):
        for part in (3, len(data) // 2, len(data) * 3 // 4):
            async with provider(wire, streamed([data[:part]], then, wire.media_type)) as (_, made):
                events, failure = await heard_of(made, call(wire))
                assert not any(isinstance(event, Finished) for event in events)
                assert SAID.startswith(words_of(events))
                if failure is None:
                    assert isinstance(events[-1], Failed)
                    assert events[-1].kind in {"cut", "malformed"}
                else:
                    assert trouble_of(failure).retryable
                    assert trouble_of(failure).sent


@pytest.mark.parametrize("limits", [{"first_byte": SOON}, {"total": SOON}], ids=["first byte", "total"])
async def test_a_provider_that_says_nothing(wire: Wire, limits: dict[str, float]) -> None:
    for reply in (silence(), streamed([], "silence", wire.media_type)):
        async with provider(wire, reply) as (_, made):
            with pytest.raises(ProviderDown, match="provider up") as caught:
                await heard(made, call(wire, **limits))
            trouble = trouble_of(caught.value)
            assert (trouble.kind, trouble.retryable, trouble.sent) == ("timeout", True, True)


async def test_a_provider_that_falls_silent(wire: Wire) -> None:
    data = wire.stream(WORDS)
    async with provider(wire, streamed([data[: len(data) * 3 // 4]], "silence", wire.media_type)) as (
        _,
        made,
    ):
        events = await heard(made, call(wire, idle=SOON))
    assert isinstance(events[-1], Failed)
    assert events[-1].kind == "timeout"


async def test_a_provider_that_hangs_up(wire: Wire) -> None:
    async with provider(wire, hung_up()) as (_, made):
        for asked in WAYS:
            with pytest.raises(ProviderDown) as caught:
                await asked(made, call(wire))
            assert trouble_of(caught.value).sent


async def test_a_provider_that_is_not_there(wire: Wire) -> None:
    async with upstream(silence()) as server:
        gone = server.url
    made = open_provider(wire.described(gone))
    with pytest.raises(ProviderDown, match="did not answer") as caught:
        await made.complete(call(wire))
    assert not trouble_of(caught.value).sent
    await made.close()


async def test_a_redirect_does_not_carry_the_key_away(wire: Wire) -> None:
    async with upstream(whole({})) as thief:
        async with provider(wire, whole({}, 308, {"location": thief.url})) as (_, made):
            with pytest.raises(ProviderRefused, match="redirect"):
                await made.complete(call(wire))
            with pytest.raises(ProviderRefused, match="redirect"):
                await heard(made, call(wire))
        assert thief.seen == []


async def test_leaving_a_stream_hangs_up_at_once(wire: Wire) -> None:
    data = wire.stream(WORDS)
    async with provider(wire, streamed([data[: len(data) * 3 // 4]], "silence", wire.media_type)) as (
        server,
        made,
    ):
        events: Any = made.stream(call(wire))
        await anext(events)
        await events.aclose()
        async with asyncio.timeout(5):
            await server.hung_up.wait()


async def test_an_error_in_the_middle_of_a_stream_is_told_in_its_own_words(wire: Wire) -> None:
    data = wire.stream(WORDS)
    broken = {
        "application/vnd.amazon.eventstream": aws_exception(
            "serviceUnavailableException", "Bedrock is overloaded"
        ),
    }.get(wire.media_type) or _said_in_stream(wire)
    place = data.rfind(b"\n\n", 0, len(data) * 3 // 4) + 2
    if wire.media_type != "text/event-stream":
        place = _whole_messages(data, len(data) // 2)
    async with provider(wire, streamed([data[:place] + broken], "silence", wire.media_type)) as (_, made):
        events = await heard(made, call(wire))
    assert isinstance(events[-1], Failed)
    assert "overloaded" in events[-1].message.lower() + events[-1].kind


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers(-5, 5) | st.floats(allow_nan=False) | st.text(max_size=5),
        lambda inner: st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["choices", "message", "content", "candidates", "parts", "text", "type", "output", "usage", "role",
                 "tool_calls", "function", "arguments", "index", "stop_reason", "finish_reason", "model", "id"]
            ),
            inner, max_size=4,
        ),
        max_leaves=12,
    )
)  # fmt: skip
def test_no_json_brings_it_down(wire: Wire, body: Any) -> None:
    async def ask() -> None:
        async with provider(wire, whole(body)) as (_, made):
            try:
                await made.complete(call(wire))
            except ModelFailed as wrong:
                assert "provider up" in wrong.message  # noqa: PT017 - an answer is as good as a failure here

    asyncio.run(ask())


def _said_in_stream(wire: Wire) -> bytes:
    match wire.error.__name__:
        case "anthropic_error":
            return sse(wire.error("overloaded_error", "Overloaded"), named=True)
        case "google_error":
            return sse(
                {"error": {"code": 503, "message": "The model is overloaded.", "status": "UNAVAILABLE"}}
            )
        case _ if "responses" in wire.spec.get("dialect", ""):
            return sse(
                {
                    "type": "error",
                    "code": "server_error",
                    "message": "overloaded",
                    "param": None,
                    "sequence_number": 9,
                },
                named=True,
            )
        case _:
            return sse({"error": {"message": "overloaded", "type": "server_error", "code": None}})


def _whole_messages(data: bytes, most: int) -> int:
    at = 0
    while at + int.from_bytes(data[at : at + 4], "big") <= most:
        at += int.from_bytes(data[at : at + 4], "big")
    return at
