"""Answers that are given again (S32): off by default, named by everything they depend on, through the gate and into the
log like any other, for one call upstream however many ask at once, and gone with the key of the run that was answered.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import Denied
from remit.domain.fronting import Attribution, KeyScope
from remit.gate import figures
from remit.store.shred import shred_key
from tests.gate.desk import ALL_ALLOWED
from tests.gateway.judges import judge_stream, judge_whole, streamed_text, text_of
from tests.gateway.relays import BODIES, CHAT, Client, described, front, route
from tests.gateway.test_relay_tools import TOOLS
from tests.models.upstream import Answer, Upstream, streamed, upstream, whole
from tests.models.wires import WIRES

WIRE = WIRES["anthropic"]
CACHED = route("up", cache_seconds="600") + route("up", route="plain")


def _models(server: Upstream) -> str:
    return described("up", server.url, kind="anthropic") + CACHED


async def test_s32_the_same_question_is_asked_of_a_model_once(tmp_path: Path) -> None:
    """In whatever way it is to be answered; the log has a hit as a hit, and what it saved."""
    async with upstream(whole(WIRE.whole("hi there"))) as server, front(tmp_path, _models(server)) as made:
        for dialect, body in BODIES.items():
            first = await made.relay(dialect, body)
            assert not first.cached
            assert first.cost == 7 * 1 + 3 * 10
            again, client = await made.relay(dialect, body), Client()
            assert again.cached
            assert again.cost == 0
            assert again.headers["x-remit-cache"] == "hit"
            judge_whole(dialect, json.loads(again.body))
            assert text_of(dialect, json.loads(again.body)) == "hi there"
            outcome = await made.outcome()
            assert (outcome.detail["cached"], outcome.detail["avoided"]) == (True, first.cost)
            assert outcome.detail["used"] == {"money": 0, "tokens": 0, "steps": 0}
            streaming = await made.relay(dialect, {**body, "stream": True}, client)
            assert streaming.cached
            judge_stream(dialect, client.text)
            assert streamed_text(dialect, client.text) == "hi there"
        assert len(server.seen) == len(BODIES), "once in each dialect, which may mean different things by it"


async def test_s32_what_could_make_it_another_answer_makes_it_another_question(tmp_path: Path) -> None:
    """Off by default; another word, tools, dice, a client that forbids it; other rules."""
    async with upstream(whole(WIRE.whole("hi"))) as server, front(tmp_path, _models(server)) as made:
        await made.relay("openai_chat", CHAT)

        async def asks(expected: int, body: dict[str, Any] = CHAT, **more: Any) -> None:
            before = len(server.seen)
            await made.relay("openai_chat", body, **more)
            assert len(server.seen) - before == expected

        await asks(0)
        for body in (
            {**CHAT, "model": "plain"}, {**CHAT, "tools": TOOLS["openai_chat"]}, {**CHAT, "temperature": 0.7},
            {**CHAT, "seed": 3}, {**CHAT, "messages": [{"role": "user", "content": "hello!"}]},
        ):  # fmt: skip
            await asks(1, body)
        await asks(1, {**CHAT, "model": "plain"})
        await asks(1, headers={"cache-control": "no-store"})
        more = '@id("more") permit (principal, action == Action::"model", resource);'
        made.platform.parts.house.gate.parts.authority.adopt({"default.cedar": ALL_ALLOWED + more})
        await asks(1)
        await asks(0)


async def test_s32_a_hit_passes_the_gate(tmp_path: Path) -> None:
    """Whoever may not use the model does not get what it said to somebody else."""
    policy = (
        ALL_ALLOWED
        + """
@id("not-other") forbid (principal, action == Action::"model", resource) when { principal.name == "other" };
"""
    )
    async with upstream(whole(WIRE.whole("hi"))) as server, front(tmp_path, _models(server), policy) as made:
        await made.relay("openai_chat", CHAT)
        key = (await made.platform.new_agent_key(KeyScope("other"))).key
        other = await made.platform.fronts.caller(key, Attribution())
        with pytest.raises(Denied):
            await made.relay("openai_chat", CHAT, caller=other)


async def test_s32_those_who_ask_at_once_share_one_call(tmp_path: Path) -> None:
    """And if it fails, the next one asks for itself."""
    may_answer, answers = asyncio.Event(), [whole({}, status=400), whole(WIRE.whole("hi"))]

    async def slow(server: Upstream, request: Any) -> Any:
        await may_answer.wait()
        answer: Answer = answers.pop(0) if len(answers) > 1 else answers[0]
        return await answer(server, request)

    async with upstream(slow) as server, front(tmp_path, _models(server)) as made:
        asking = [asyncio.ensure_future(made.relay("openai_chat", CHAT)) for _ in range(10)]
        await server.asked.wait()
        may_answer.set()
        told = await asyncio.gather(*asking, return_exceptions=True)
        failed = [each for each in told if isinstance(each, BaseException)]
        assert len(failed) == 1
        assert len(server.seen) == 2
        assert sum(each.cached for each in told if not isinstance(each, BaseException)) == 8


async def test_s32_a_shred_takes_the_answer_along(tmp_path: Path) -> None:
    async with upstream(whole(WIRE.whole("hi"))) as server, front(tmp_path, _models(server)) as made:
        await made.relay("openai_chat", CHAT)
        ground = made.platform.ground
        await shred_key(
            ground.database,
            ground.keys,
            ground.ledger,
            key_id=f"k-{made.runs[0]}",
            by="owner",
            at=ground.clock.now(),
        )
        await made.relay("openai_chat", CHAT)
        assert len(server.seen) == 2


async def test_models_show_what_was_spared_and_what_providers_had_cached(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    body = WIRE.whole("hi")
    body["usage"] |= {"input_tokens": 50, "cache_read_input_tokens": 150}
    async with (
        upstream(whole(body), whole(body), streamed([])) as server,
        front(tmp_path, _models(server)) as made,
    ):
        await made.relay("openai_chat", CHAT)
        await made.relay("openai_chat", CHAT)
        monkeypatch.setattr(figures, "EVERY", 0)  # two seconds later
        await made.relay("openai_chat", {**CHAT, "model": "plain"})
        fast, plain = await made.platform.model_uses()
        assert (fast.route, fast.model, fast.calls, fast.hits, fast.avoided) == ("fast", "up-model", 1, 1, 95)
        assert fast.cached_share == 0.75
        assert (plain.route, plain.calls, plain.hits) == ("plain", 1, 0)
