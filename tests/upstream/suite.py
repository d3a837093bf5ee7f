"""Every kind of provider against a mock of all their APIs that nobody here wrote, chaos included. What reached it is
read from its own journal. It needs Node, so `make test-upstream` runs it, not `make test`.
"""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest

from remit.domain.action_errors import (
    MalformedAnswer,
    ModelFailed,
    ProviderBusy,
    ProviderDown,
    ProviderRefused,
    StreamCut,
)
from remit.domain.clock import SystemClock
from remit.domain.effects import Backoff
from remit.models.attempt import Reset
from remit.models.calling import Calls
from remit.models.opening import open_provider
from remit.models.plan import Answered, CallPlan, Candidate
from remit.models.provider import Credential, Deadlines, ModelCall, Provider, trouble_of
from remit.models.specs import ProviderSpec
from remit.wire.assembly import Assembly, assemble
from remit.wire.messages import (
    Failed,
    Finished,
    Message,
    ModelRequest,
    StreamEvent,
    Text,
    ToolCall,
    ToolResult,
    ToolSpec,
)

HELLO = "Grüße aus 東京 🎉, and good day to you all."
WEATHER = ToolSpec(
    "get_weather",
    "The weather of a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city", "days"],
        "additionalProperties": False,
    },
)
AWS = Credential(
    fields={"access_key_id": "AKIDEXAMPLE", "secret_access_key": "not-a-real-secret"}, kind="aws"
)
KEY = Credential("sk-not-a-real-key")
BEARER = Credential("ya29.not-a-real-token", "bearer")
KINDS: dict[str, tuple[dict[str, Any], str, Credential]] = {
    "openai": ({"kind": "openai"}, "/v1", KEY),
    "openai-responses": ({"kind": "openai", "dialect": "openai_responses"}, "/v1", KEY),
    "anthropic": ({"kind": "anthropic"}, "", KEY),
    "anthropic-2026": ({"kind": "anthropic", "api_version": "2026-10-21"}, "", KEY),
    "gemini": ({"kind": "gemini"}, "/v1beta", KEY),
    "azure": ({"kind": "azure", "api_version": "2024-10-21"}, "", KEY),
    "bedrock": ({"kind": "bedrock", "region": "eu-central-1"}, "", AWS),
    "vertex": ({"kind": "vertex", "region": "europe-west4", "project": "p"}, "/v1", BEARER),
}
MODELS = {
    "openai": "gpt-6-luna", "openai-responses": "gpt-6-luna", "azure": "gpt-6-luna", "gemini": "gemini-4-argon",
    "vertex": "gemini-4-argon", "anthropic": "claude-opus-5-5", "anthropic-2026": "claude-opus-5-5",
    "bedrock": "anthropic.claude-opus-5-5-v1:0",
}  # fmt: skip

every_kind = pytest.mark.parametrize("kind", KINDS)


