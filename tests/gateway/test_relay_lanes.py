"""The lanes of an answer to a foreign agent (S31): as the bytes that came where both sides speak one dialect, put into
other words where they do not, and never past what policy says about the tools in it.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.gateway.judges import judge_stream, judge_whole, streamed_text, text_of
from tests.gateway.relays import BODIES, CHAT, Client, described, front, route
from tests.models.upstream import streamed, upstream, whole
from tests.models.wires import KEY, WIRES

RAW = {"openai_chat": "openai", "openai_responses": "openai-responses", "anthropic": "anthropic"}


def _provider(wire: str, url: str, name: str = "up", **more: str) -> str:
    spec = {key: str(value) for key, value in WIRES[wire].spec.items() if isinstance(value, str)}
    return described(name, url, **spec, **more)


@pytest.mark.parametrize("dialect", list(RAW))
async def test_c50_an_answer_in_the_same_dialect_is_the_very_bytes_that_came(
    dialect: str, tmp_path: Path
) -> None:
    wire = WIRES[RAW[dialect]]
    answer = json.dumps({**wire.whole("hi there"), "vendor_field": {"kept": 2**60}}, indent=1).encode()
    stream = wire.stream(["hi ", "there"])
    asked = {**BODIES[dialect], "vendor_field": {"kept": [1.50, "é"]}, "metadata": {"a": "b"}}
    if dialect == "openai_chat":
        asked["stream_options"] = {"include_usage": True}
    async with upstream() as server:
        server.says(whole(answer), streamed([stream[at : at + 7] for at in range(0, len(stream), 7)]))
        async with front(tmp_path, _provider(RAW[dialect], server.url) + route("up")) as made:
            told = await made.relay(dialect, asked)
            assert told.body == answer
            assert (told.lane, told.stream, told.model) == ("raw", False, "up-model")
            client = Client()
            told = await made.relay(dialect, {**asked, "stream": True}, client)
            assert client.text == stream
            assert told.usage is not None
            assert (told.usage.prompt, told.usage.completion) == (7, 3)
            assert told.cost == 7 * 1 + 3 * 10
            done = await made.outcome()
            assert done.result["message"]["parts"][0]["text"] == "hi there"
            assert done.detail["carried"] == "verbatim"
            for seen in server.seen:
                sent = seen.body
                assert sent.pop("model") == "m"
                assert sent.pop("stream", None) in {None, True}
                expected = {name: value for name, value in asked.items() if name != "model"}
                assert sent == expected


async def test_c49_every_dialect_is_answered_by_every_provider(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole and streamed, in the client's own words; what a provider of another dialect said is no answer to it."""
    monkeypatch.setenv("THE_KEY", KEY)
    words = ["hi ", "there"]
    async with upstream() as server:
        providers = [_provider(wire, server.url, name=wire, secret="the_key") for wire in WIRES]
        routes = [route(wire, route=wire) for wire in WIRES]
        async with front(tmp_path, "".join(providers + routes)) as made:
            for wire, known in WIRES.items():
                for dialect, body in BODIES.items():
                    stream = streamed([known.stream(words)], kind=known.media_type)
                    server.says(whole(known.whole("hi there")), stream)
                    told = await made.relay(dialect, {**body, "model": wire})
                    answer, client = json.loads(told.body), Client()
                    streaming = await made.relay(dialect, {**body, "model": wire, "stream": True}, client)
                    if told.lane == "translate":  # the hand-written answers leave out what the types ask for
                        judge_whole(dialect, answer)
                        assert answer.keys() != known.whole("hi there").keys()
                    if streaming.lane == "translate":
                        judge_stream(dialect, client.text)
                    assert text_of(dialect, answer) == streamed_text(dialect, client.text) == "hi there"
                    for each in (told, streaming):
                        assert each.usage is not None
                        assert (each.usage.prompt, each.usage.completion) == (7, 3)


async def test_c17_a_chat_stream_tells_what_it_used_only_if_asked(tmp_path: Path) -> None:
    stream = WIRES["openai"].stream(["hi"])
    async with (
        upstream(streamed([stream])) as server,
        front(tmp_path, _provider("openai", server.url) + route("up")) as made,
    ):
        client = Client()
        await made.relay("openai_chat", {**CHAT, "stream": True}, client)
        assert server.seen[0].body["stream_options"] == {"include_usage": True}
        assert b"usage" not in client.text
        assert client.text.endswith(b"data: [DONE]\n\n")
        assert (await made.outcome()).detail["used"]["tokens"] == 10
