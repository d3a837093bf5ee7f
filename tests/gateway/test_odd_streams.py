"""Streams that are slow, odd, large or abandoned, through the server as a client meets it; and errors that come before
anything was said.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from urllib.parse import urlsplit

import anthropic
import openai
import pytest

from remit.control.sections import ServerSettings
from remit.domain.runs import RunStatus
from tests.faults.answers import SOUND
from tests.faults.scripts import FOREIGN, MANY, MEGABYTE
from tests.faults.upstream import Faulty, faulty_upstream
from tests.gateway.failing import House, at_once, frames, house, lone_models
from tests.gateway.judges import judge_stream, streamed_text
from tests.gateway.relays import BODIES

CORNER = "odd"
NAMES = (
    "held", "crumbs", "large", "many", "flood", "silent.late", "slow", "keep-alive",
)  # fmt: skip
EARLY = [f"{fault}.{stream}" for fault in ("broken", "limited", "overloaded") for stream in (False, True)]
DIALECTS = ("openai_chat", "anthropic")


@pytest.fixture(scope="module")
def faulty() -> Iterator[Faulty]:
    with faulty_upstream() as process:
        yield process


@pytest.fixture(scope="module")
async def made(faulty: Faulty, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    models = "\n".join(lone_models(faulty, f"{CORNER}-{dialect}", dialect, *NAMES) for dialect in DIALECTS)
    async with house(tmp_path_factory.mktemp("odd"), models) as found:
        yield found


@pytest.mark.parametrize("provider", DIALECTS)
async def test_c18_signs_of_life_while_a_model_is_silent_break_no_client(
    made: House, faulty: Faulty, provider: str
) -> None:
    model = f"{provider}.held"
    official = openai.AsyncOpenAI(base_url=f"{made.url}/v1", api_key=made.key)
    async with official, made.begin("openai_chat", model, stream=True) as reply:
        asked = asyncio.ensure_future(_words_of(official, model))
        first = await reply.content.readline()
        assert first.startswith(b":"), "a comment, before the model said anything"
        assert not asked.done()
        faulty.let_go(f"{CORNER}-{provider}")
        assert await asked == "".join(SOUND)
        assert streamed_text("openai_chat", await reply.read()) == "".join(SOUND)


async def _words_of(official: openai.AsyncOpenAI, model: str) -> str:
    asked = await official.chat.completions.create(
        model=model, messages=[{"role": "user", "content": "hello"}], stream=True
    )
    return "".join([choice.delta.content or "" async for chunk in asked for choice in chunk.choices])


@pytest.fixture(scope="module")
async def patient(faulty: Faulty, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """It gives no sign of life before a fault is told, and does not wait between tries."""
    models = "\n".join(lone_models(faulty, f"early-{dialect}", dialect, *EARLY) for dialect in DIALECTS)
    settings = ServerSettings(port=0, keep_alive_seconds=60)
    async with house(tmp_path_factory.mktemp("early"), models, settings=settings) as found:
        at_once(found)
        yield found


@pytest.mark.parametrize("stream", [False, True])
async def test_c19_what_fails_before_the_first_byte_has_its_real_status(patient: House, stream: bool) -> None:
    made = patient
    theirs = openai.AsyncOpenAI(base_url=f"{made.url}/v1", api_key=made.key, max_retries=0)
    others = anthropic.AsyncAnthropic(base_url=made.url, api_key=made.key, max_retries=0)
    async with theirs, others:
        with pytest.raises(openai.RateLimitError) as limited:
            await theirs.chat.completions.create(
                model=f"openai_chat.limited.{stream}",
                messages=[{"role": "user", "content": "hello"}],
                stream=stream,
            )
        assert limited.value.response.headers["retry-after"] == "20"
        with pytest.raises(openai.InternalServerError):
            await theirs.chat.completions.create(
                model=f"openai_chat.broken.{stream}",
                messages=[{"role": "user", "content": "hello"}],
                stream=stream,
            )
        with pytest.raises(anthropic.APIStatusError) as overloaded:
            await others.messages.create(
                model=f"anthropic.overloaded.{stream}", max_tokens=9, messages=[{"role": "user", "content": "hello"}],
                stream=stream,
            )  # fmt: skip
        assert overloaded.value.status_code == 529


@pytest.mark.parametrize("provider", DIALECTS)
async def test_c21_who_hangs_up_stops_the_model_and_pays_for_what_was_said(
    made: House, faulty: Faulty, provider: str
) -> None:
    corner, model = f"{CORNER}-{provider}", f"{provider}.silent.late"
    before = [each["ended"] for each in faulty.journal(corner)].count("hung up")
    async with made.begin("openai_chat", model, stream=True) as reply:
        run = reply.headers["x-remit-run"]
        while b"was" not in await reply.content.readline():
            pass
    async with asyncio.timeout(1):
        await asyncio.to_thread(faulty.journal, corner, hung_up=before + 1)
    seen = [view.run.status async for view in made.platform.watch(run)]
    assert seen[-1] == RunStatus.CANCELLED
    (attempt,) = (await made.attempts())[model]
    assert (attempt["money"] if "money" in attempt else attempt["used"]["money"]) > 0


@pytest.mark.parametrize("client", [*DIALECTS, "openai_responses"])
async def test_c20_what_fails_after_a_sign_of_life_and_before_the_answer_is_no_silent_end(
    made: House, client: str
) -> None:
    async with asyncio.timeout(10):
        reply = await made.post(
            client, "openai_chat.slow", stream=True, headers={"x-stainless-read-timeout": "1.7"}
        )
    assert reply.status == 200
    assert reply.body.startswith(b":"), "it was begun by a sign of life"
    last = [event for _, event in frames(reply.body)][-1]
    assert "error" in last or last["type"] in ("error", "response.failed"), reply.body


@pytest.mark.parametrize("name", ["slow", "keep-alive"])
@pytest.mark.parametrize("stream", [False, True])
async def test_c22_the_clients_own_deadline_bounds_the_whole(made: House, name: str, stream: bool) -> None:
    async with asyncio.timeout(10):
        reply = await made.post(
            "openai_chat", f"openai_chat.{name}", stream=stream, headers={"x-stainless-read-timeout": "0.5"}
        )
    if reply.status == 200:
        assert [event for _, event in frames(reply.body)][-1]["error"]
    else:
        assert reply.status in {408, 504}


@pytest.mark.parametrize("client", DIALECTS)
@pytest.mark.parametrize("provider", DIALECTS)
async def test_c23_a_stream_may_be_cut_into_pieces_anywhere(made: House, client: str, provider: str) -> None:
    reply = await made.post(client, f"{provider}.crumbs", stream=True)
    assert reply.status == 200
    words = "".join(_piece(client, event) for _, event in frames(reply.body) if event != "[DONE]")
    assert words == "".join(FOREIGN)


def _piece(client: str, event: dict[str, object]) -> str:
    match client, event:
        case "openai_chat", {"choices": [{"delta": {"content": str(text)}}]}:
            return text
        case "anthropic", {"type": "content_block_delta", "delta": {"text": str(text)}}:
            return text
        case _:
            return ""


@pytest.mark.parametrize("client", DIALECTS)
@pytest.mark.parametrize("provider", DIALECTS)
async def test_c24_a_frame_of_a_megabyte_passes(made: House, client: str, provider: str) -> None:
    reply = await made.post(client, f"{provider}.large", stream=True)
    judge_stream(client, reply.body)
    assert streamed_text(client, reply.body) == f"A {'x' * MEGABYTE} word."


async def test_c24_a_hundred_thousand_frames_pass(made: House) -> None:
    reply = await made.post("openai_chat", "openai_chat.many", stream=True)
    assert reply.body.count(b'"content":') >= MANY
    assert reply.body.endswith(b"data: [DONE]\n\n")


async def test_c24_a_reader_that_stops_holds_the_model_back(made: House, faulty: Faulty) -> None:
    """Neither we nor the kernel on our side take more than can soon be sent: what was taken is kept for the log."""
    reader, writer = await _narrow(made)
    writer.write(_raw(made, BODIES["openai_chat"] | {"model": "openai_chat.flood", "stream": True}))
    head = await reader.readuntil(b"\r\n\r\n")
    # the upstream's socket takes no more: nothing on the way keeps what nobody reads
    assert await asyncio.to_thread(faulty.journal, f"{CORNER}-openai_chat", pressed=1)
    writer.transport.abort()
    run = head.split(b"x-remit-run: ")[1].split(b"\r\n")[0].decode()
    async with asyncio.timeout(5):
        assert [view.run.status async for view in made.platform.watch(run)][-1] == RunStatus.CANCELLED
    (attempt,) = (await made.attempts())["openai_chat.flood"]
    assert 0 < attempt["delivered"] < MEGABYTE, "of a hundred"


async def _narrow(made: House) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection of which the client's own kernel takes little."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 16)
    client.setblocking(False)
    where = urlsplit(made.url)
    await asyncio.get_running_loop().sock_connect(client, (where.hostname, where.port))
    return await asyncio.open_connection(sock=client, limit=1 << 14)


def _raw(made: House, body: Mapping[str, object]) -> bytes:
    said = json.dumps(body).encode()
    headers = {
        "host": urlsplit(made.url).netloc, "authorization": f"Bearer {made.key}", "content-length": str(len(said)),
    }  # fmt: skip
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"POST /v1/chat/completions HTTP/1.1\r\n{head}\r\n".encode() + said