@dataclass
class Upstream:
    """One provider of the mock, in a corner of the mock that no other test sees."""

    url: str
    provider: Provider
    kind: str
    corner: str

    def call(self, text: str, *, stream: bool = False, tools: bool = False, **limits: float) -> ModelCall:
        said = Message("user", (Text(text),))
        return self.of((said,), stream=stream, tools=tools, **limits)

    def of(self, messages: tuple[Message, ...], *, stream: bool, tools: bool, **limits: float) -> ModelCall:
        request = ModelRequest(
            MODELS[self.kind], messages, (WEATHER,) if tools else (), max_tokens=256, stream=stream
        )
        return ModelCall(request, KINDS[self.kind][2], Deadlines(**limits))

    def chaos(self, **rates: float) -> None:
        self._ask("POST", "/__aimock/chaos", rates)

    def journal(self) -> list[dict[str, Any]]:
        return self._ask("GET", f"/__aimock/journal?testId={self.corner}")

    def _ask(self, method: str, path: str, body: object = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Test-Id": self.corner, "Content-Type": "application/json"}
        with urlopen(Request(self.url + path, data, headers, method=method)) as reply:  # noqa: S310 - loopback
            return json.load(reply)


@asynccontextmanager
async def upstream(mock: str, kind: str) -> AsyncGenerator[Upstream]:
    spec, path, _ = KINDS[kind]
    corner = uuid4().hex
    provider = open_provider(
        ProviderSpec(name=kind, base_url=mock + path, headers={"X-Test-Id": corner}, **spec)
    )
    try:
        yield Upstream(mock, provider, kind, corner)
    finally:
        await provider.close()


async def heard(made: Upstream, call: ModelCall) -> list[StreamEvent]:
    return [event async for event in made.provider.stream(call)]


async def whole(made: Upstream, call: ModelCall) -> object:
    return await made.provider.complete(call)


# --- it goes well ----------------------------------------------------------------------------------------------


@every_kind
async def test_a_whole_answer_and_a_stream_say_the_same(mock: str, kind: str) -> None:
    async with upstream(mock, kind) as made:
        whole = await made.provider.complete(made.call("say hello"))
        events = await heard(made, made.call("say hello", stream=True))
        assert isinstance(events[-1], Finished)
        streamed = assemble(events)
        assert whole.message.text == streamed.message.text == HELLO
        assert whole.finish == streamed.finish == "stop"
        assert whole.usage is not None
        assert (whole.usage.prompt, whole.usage.completion) == (11, 9)
        seen = made.journal()
    assert [entry["response"]["status"] for entry in seen] == [200, 200]


@every_kind
async def test_a_tool_is_called_and_its_result_goes_back(mock: str, kind: str) -> None:
    async with upstream(mock, kind) as made:
        question = Message("user", (Text("what is the weather"),))
        for stream in (False, True):
            asked = made.of((question,), stream=stream, tools=True)
            answer = assemble(await heard(made, asked)) if stream else await made.provider.complete(asked)
            call = answer.message.tool_calls[0]
            assert (call.name, json.loads(call.arguments)) == ("get_weather", {"city": "Oslo", "days": 2})
            assert answer.finish == "tools"
            result = Message("tool", (ToolResult(call.id, call.name, (Text("rain"),)),))
            turns = (question, Message("assistant", (ToolCall(call.id, call.name, call.arguments),)), result)
            final = await made.provider.complete(made.of(turns, stream=False, tools=True))
            assert final.message.text == "It rains in Oslo."


# --- it goes badly ---------------------------------------------------------------------------------------------


@every_kind
@pytest.mark.parametrize(
    ("text", "error", "again", "after"),
    [
        ("be busy", ProviderBusy, True, 7.0),
        ("be overloaded", ProviderBusy, True, None),
        ("be closed", ProviderRefused, False, None),
        ("be broken", ProviderDown, True, None),
    ],
)
async def test_a_refusal_is_told_apart(
    mock: str, kind: str, text: str, error: type[ModelFailed], again: bool, after: float | None
) -> None:
    async with upstream(mock, kind) as made:
        for stream in (False, True):
            with pytest.raises(error) as caught:
                await (heard if stream else whole)(made, made.call(text, stream=stream))
            trouble = trouble_of(caught.value)
            assert (trouble.retryable, trouble.retry_after) == (again, after)


@every_kind
async def test_a_stream_that_is_cut_is_no_answer(mock: str, kind: str) -> None:
    async with upstream(mock, kind) as made:
        assembly = Assembly()
        try:
            for event in await heard(made, made.call("be cut", stream=True)):
                assembly.add(event)
        except ModelFailed as wrong:
            assembly.add(Failed(wrong.message, trouble_of(wrong).kind))
    assert assembly.finished is None
    assert assembly.failed is not None
    assert assembly.failed.kind in {"cut", "malformed"}
    assert "this answer is long enough to be cut in the middle of it, and then once more".startswith(
        assembly.message.text
    )


@every_kind
async def test_a_stream_that_does_not_come_is_given_up(mock: str, kind: str) -> None:
    async with upstream(mock, kind) as made:
        call = made.call("be slow", stream=True, first_byte=0.3, idle=0.3)
        try:
            events = await heard(made, call)
        except ModelFailed as wrong:
            assert trouble_of(wrong).kind == "timeout"  # noqa: PT017 - some kinds begin before they fall silent
        else:
            assert isinstance(events[-1], Failed)
            assert events[-1].kind == "timeout"


@every_kind
@pytest.mark.parametrize(
    ("rates", "errors"),
    [
        ({"dropRate": 1}, (ProviderDown,)),
        ({"malformedRate": 1}, (MalformedAnswer, StreamCut)),
        ({"disconnectRate": 1}, (ProviderDown, StreamCut)),
        ({"rateLimitRate": 1}, (ProviderBusy,)),
    ],
    ids=["drop", "malformed", "disconnect", "ratelimit"],
)
async def test_chaos_has_a_name(
    mock: str, kind: str, rates: dict[str, float], errors: tuple[type[ModelFailed], ...]
) -> None:
    async with upstream(mock, kind) as made:
        made.chaos(**rates)
        for stream in (False, True):
            with pytest.raises(errors) as caught:
                await (heard if stream else whole)(made, made.call("say hello", stream=stream))
            assert trouble_of(caught.value).retryable


# --- one logical call over two of them -------------------------------------------------------------------------


@dataclass
class Shown:
    """What a person sees."""

    text: str = ""
    resets: int = 0

    async def __call__(self, number: int, event: StreamEvent | Reset) -> None:
        if isinstance(event, Reset):
            self.text, self.resets = "", self.resets + 1
        else:
            self.text += getattr(event, "text", "") if type(event).__name__ == "TextDelta" else ""


async def asked(first: Upstream, second: Upstream, text: str, **more: Any) -> tuple[Answered, Shown]:
    async def key(name: str) -> Credential:
        return KINDS[name][2]

    def candidate(made: Upstream) -> Candidate:
        return Candidate(made.kind, made.provider, upstream=MODELS[made.kind])

    shown = Shown()
    plan = CallPlan(
        (candidate(first), candidate(second)), retry=Backoff(attempts=2, first=0.01, most=0.02), **more
    )
    calls = Calls(key, clock=SystemClock())
    return await calls.perform(plan, first.call(text, stream=True), on_event=shown), shown


@pytest.mark.parametrize(
    "rates", [{"dropRate": 1}, {"disconnectRate": 1}, {"rateLimitRate": 1}, {"malformedRate": 1}]
)
@pytest.mark.parametrize(
    ("one", "other"), [("openai", "anthropic"), ("anthropic", "gemini"), ("gemini", "bedrock")]
)
async def test_the_fallback_answers_once(mock: str, one: str, other: str, rates: dict[str, float]) -> None:
    async with upstream(mock, one) as first, upstream(mock, other) as second:
        first.chaos(**rates)
        answered, shown = await asked(first, second, "say hello", fallback_after=0.05)
        assert (answered.response.message.text, answered.provider) == (HELLO, other)
        assert (shown.text, shown.resets) == (HELLO, 0)
        failed = [each for each in answered.attempts if each.outcome != "answered"]
        assert {each.provider for each in failed} == {one}
        assert len(first.journal()) == len(failed)
        assert len(second.journal()) == 1


async def test_what_was_shown_of_a_cut_stream_is_taken_back(mock: str) -> None:
    async with upstream(mock, "openai") as first, upstream(mock, "anthropic") as second:
        with pytest.raises(StreamCut) as caught:
            await asked(first, second, "be cut")
        assert len(caught.value.attempts) == 4
        assert (len(first.journal()), len(second.journal())) == (2, 2)
        with pytest.raises(StreamCut) as caught:
            await asked(first, second, "be cut", reset=False)
        assert len(caught.value.attempts) == 1
        assert (len(first.journal()), len(second.journal())) == (3, 2)
