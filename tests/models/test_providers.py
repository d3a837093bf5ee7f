"""One suite for every kind of provider, against a real server that speaks its wire format well."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from msgspec.structs import replace

from remit.models.provider import ModelCall
from remit.wire.assembly import assemble
from remit.wire.messages import Finished, Message, Text
from tests.models.asking import REQUEST, SAID, WORDS, call, every_wire, heard, provider, words_of
from tests.models.upstream import Upstream, split, streamed, whole
from tests.models.wires import Wire

pytestmark = every_wire


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
    hot = replace(call(wire), request=replace(REQUEST, temperature=0.5))
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
        return replace(call(wire), request=replace(REQUEST, messages=(message,)))

    async with provider(wire, echo) as (_, made):
        answers = await asyncio.gather(*(made.complete(numbered(number)) for number in range(30)))
    assert [answer.message.text for answer in answers] == [f"n-{number}" for number in range(30)]
