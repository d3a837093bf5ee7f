"""What breaks on the way: before anything was shown it is made good, after it the client is told, and every attempt is
a charge of its own (S17, S25, S31).
"""

from __future__ import annotations

import asyncio
import json
from contextlib import AsyncExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import ClientGone, ModelFailed, ProviderBusy
from remit.domain.action_events import PartialDelivered
from remit.domain.halt_errors import Halted
from remit.domain.people_errors import KeyRevoked
from remit.gate.relaying.refusing import wire_error
from remit.wire.whole_frames import WholeFrames
from tests.engine.places import events
from tests.gateway.judges import events_of, judge_stream, streamed_text
from tests.gateway.relays import BODIES, CHAT, Client, described, front, route
from tests.gateway.test_relay_tools import KINDS, SAYS, TOOLS
from tests.models.upstream import Upstream, streamed, upstream, whole
from tests.models.wires import WIRES, openai_error

STREAMS = {"openai_chat": "openai", "openai_responses": "openai-responses", "anthropic": "anthropic"}
BUSY = whole(openai_error("rate_limit_error", "slow down"), status=429, headers={"retry-after": "7"})


async def test_c43_another_model_takes_over_where_nothing_was_shown(tmp_path: Path) -> None:
    """Whoever answered is who is reported; what failed is itemised, each attempt a charge of its own."""
    wire = WIRES["openai"]
    async with upstream() as first, upstream() as second:
        models = described("one", first.url) + described("two", second.url) + route("one", "two")
        async with front(tmp_path, models) as made:
            first.says(BUSY)
            second.says(whole(wire.whole("rescued")))
            told = await made.relay("openai_chat", CHAT)
            assert told.model == "two-model"
            assert json.loads(told.body)["choices"][0]["message"]["content"] == "rescued"
            attempts = (await made.outcome()).detail["attempts"]
            assert [each["model"] for each in attempts][-1] == "two-model"
            assert all(each["outcome"] != "answered" for each in attempts[:-1])
            assert told.cost == sum(each["money"] for each in attempts)


async def test_c20_what_breaks_after_the_first_words_is_told_in_band(tmp_path: Path) -> None:
    """In the client's dialect, from a provider of the same and of another one; never as if it were the end."""
    ways = [(spoken, how) for spoken in STREAMS for how in ("cut", "error", "garbage")]
    async with AsyncExitStack() as stack:
        models, servers = "", dict[tuple[str, str], Upstream]()
        for spoken, how in ways:
            server = await stack.enter_async_context(upstream(streamed(_broken(spoken, how), then="cut")))
            servers[spoken, how] = server
            models += described(f"{spoken}-{how}", server.url, **KINDS[spoken])
            models += route(f"{spoken}-{how}", route=f"{spoken}-{how}")
        made = await stack.enter_async_context(front(tmp_path, models))
        for dialect in STREAMS:
            for spoken, how in ways:
                client, before = Client(), len(servers[spoken, how].seen)
                body = {**BODIES[dialect], "model": f"{spoken}-{how}", "stream": True}
                with pytest.raises(ModelFailed):
                    await made.relay(dialect, body, client)
                if how == "garbage" and not client.pieces:
                    continue  # it came in one packet with the words before it, so nothing was shown
                _is_broken_off(dialect, client)
                assert len(servers[spoken, how].seen) == before + 1, (
                    "nobody is asked again for what was shown"
                )
                assert (await made.outcome()).detail["used"]["tokens"] > 0


def _broken(spoken: str, how: str) -> list[bytes]:
    wire = WIRES[STREAMS[spoken]]
    stream = wire.stream(["hi", " there"])
    beginning = stream[: stream.index(b"there") - 1].rpartition(b"\n\n")[0] + b"\n\n"
    if how == "error":
        told = json.dumps(wire.error("server_error", "it broke")).encode()
        return [beginning, b"event: error\ndata: " + told + b"\n\n"]
    return [beginning, b"data: {not json\n\n"] if how == "garbage" else [beginning]


def _is_broken_off(dialect: str, client: Client) -> None:
    assert streamed_text(dialect, client.text) == "hi"
    assert b"[DONE]" not in client.text
    last = events_of(client.text)[-1][1]
    if dialect == "openai_chat":
        assert last["error"]["message"]
    elif dialect == "anthropic":
        assert (last["type"], bool(last["error"]["message"])) == ("error", True)
    else:
        assert last["type"] == "response.failed"
        judge_stream(dialect, client.text)


async def test_s31_a_call_that_was_held_when_it_broke_was_never_shown(tmp_path: Path) -> None:
    """A stream that is cut inside of a tool call has delivered nothing, if the call was all there was."""
    _, stream = SAYS["openai_chat"](("look", '{"cmd":"ls"}'))
    held = stream.replace(b'"content": "on "', b'"content": ""').replace(b'"content": "it"', b'"content": ""')
    cut = held[: held.rindex(b"ls")]
    async with upstream(streamed([cut], then="cut")) as first, upstream(streamed([held])) as second:
        models = described("one", first.url) + described("two", second.url) + route("one", "two")
        async with front(tmp_path, models) as made:
            client, body = Client(), {**CHAT, "tools": TOOLS["openai_chat"], "stream": True}
            told = await made.relay("openai_chat", body, client)
            assert told.model == "two-model"
            judge_stream("openai_chat", client.text)


