"""The Messages API through the gateway, item by item: its events in their order from every provider, tokens that are
real, thoughts that come back byte by byte, and both versions of the API.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from remit.domain.errors import RemitError
from remit.gate.relaying.refusing import wire_error
from tests.gateway.judges import events_of, judge_stream, judge_whole
from tests.gateway.relays import CHAT, MESSAGES, Client
from tests.gateway.test_checklist_chat import CALLS, PROVIDERS, doors, says
from tests.gateway.test_relay_tools import TOOLS
from tests.models.upstream import streamed, whole
from tests.models.wires import WIRES, anthropic_whole, sse

THOUGHT = {"type": "thinking", "thinking": 'Let me see: é, "quoted".', "signature": "c2lnbmF0dXJl+/="}
VEILED = {"type": "redacted_thinking", "data": "b3BhcXVl/+=="}


async def test_c25_events_come_in_their_order_from_every_provider(tmp_path: Path) -> None:
    async with doors(tmp_path) as made:
        for name in PROVIDERS:
            answer, stream = says(name, *CALLS)
            made.servers[name].says(streamed([stream]), whole(answer))
            client, body = Client(), {**MESSAGES, "model": name, "tools": TOOLS["anthropic"]}
            await made.made.relay("anthropic", {**body, "stream": True}, client)
            judge_stream("anthropic", client.text)
            if name != "anthropic":
                judge_whole("anthropic", await made.ask_in("anthropic", name, **body))


async def test_c26_tokens_are_real_at_the_beginning_or_made_good_at_the_end(tmp_path: Path) -> None:
    async with doors(tmp_path) as made:
        for name, (wire, _) in PROVIDERS.items():
            made.servers[name].says(streamed([WIRES[wire].stream(["hi ", "there"])]))
            client = Client()
            await made.made.relay("anthropic", {**MESSAGES, "model": name, "stream": True}, client)
            events = [event for _, event in events_of(client.text)]
            start = next(event["message"]["usage"] for event in events if event["type"] == "message_start")
            last = next(event["usage"] for event in events if event["type"] == "message_delta")
            assert 7 in {start["input_tokens"], last.get("input_tokens")}
            assert last["output_tokens"] == 3


async def test_c27_thoughts_come_back_byte_by_byte(tmp_path: Path) -> None:
    """To a client of the same dialect as they are; through one of another, which hands back what it was given."""
    answer = anthropic_whole("fine")
    answer["content"] = [THOUGHT, VEILED, *answer["content"]]
    async with doors(tmp_path) as made:
        server = made.servers["anthropic"]
        server.says(whole(answer))
        told = await made.ask_in("anthropic", "anthropic", **MESSAGES)
        assert told["content"][:2] == [THOUGHT, VEILED]
        again = [
            *MESSAGES["messages"],
            {"role": "assistant", "content": told["content"]},
            *MESSAGES["messages"],
        ]
        await made.ask_in("anthropic", "anthropic", **{**MESSAGES, "messages": again})
        assert made.sent("anthropic")["messages"][1]["content"] == told["content"]

        chat = (await made.ask("anthropic", **CHAT))["choices"][0]["message"]
        await made.ask("anthropic", **{**CHAT, "messages": [*CHAT["messages"], chat, *CHAT["messages"]]})
        assert made.sent("anthropic")["messages"][1]["content"][:2] == [THOUGHT, VEILED]

        asked: dict[str, Any] = {"input": "hello", "store": False}
        items = (await made.ask_in("openai_responses", "anthropic", **asked))["output"]
        await made.ask_in(
            "openai_responses", "anthropic", **{**asked, "input": [*items, {"role": "user", "content": "go"}]}
        )
        sent = made.sent("anthropic")["messages"]
        assert next(turn for turn in sent if turn["role"] == "assistant")["content"][:2] == [THOUGHT, VEILED]


async def test_c28_marks_of_the_prompt_cache_are_kept_and_its_tokens_told(tmp_path: Path) -> None:
    mark = {"type": "ephemeral", "ttl": "1h"}
    turn = {"role": "user", "content": [{"type": "text", "text": "long", "cache_control": mark}]}
    tools = [{**TOOLS["anthropic"][0], "cache_control": mark}]
    async with doors(tmp_path) as made:
        await made.ask_in("anthropic", "anthropic", **{**MESSAGES, "messages": [turn], "tools": tools})
        sent = made.sent("anthropic")
        assert sent["messages"] == [turn]
        assert sent["tools"] == tools
        await made.ask_in("anthropic", "openai", **{**MESSAGES, "messages": [turn], "tools": tools})
        assert "cache_control" not in json.dumps(made.sent("openai")), "it means nothing there"

        usage = {"prompt_tokens": 100, "completion_tokens": 3, "total_tokens": 103,
                 "prompt_tokens_details": {"cached_tokens": 60}}  # fmt: skip
        made.servers["openai"].says(whole({**WIRES["openai"].whole("fine"), "usage": usage}))
        said = (await made.ask_in("anthropic", "openai", **MESSAGES))["usage"]
        assert (said["input_tokens"], said["cache_read_input_tokens"], said["output_tokens"]) == (40, 60, 3)


async def test_c29_both_versions_are_spoken_and_a_temperature_is_dropped_only_where_an_operatorsays_so(
    tmp_path: Path,
) -> None:
    newest = {"api_version": "2026-10-21"}
    (tmp_path / "strict").mkdir()
    async with doors(tmp_path / "strict", anthropic=newest) as made:
        await made.ask_in("anthropic", "anthropic", **MESSAGES)
        assert made.servers["anthropic"].seen[-1].headers["anthropic-version"] == "2026-10-21"
        with pytest.raises(RemitError) as wrong:
            await made.ask("anthropic", **CHAT, temperature=0.5)
        assert wire_error(wrong.value).status == 400
        assert len(made.servers["anthropic"].seen) == 1
        await made.ask_in("anthropic", "anthropic", **MESSAGES, temperature=0.5)
        assert made.sent("anthropic")["temperature"] == 0.5, "as it came: that API says what it thinks of it"
    (tmp_path / "old").mkdir()
    async with doors(tmp_path / "old") as made:
        await made.ask("anthropic", **CHAT, temperature=0.5)
        assert made.servers["anthropic"].seen[-1].headers["anthropic-version"] == "2023-06-01"
        assert made.sent("anthropic")["temperature"] == 0.5


async def test_a_stream_without_words_ends_as_one(tmp_path: Path) -> None:
    """An answer of thoughts alone, cut by its limit, is told as that."""
    thought = {"type": "thinking", "thinking": "", "signature": ""}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**anthropic_whole(""), "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": thought},
        {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}},
        {"type": "content_block_stop", "index": 0},
        {"type": "message_delta", "delta": {"stop_reason": "max_tokens"}, "usage": {"output_tokens": 3}},
        {"type": "message_stop"},
    ]  # fmt: skip
    async with doors(tmp_path) as made:
        made.servers["anthropic"].says(streamed([sse(*events, named=True)]))
        client = Client()
        await made.made.relay("openai_chat", {**CHAT, "model": "anthropic", "stream": True}, client)
        reasons = [choice["finish_reason"] for frame in client.frames for choice in frame["choices"]]
        assert reasons[-1] == "length"
