"""Connections to providers against raw sockets: every framing is read to its end and no further, what is cut is never
whole, and nobody's bytes are taken for another's.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.models import connecting
from remit.models.connection import Connection
from remit.models.provider import Deadlines
from remit.models.transport import NoReply, Outgoing, Transport

OK = b"HTTP/1.1 200 OK\r\n"
LIMITS = Deadlines(connect=2, first_byte=5, idle=5, total=10)
Says = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def speaking(says: Says) -> AsyncGenerator[tuple[str, list[asyncio.StreamWriter]]]:
    """A server that says whatever it likes to each request; its address, and who has connected."""
    met: list[asyncio.StreamWriter] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        met.append(writer)
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                await reader.readexactly(int(head.lower().partition(b"content-length: ")[2].split()[0]))
                await says(head, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", met
        for each in met:
            each.close()


@asynccontextmanager
async def transport(**settings: Any) -> AsyncGenerator[Transport]:
    made = Transport(**settings)
    try:
        yield made
    finally:
        await made.close()


async def fetched(made: Transport, url: str, headers: dict[str, str] | None = None) -> bytes:
    async with made.post(Outgoing(url, headers or {}, b"{}"), LIMITS, stream=False) as reply:
        return await reply.read(1 << 24)


def saying(*pieces: bytes, close: bool = False) -> Says:
    async def says(_: bytes, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if close:
            writer.close()

    return says


def noticed(
    monkeypatch: pytest.MonkeyPatch, method: str, when: Callable[[Connection], bool]
) -> asyncio.Event:
    """Set once a connection was told this and the condition holds."""
    event, original = asyncio.Event(), getattr(Connection, method)

    def told(self: Connection, *args: object) -> None:
        original(self, *args)
        if when(self):
            event.set()

    monkeypatch.setattr(Connection, method, told)
    return event


CHUNKED = OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"
LONG = OK + b"content-length: 11\r\n\r\nhello world"
ASKED = b"HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\n" + LONG
PACKED = gzip.compress(b"hello world")
UNASKED = OK + b"content-encoding: gzip\r\ncontent-length: %d\r\n\r\n%b" % (len(PACKED), PACKED)


@pytest.mark.parametrize("framed", [CHUNKED, LONG, ASKED, UNASKED], ids=["chunks", "length", "1xx", "packed"])
@given(cuts=st.lists(st.integers(1, 200), max_size=4))
def test_a_reply_is_the_same_however_it_is_cut_and_the_next_one_follows(
    framed: bytes, cuts: list[int]
) -> None:
    places = [0, *sorted({cut for cut in cuts if cut < len(framed)}), len(framed)]
    pieces = [framed[start:end] for start, end in pairwise(places)]

    async def twice() -> None:
        async with speaking(saying(*pieces)) as (url, met), transport() as made:
            assert [await fetched(made, url), await fetched(made, url)] == [b"hello world"] * 2
            assert len(met) == 1

    asyncio.run(twice())


async def test_a_reply_without_a_length_ends_with_its_connection() -> None:
    async with speaking(saying(OK + b"\r\nhello", close=True)) as (url, met), transport() as made:
        assert [await fetched(made, url), await fetched(made, url)] == [b"hello"] * 2
        assert len(met) == 2


@pytest.mark.parametrize(
    ("said", "where"),
    [
        (OK + b"content-length: 20\r\n\r\nhello", "cut"),
        (OK + b"transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n", "cut"),
        (OK + b"transfer-encoding: chunked\r\n\r\nnothing\r\n", "cut"),
        (UNASKED.replace(b"%d" % len(PACKED), b"%d" % (len(PACKED) - 5))[:-5], "cut"),
        (b"HTTP/1.1 200 OK\r\ncontent-", "cut"),
        (OK + b"content-length: 5\r\ncontent-length: 6\r\n\r\nhello!", "protocol"),
        (OK + b"content-length: 5\r\ntransfer-encoding: chunked\r\n\r\nhello", "protocol"),
        (b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n", "protocol"),
        (OK + b"x: " + b"y" * 200_000, "protocol"),
        (b"", "cut"),
    ],
    ids=["short", "no last chunk", "no chunk", "half a pack", "half a head", "two lengths", "length and chunks",
         "upgrade", "endless head", "nothing"],
)  # fmt: skip
async def test_what_is_no_whole_reply_is_none(said: bytes, where: str) -> None:
    async with speaking(saying(said, close=True)) as (url, _), transport() as made:
        with pytest.raises(NoReply) as caught:
            await fetched(made, url)
        assert (caught.value.where, caught.value.sent) == (where, True)


async def test_bytes_that_nobody_asked_for_belong_to_no_reply() -> None:
    async with speaking(saying(LONG + b"HTTP/1.1 200 OK\r\n")) as (url, met), transport() as made:
        assert await fetched(made, url) == b"hello world"
        assert await fetched(made, url) == b"hello world"
        assert len(met) == 2, "what spoke out of turn was used again"


async def test_a_connection_that_was_closed_meanwhile_is_not_used_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = noticed(monkeypatch, "connection_lost", lambda _: True)
    async with speaking(saying(LONG)) as (url, met), transport() as made:
        assert await fetched(made, url) == b"hello world"
        met[0].close()
        await gone.wait()
        assert await fetched(made, url) == b"hello world"
        assert len(met) == 2


async def test_no_header_can_begin_another_request() -> None:
    async with speaking(saying(LONG)) as (url, met), transport() as made:
        for smuggled in ("a\r\nx: y", "a\nb", "a\rb", "a\0b"):
            with pytest.raises(NoReply) as caught:
                await fetched(made, url, {"x-said": smuggled})
            assert (caught.value.where, caught.value.sent) == ("protocol", False)
        for address in ("http://h/a b", "http:///x", "ftp://h/", "http://h:x/", "http://h/\r\nx: y", "h"):
            with pytest.raises(NoReply, match="no address"):
                await fetched(made, address)
        assert met == []


async def test_our_own_lengths_and_no_others_are_sent() -> None:
    heard: list[bytes] = []

    async def says(head: bytes, writer: asyncio.StreamWriter) -> None:
        heard.append(head.lower())
        await saying(LONG)(head, writer)

    async with speaking(says) as (url, _), transport() as made:
        given = {
            "Content-Length": "999",
            "Transfer-Encoding": "chunked",
            "Host": "elsewhere",
            "Accept": "a/b",
        }
        await fetched(made, url, given)
    assert heard[0].count(b"content-length: 2\r\n") == heard[0].count(b"content-length") == 1
    assert b"transfer-encoding" not in heard[0]
    assert b"elsewhere" not in heard[0]
    assert heard[0].count(b"accept: ") == heard[0].count(b"accept: a/b\r\n") == 1


async def test_a_sender_is_held_back_while_nobody_takes_what_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, sent = 32 << 20, 0
    paused = noticed(monkeypatch, "buffer_updated", lambda it: it._paused)  # pyright: ignore[reportPrivateUsage]

    async def says(_: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(OK + b"content-length: %d\r\n\r\n" % whole)
        while sent < whole:
            writer.write(bytes(1 << 16))
            await writer.drain()
            sent += 1 << 16

    async with speaking(says) as (url, _), transport() as made:
        async with made.post(Outgoing(url, {}, b""), LIMITS, stream=True) as reply:
            assert await reply.next()
            await paused.wait()
            assert sent < whole // 2, "it was not held back"
            size, more = 0, b"x"
            while more:
                more = await reply.next()
                size += len(more)
        assert size <= whole == sent


async def test_no_more_connections_stand_than_may_and_whoever_waits_gets_the_next() -> None:
    most, under_way, seen = 2, 0, 0

    async def says(head: bytes, writer: asyncio.StreamWriter) -> None:
        nonlocal under_way, seen
        under_way += 1
        seen = max(seen, under_way)
        await asyncio.sleep(0)
        under_way -= 1
        await saying(LONG)(head, writer)

    async with speaking(says) as (url, met), transport(connections=most) as made:
        found = await asyncio.gather(*(fetched(made, url) for _ in range(20)))
        assert (found, len(met)) == ([b"hello world"] * 20, most)
        assert seen <= most


async def test_an_address_that_leads_nowhere_does_not_keep_the_next_one_from_being_tried(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(full.getsockname())
        async with speaking(saying(LONG)) as (url, _), transport() as made:
            there = ("127.0.0.1", int(url.rpartition(":")[2]))
            infos = [(socket.AF_INET, socket.SOCK_STREAM, 0, "", at) for at in (full.getsockname(), there)]

            async def resolved(*_: object, **__: object) -> object:
                return infos

            monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
            monkeypatch.setattr(connecting, "_STAGGER", 0.0)
            assert await fetched(made, "http://provider.example:80/") == b"hello world"
        for each in waiting:
            each.close()
