"""Small promises of relays: what is refused before it costs anything, what a client is told about waiting, and that an
answer without a limit fits a small budget.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit import Budget
from remit.domain.action_errors import BudgetExhausted, ModelFailed, ProviderBusy
from remit.domain.errors import InvalidInput
from remit.domain.fronting import KeyScope
from remit.gate.relaying.refusing import wire_error
from remit.wire import inbound
from tests.gateway.judges import calls_of, judge_stream, judge_whole, streamed_text, text_of
from tests.gateway.relays import BODIES, CHAT, Client, described, front, route
from tests.gateway.test_relay_tools import NO_SHELL, SAYS, TOOLS
from tests.models.upstream import upstream, whole
from tests.models.wires import WIRES, gemini_whole, openai_error

GUARD = """
[guards.mail]
check = "personal_data"
kinds = ["email"]
at = ["output"]
action = "redact"
"""


def test_a_talk_without_a_message_is_refused_before_it_costs_anything() -> None:
    for dialect, body in BODIES.items():
        empty: dict[str, Any] = {
            name: [] if name in {"messages", "input"} else value for name, value in body.items()
        }
        if dialect != "openai_responses":
            with pytest.raises(InvalidInput, match="messages"):
                inbound.read(dialect, json.dumps(empty).encode())


async def test_c39_whoever_has_to_wait_is_told_so_at_once(tmp_path: Path) -> None:
    """A provider that asks for twenty seconds is not waited for; models that rest say for how long."""
    busy = whole(openai_error("rate_limit_error", "slow down"), status=429, headers={"retry-after": "20"})
    async with upstream(busy) as server, front(tmp_path, described("up", server.url) + route("up")) as made:
        with pytest.raises(ProviderBusy) as wrong:
            await made.relay("openai_chat", CHAT)
        told = wire_error(wrong.value)
        assert (told.status, told.kind, told.retry_after, told.retryable) == (429, "rate_limit", 20.0, False)
        assert len(server.seen) == 1
        with pytest.raises(ModelFailed) as wrong:
            await made.relay("openai_chat", CHAT)
        told = wire_error(wrong.value)
        assert (told.status, told.kind) == (503, "overloaded")
        assert told.retry_after is not None
        assert 15 < told.retry_after <= 20
        assert len(server.seen) == 1, "it rests"


async def test_s25_an_answer_without_a_limit_gets_one_that_fits(tmp_path: Path) -> None:
    """A model may answer 8,000 tokens; a budget of 6,000 lets it answer 4,096, and the log says so."""
    scope = KeyScope("bot", budget=Budget(tokens=6_000), purse="p")
    wire = WIRES["openai"]
    async with (
        upstream(whole(wire.whole("hi"))) as server,
        front(tmp_path, described("up", server.url) + route("up"), scope=scope) as made,
    ):
        await made.relay("openai_chat", CHAT)
        assert server.seen[0].body["max_tokens"] == 4096
        assert (await made.outcome()).detail["max_tokens"] == 4096
        with pytest.raises(BudgetExhausted):
            await made.relay("openai_chat", {**CHAT, "max_tokens": 8000})
        assert len(server.seen) == 1


async def test_a_gemini_that_calls_tools_for_a_reason_of_its_own_still_calls_tools(tmp_path: Path) -> None:
    answer = gemini_whole("")
    call = {"functionCall": {"name": "look", "args": {"cmd": "ls"}}}
    answer["candidates"][0] |= {
        "finishReason": "FUNCTION_CALL",
        "content": {"role": "model", "parts": [call]},
    }
    del answer["modelVersion"]
    async with (
        upstream(whole(answer)) as server,
        front(tmp_path, described("up", server.url, kind="gemini") + route("up")) as made,
    ):
        told = json.loads((await made.relay("openai_chat", {**CHAT, "tools": TOOLS["openai_chat"]})).body)
        assert told["choices"][0]["finish_reason"] == "tool_calls"
        assert told["model"] == "up-model"


async def test_c47_the_bill_is_the_one_of_the_price_book_it_names(tmp_path: Path) -> None:
    """Parts of usage are disjoint and sum to the total; cached tokens are charged as cached ones (items 28, 45, 47)."""
    body = WIRES["anthropic"].whole("hi")
    body["usage"] = {
        "input_tokens": 10, "cache_read_input_tokens": 100, "cache_creation_input_tokens": 40, "output_tokens": 20
    }  # fmt: skip
    async with (
        upstream(whole(body)) as server,
        front(tmp_path, described("up", server.url, kind="anthropic") + route("up")) as made,
    ):
        for dialect, asked in BODIES.items():
            told = await made.relay(dialect, asked)
            assert told.usage is not None
            assert told.usage.prompt + told.usage.completion == told.usage.total == 170
            assert told.cost == 10 * 1 + int(100 * 0.1) + int(40 * 1.25) + 20 * 10
            said = json.loads(told.body)["usage"]
            match dialect:
                case "openai_chat":
                    assert said["prompt_tokens"] == 150
                    assert said["prompt_tokens_details"]["cached_tokens"] == 100
                case "openai_responses":
                    assert said["input_tokens"] == 150
                    assert said["input_tokens_details"] | {"audio_tokens": 0} == {
                        "cached_tokens": 100, "cache_write_tokens": 40, "audio_tokens": 0
                    }  # fmt: skip
                case _:
                    assert said == body["usage"]
            outcome = await made.outcome()
            assert outcome.detail["book"].startswith("2026-")


async def test_s31_a_guard_holds_everything_until_it_has_looked(tmp_path: Path) -> None:
    """In every dialect, whole and streamed: what it takes out is never shown, and tools are looked at as ever."""
    (tmp_path / "guards.toml").write_text(GUARD)
    words = WIRES["anthropic"]
    async with (
        upstream() as server,
        front(tmp_path, described("up", server.url, kind="anthropic") + route("up"), NO_SHELL) as made,
    ):
        for dialect, body in BODIES.items():
            server.says(whole(words.whole("write to ana@example.org")))
            told = await made.relay(dialect, body)
            assert told.lane == "hold-all"
            judge_whole(dialect, json.loads(told.body))
            assert "ana@" not in text_of(dialect, json.loads(told.body))
            client = Client()
            await made.relay(dialect, {**body, "stream": True}, client)
            judge_stream(dialect, client.text)
            assert "write to" in streamed_text(dialect, client.text)
            assert "ana@" not in streamed_text(dialect, client.text)

            server.says(whole(SAYS["anthropic"](("bash", "{}"))[0]))
            told = await made.relay(dialect, {**body, "tools": TOOLS[dialect]})
            assert calls_of(dialect, json.loads(told.body)) == []
            assert b"may not" in told.body


async def test_c06_headers_that_mean_something_to_a_provider_go_to_those_of_that_dialect(
    tmp_path: Path,
) -> None:
    said = {
        "anthropic-beta": "tools-2026",
        "openai-organization": "org-1",
        "x-api-key": "mine",
        "cookie": "c=1",
    }
    async with (
        upstream(whole(WIRES["anthropic"].whole("hi"))) as one,
        upstream(whole(WIRES["openai"].whole("hi"))) as two,
    ):
        models = described("up", one.url, kind="anthropic") + described("other", two.url)
        async with front(tmp_path, models + route("up") + route("other", route="other")) as made:
            await made.relay("anthropic", BODIES["anthropic"], headers=said)
            await made.relay("anthropic", {**BODIES["anthropic"], "model": "other"}, headers=said)
            assert one.seen[0].headers["anthropic-beta"] == "tools-2026"
            for seen in (one.seen[0], two.seen[0]):
                assert "cookie" not in seen.headers
                assert "mine" not in seen.headers.values(), "a client's key opens nothing there"
            assert "anthropic-beta" not in two.seen[0].headers
