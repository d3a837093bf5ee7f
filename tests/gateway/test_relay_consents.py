"""A rule that asks a person about a foreign agent's own tool (S31): the client waits for a while with its answer held;
then the turn ends as a refusal that names the approval, and the same proposal, made again, meets the verdict.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from remit.control.fronting import consenting, relays
from remit.gate.relaying.asked import RelayAnswer
from tests.engine.places import until
from tests.gateway.judges import calls_of, judge_stream
from tests.gateway.relays import CHAT, Client, Front, described, front, route
from tests.gateway.test_relay_tools import SAYS, TOOLS
from tests.models.upstream import streamed, upstream, whole

ASKS = """
@id("everything") permit (principal, action, resource);
@id("shell") @ask("leads") @reason("shells are looked at")
forbid (principal, action == Action::"advise", resource == LocalTool::"bash");
"""
BODY = {**CHAT, "tools": TOOLS["openai_chat"]}
ANSWER, STREAM = SAYS["openai_chat"](("bash", '{"cmd":"ls"}'))


async def _ask(made: Front, client: Client, *, stream: bool = False) -> RelayAnswer:
    asked = relays.read("openai_chat", json.dumps({**BODY, "stream": stream}).encode())
    return await relays.relay(made.platform.fronts, made.caller, asked, {}, lambda _: client)


async def _approval(made: Front) -> str:
    async def there() -> bool:
        return bool(await made.stage.inbox())

    await until(there)
    (item,) = await made.stage.inbox()
    return item.id


async def test_s31_a_client_waits_for_a_person_and_gets_the_call_as_it_came(tmp_path: Path) -> None:
    async with (
        upstream(streamed([STREAM])) as server,
        front(tmp_path, described("up", server.url) + route("up"), ASKS) as made,
    ):
        client = Client()
        asking = asyncio.ensure_future(_ask(made, client, stream=True))
        question = await _approval(made)
        assert b"bash" not in client.text, "it is held"
        assert b"on " in client.text, "text has flowed"
        await made.platform.approve(question)
        await asking
        judge_stream("openai_chat", client.text)
        assert b'"bash"' in client.text


async def test_s31_the_same_proposal_made_again_meets_the_verdict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consenting, "PATIENCE", 0.05)
    async with (
        upstream(whole(ANSWER)) as server,
        front(tmp_path, described("up", server.url) + route("up"), ASKS) as made,
    ):
        told = json.loads((await _ask(made, Client())).body)
        question = await _approval(made)
        assert calls_of("openai_chat", told) == []
        assert question in told["choices"][0]["message"]["refusal"]
        again = json.loads((await _ask(made, Client())).body)
        assert question in again["choices"][0]["message"]["refusal"], (
            "one question, however often it is proposed"
        )
        await made.platform.approve(question)

        async def agreed() -> bool:
            told = json.loads((await _ask(made, Client())).body)
            return [call[1] for call in calls_of("openai_chat", told)] == ["bash"]

        await until(agreed)


async def test_s31_a_no_ends_the_turn(tmp_path: Path) -> None:
    async with (
        upstream(whole(ANSWER)) as server,
        front(tmp_path, described("up", server.url) + route("up"), ASKS) as made,
    ):
        asking = asyncio.ensure_future(_ask(made, Client()))
        await made.platform.reject(await _approval(made), "not today")
        told = json.loads((await asking).body)
        assert calls_of("openai_chat", told) == []
        assert "not today" in told["choices"][0]["message"]["refusal"]
