"""The ban on networks holds, however a test tries to leave."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.network import NetworkBanned

ELSEWHERE = "192.0.2.1"  # reserved for documentation: nobody answers there


def test_no_other_host_is_contacted() -> None:
    with socket.socket() as plain, pytest.raises(NetworkBanned):
        plain.connect((ELSEWHERE, 9))
    with socket.socket(type=socket.SOCK_DGRAM) as datagrams, pytest.raises(NetworkBanned):
        datagrams.sendto(b"out", (ELSEWHERE, 9))


def test_no_other_name_is_looked_up() -> None:
    with pytest.raises(NetworkBanned):
        socket.getaddrinfo("example.invalid", 443)
    with pytest.raises(NetworkBanned):
        socket.gethostbyname("example.invalid")


def test_no_server_listens_to_the_outside() -> None:
    with socket.socket() as server, pytest.raises(NetworkBanned):
        server.bind(("", 0))


async def test_the_event_loop_is_under_the_ban() -> None:
    with pytest.raises(NetworkBanned):
        await asyncio.open_connection(ELSEWHERE, 9)
    with pytest.raises(NetworkBanned):
        await asyncio.open_connection("example.invalid", 9)


async def test_loopback_and_unix_sockets_work(tmp_path_factory: pytest.TempPathFactory) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        await writer.drain()
        writer.close()

    async def echoed(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        writer.write(b"here\n")
        line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        return line

    path = tmp_path_factory.mktemp("s") / "s"
    tcp = await asyncio.start_server(answer, "localhost", 0)
    unix = await asyncio.start_unix_server(answer, path)
    async with tcp, unix:
        host, port = tcp.sockets[0].getsockname()[:2]
        assert await echoed(*await asyncio.open_connection(host, port)) == b"here\n"
        assert await echoed(*await asyncio.open_unix_connection(path)) == b"here\n"
