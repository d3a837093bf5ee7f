"""One suite for every kind of provider, against a real server that speaks its wire format, well or badly."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import msgspec
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
from remit.models.provider import Deadlines, ModelCall, Provider, trouble_of
from remit.wire.assembly import assemble
from remit.wire.messages import (
    Failed,
    Finished,
    Message,
    ModelRequest,
    ModelResponse,
    StreamEvent,
    Text,
    TextDelta,
)
from tests.models.upstream import Answer, Upstream, hung_up, silence, split, streamed, upstream, whole
from tests.models.wires import QUICK, WIRES, Wire, aws_exception, sse

REQUEST = ModelRequest("m", (Message("user", (Text("say it"),)),), max_tokens=64)
WORDS = ("Grüße", " aus", " 東京", " 🎉", "!")
SAID = "".join(WORDS)
SOON = 0.1

pytestmark = pytest.mark.parametrize("wire", WIRES.values(), ids=WIRES.keys())


@asynccontextmanager
async def provider(wire: Wire, *answers: Answer, **more: Any) -> AsyncGenerator[tuple[Upstream, Provider]]:
    async with upstream(*answers) as server:
        made = open_provider(wire.described(server.url, **more))
        try:
            yield server, made
        finally:
            await made.close()


def call(wire: Wire, **limits: float) -> ModelCall:
    deadlines = (
        Deadlines(**{"connect": 2, "first_byte": 5, "idle": 5, "total": 10, **limits}) if limits else QUICK
    )
    return ModelCall(REQUEST, wire.credential, deadlines)


async def heard(made: Provider, made_call: ModelCall) -> list[StreamEvent]:
    return [event async for event in made.stream(made_call)]


def words_of(events: list[StreamEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def heard_of(made: Provider, made_call: ModelCall) -> tuple[list[StreamEvent], ModelFailed | None]:
    events: list[StreamEvent] = []
    try:
        async for event in made.stream(made_call):
            events.append(event)  # noqa: PERF401 - what came before a failure counts
    except ModelFailed as wrong:
        return events, wrong
    return events, None


async def once(made: Provider, made_call: ModelCall) -> ModelResponse:
    return await made.complete(made_call)


WAYS: tuple[Callable[[Provider, ModelCall], Awaitable[object]], ...] = (once, heard)


# --- it goes well ----------------------------------------------------------------------------------------------


async def test_a_whole_answer(wire: Wire) -> None:
    async with provider(wire, whole(wire.whole(SAID))) as (server, made):
        response = await made.complete(call(wire))
    assert response.message.text == SAID
    assert response.finish == "stop"
    assert response.usage is not None
    assert (response.usage.prompt, response.usage.completion) == (7, 3)
    seen = server.seen[0]
    assert (seen.path, seen.query) == (wire.path, wire.query)
    assert seen.headers[wire.opens[0]] == wire.opens[1]


@pytest.mark.parametrize("size", [1, 2, 7, 64, 1 << 20])
async def test_a_stream_however_it_is_cut_into_packets(wire: Wire, size: int) -> None:
    data = wire.stream(WORDS)
    if size == 1:
        data = wire.stream(WORDS[2:4])  # every cut inside of every character, without a thousand packets
    async with provider(wire, streamed(split(data, size), kind=wire.media_type)) as (server, made):
        events = await heard(made, call(wire))
    said = "".join(WORDS[2:4]) if size == 1 else SAID
    assert isinstance(events[-1], Finished)
    response = assemble(events)
    assert (words_of(events), response.message.text, response.finish) == (said, said, "stop")
    assert response.usage is not None
    assert (response.usage.prompt, response.usage.completion) == (7, 3)
    seen = server.seen[0]
    assert (seen.path, seen.query) == (wire.streaming_path or wire.path, wire.streaming_query)
    assert seen.headers[wire.opens[0]] == wire.opens[1]


async def test_a_stream_and_a_whole_answer_assemble_to_the_same(wire: Wire) -> None:
    replies = whole(wire.whole(SAID)), streamed([wire.stream(WORDS)], kind=wire.media_type)
    async with provider(wire, *replies) as (_, made):
        response = await made.complete(call(wire))
        events = await heard(made, call(wire))
    assert assemble(events).message.parts == response.message.parts


async def test_the_connection_is_used_again_after_a_stream(wire: Wire) -> None:
    ports: set[int] = set()

    async def answer(server: Upstream, request: Any) -> Any:
        ports.add(request.transport.get_extra_info("peername")[1])
        return await streamed([wire.stream(WORDS)], kind=wire.media_type)(server, request)

    async with provider(wire, answer) as (_, made):
        for _ in range(3):
            await heard(made, call(wire))
    assert len(ports) == 1


async def test_what_models_toml_says_is_sent_and_what_it_drops_is_not(wire: Wire) -> None:
    more: dict[str, Any] = {"headers": {"X-Team": "desk"}, "drop": ("temperature", "generationConfig")}
    hot = replace(call(wire), request=msgspec.structs.replace(REQUEST, temperature=0.5))
    async with provider(wire, whole(wire.whole("ok")), **more) as (server, made):
        await made.complete(
            replace(hot, headers={"Authorization": "Bearer stolen", "Host": "elsewhere", "X-Trace": "t"})
        )
    seen = server.seen[0]
    assert (seen.headers["X-Team"], seen.headers["X-Trace"]) == ("desk", "t")
    assert "0.5" not in seen.raw.decode()
    assert seen.headers["Host"] in server.url
    assert "stolen" not in str(seen.headers)


async def test_many_calls_at_once_do_not_mix(wire: Wire) -> None:
    async def echo(server: Upstream, request: Any) -> Any:
        asked = (await request.read()).decode()
        number = next(word for word in asked.replace('"', " ").split() if word.startswith("n-"))
        return await whole(wire.whole(number))(server, request)

    def numbered(number: int) -> ModelCall:
        message = Message("user", (Text(f"n-{number}"),))
        return replace(call(wire), request=msgspec.structs.replace(REQUEST, messages=(message,)))

    async with provider(wire, echo) as (_, made):
        answers = await asyncio.gather(*(made.complete(numbered(number)) for number in range(30)))
    assert [answer.message.text for answer in answers] == [f"n-{number}" for number in range(30)]


# --- it goes badly ---------------------------------------------------------------------------------------------


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