async def test_c21_a_client_that_hangs_up_stops_its_provider_and_pays_for_what_came(tmp_path: Path) -> None:
    stream = WIRES["anthropic"].stream(["hello ", "there"])
    first = stream[: stream.index(b"there")].rpartition(b"\n\n")[0] + b"\n\n"
    async with (
        upstream(streamed([first], then="silence")) as server,
        front(tmp_path, described("up", server.url, kind="anthropic") + route("up")) as made,
    ):
        client = Client()
        asking = asyncio.ensure_future(
            made.relay("anthropic", {**BODIES["anthropic"], "stream": True}, client)
        )
        await client.heard.wait()
        client.gone.set_result(None)
        with pytest.raises(ClientGone):
            await asking
        await asyncio.wait_for(server.hung_up.wait(), 1)
        outcome = await made.outcome()
        assert outcome.error == "client_gone"
        assert outcome.detail["estimated"]
        assert outcome.detail["used"]["tokens"] == 7 + 2, "what it had read, and six letters"
        (seen,) = await events(made.stage, made.runs[-1], PartialDelivered)
        assert seen.text == "hello "


async def test_a_key_that_is_revoked_ends_the_stream_in_band(tmp_path: Path) -> None:
    stream = WIRES["openai"].stream(["hello ", "there"])
    first = stream[: stream.index(b"there")].rpartition(b"\n\n")[0] + b"\n\n"
    async with (
        upstream(streamed([first], then="silence")) as server,
        front(tmp_path, described("up", server.url) + route("up")) as made,
    ):
        client = Client()
        asking = asyncio.ensure_future(made.relay("openai_chat", {**CHAT, "stream": True}, client))
        await client.heard.wait()
        client.gone.set_result(KeyRevoked("this key was revoked."))
        with pytest.raises(KeyRevoked):
            await asking
        assert client.frames[-1]["error"]["message"].startswith("this key was revoked")


async def test_c42_a_model_that_rests_is_probed_by_one_call_at_a_time(tmp_path: Path) -> None:
    """Fifteen at once during an outage: it is not asked fifteen times."""
    wire = WIRES["openai"]
    async with upstream(whole({}, status=500)) as first, upstream(whole(wire.whole("ok"))) as second:
        models = described("one", first.url) + described("two", second.url) + route("one", "two")
        async with front(tmp_path, models) as made:
            for _ in range(4):
                await made.relay("openai_chat", CHAT)
            before = len(first.seen)
            told = await asyncio.gather(*(made.relay("openai_chat", CHAT) for _ in range(15)))
            assert {each.model for each in told} == {"two-model"}
            assert len(first.seen) - before <= 1


async def test_what_a_provider_says_of_our_key_is_no_word_about_the_client_s(tmp_path: Path) -> None:
    refusal = whole(openai_error("invalid_request_error", "bad key", "invalid_api_key"), status=401)
    async with (
        upstream(refusal, BUSY) as server,
        front(tmp_path, described("up", server.url) + route("up")) as made,
    ):
        with pytest.raises(ModelFailed) as wrong:
            await made.relay("openai_chat", CHAT)
        told = wire_error(wrong.value)
        assert (told.status, told.kind, told.retryable) == (502, "server", False)
        with pytest.raises(ProviderBusy) as wrong:
            await made.relay("openai_chat", CHAT, seconds=2.0)
        told = wire_error(wrong.value)
        assert (told.status, told.kind, told.retry_after, told.retryable) == (
            429,
            "rate_limit",
            7.0,
            False,
        )


async def test_c22_a_client_s_own_deadline_bounds_the_whole(tmp_path: Path) -> None:
    async with (
        upstream(streamed([], then="silence")) as server,
        front(tmp_path, described("up", server.url) + route("up")) as made,
    ):
        with pytest.raises(ModelFailed):
            await made.relay("openai_chat", {**CHAT, "stream": True}, seconds=0.2)


STREAM = WIRES["openai"].stream(["a", "é", "\n\n", "b"]).replace(b"\n\n", b"\r\n\r\n", 2)


@given(st.lists(st.integers(0, len(STREAM))))
def test_c23_whatever_the_chunks_the_frames_are_the_same_bytes(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(STREAM)]
    pieces = [STREAM[a:b] for a, b in pairwise(places)]
    reader = WholeFrames()
    frames = [frame for piece in pieces for frame in reader.feed(piece)]
    assert b"".join(frames) + reader.close() == STREAM
    whole_at_once = WholeFrames().feed(STREAM)
    assert [each.strip() for each in frames if each.strip()] == [each.strip() for each in whole_at_once]


async def test_a_halt_ends_the_stream_in_band_and_the_next_one_before_it_begins(tmp_path: Path) -> None:
    """Nobody who is connected waits for a lift; what had come by then is charged once."""
    stream = WIRES["openai"].stream(["hello ", "there"])
    first = stream[: stream.index(b"there")].rpartition(b"\n\n")[0] + b"\n\n"
    async with (
        upstream(streamed([first], then="silence")) as server,
        front(tmp_path, described("up", server.url) + route("up")) as made,
    ):
        client = Client()
        asking = asyncio.ensure_future(made.relay("openai_chat", {**CHAT, "stream": True}, client))
        await client.heard.wait()
        await made.platform.halt("agent", "bot", reason="it talks too much")
        with pytest.raises(Halted):
            await asking
        await asyncio.wait_for(server.hung_up.wait(), 2)
        assert "it talks too much" in client.frames[-1]["error"]["message"]
        outcome = await made.outcome()
        assert outcome.error == "halted"
        assert outcome.detail["estimated"]
        assert outcome.detail["used"]["tokens"] < 100
        client = Client()
        with pytest.raises(Halted):
            await made.relay("openai_chat", {**CHAT, "stream": True}, client)
        assert client.headers is None
        assert len(server.seen) == 1
