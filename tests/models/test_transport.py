"""The way out, against real servers on loopback: every wait has an end, and nothing is followed or leaked."""

from __future__ import annotations

import asyncio
import datetime as dt
import gc
import logging
import socket
import ssl
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from remit.models.provider import Deadlines
from remit.models.transport import NoReply, Outgoing, Transport
from tests.models.upstream import Upstream, hung_up, silence, split, streamed, upstream, whole

KEY = "sk-canary-0123456789"
SOON = 0.1


@asynccontextmanager
async def transport() -> AsyncGenerator[Transport]:
    made = Transport()
    try:
        yield made
    finally:
        await made.close()


def to(server: Upstream, path: str = "/v1/x") -> Outgoing:
    return Outgoing(f"{server.url}{path}", {"authorization": f"Bearer {KEY}", "cookie-less": "1"}, b'{"a":1}')


def within(**seconds: float) -> Deadlines:
    return Deadlines(**{"connect": 2, "first_byte": 5, "idle": 5, "total": 10, **seconds})


async def fetched(made: Transport, request: Outgoing, limits: Deadlines, *, stream: bool = True) -> bytes:
    async with made.post(request, limits, stream=stream) as reply:
        return await reply.read(1 << 20)


async def test_a_reply_comes_with_status_headers_and_bytes() -> None:
    async with upstream(whole({"ok": True}, 202, {"X-Request-Id": "r1"})) as server, transport() as made:
        async with made.post(to(server), within(), stream=False) as reply:
            assert (reply.status, reply.headers["x-request-id"]) == (202, "r1")
            assert await reply.read(100) == b'{"ok": true}'
        seen = server.seen[0]
        assert (seen.path, seen.body, seen.headers["Authorization"]) == ("/v1/x", {"a": 1}, f"Bearer {KEY}")


async def test_an_address_is_sent_as_it_was_signed() -> None:
    async with upstream(whole({})) as server, transport() as made:
        await fetched(made, to(server, "/model/a%3Ab%2Fc%20d/invoke?x=%7E"), within())
        assert server.seen[0].path == "/model/a%3Ab%2Fc%20d/invoke"


async def test_connections_are_used_again_and_a_half_read_one_is_not() -> None:
    ports: set[int] = set()

    async def answer(server: Upstream, request: object) -> object:
        ports.add(request.transport.get_extra_info("peername")[1])  # type: ignore[attr-defined]
        return await streamed([b"a" * 1000, b"b" * 1000])(server, request)  # type: ignore[arg-type]

    async with upstream(answer) as server, transport() as made:  # type: ignore[arg-type]
        for _ in range(3):
            await fetched(made, to(server), within())
        assert len(ports) == 1
        async with made.post(to(server), within(), stream=True) as reply:
            await reply.next()
        await fetched(made, to(server), within())
        assert len(ports) == 2


@pytest.mark.parametrize(
    ("answer", "limits", "stream", "where"),
    [
        (silence(), within(first_byte=SOON), True, "first_byte"),
        (streamed([], "silence"), within(first_byte=SOON), True, "first_byte"),
        (streamed([b"a"], "silence"), within(idle=SOON), True, "idle"),
        (streamed([b"a"], "silence"), within(idle=SOON), False, "idle"),
        (silence(), within(total=SOON), True, "total"),
        (silence(), within(total=SOON, first_byte=0.01), False, "total"),
        (streamed([b"a"], "silence"), within(total=SOON), True, "total"),
        (hung_up(), within(), True, "cut"),
        (streamed([b"a"], "cut"), within(), True, "cut"),
    ],
    ids=["nothing", "only a status", "silent middle", "silent middle of a whole", "total", "a whole waits for total",
         "total of a stream", "closed at once", "cut"],
)  # fmt: skip
async def test_a_wait_ends(answer: object, limits: Deadlines, stream: bool, where: str) -> None:
    async with upstream(answer) as server, transport() as made:  # type: ignore[arg-type]
        with pytest.raises(NoReply) as caught:
            await fetched(made, to(server), limits, stream=stream)
        assert (caught.value.where, caught.value.sent) == (where, True)
        assert_silent(caught.value)


async def test_a_slow_drip_is_no_silence() -> None:
    async def drip(server: Upstream, request: object) -> object:
        return await streamed(split(b"0123456789" * 30, 1))(server, request)  # type: ignore[arg-type]

    async with upstream(drip) as server, transport() as made:  # type: ignore[arg-type]
        assert len(await fetched(made, to(server), within(idle=1))) == 300


async def test_nobody_there_is_known_to_be_unsent() -> None:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = Outgoing(
            f"http://127.0.0.1:{free.getsockname()[1]}/", {"authorization": f"Bearer {KEY}"}, b""
        )
        async with transport() as made:
            with pytest.raises(NoReply, match="no connection") as caught:
                await fetched(made, address, within())
    assert (caught.value.where, caught.value.sent) == ("connect", False)
    assert_silent(caught.value)


async def test_a_connection_that_never_stands_is_known_to_be_unsent() -> None:
    # a listener whose queue is full takes no more: the next connection hangs
    with closing(socket.socket()) as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for each in waiting:
            each.setblocking(False)
            each.connect_ex(busy.getsockname())
        async with transport() as made:
            with pytest.raises(NoReply) as caught:
                await fetched(
                    made,
                    Outgoing(f"http://127.0.0.1:{busy.getsockname()[1]}/", {}, b""),
                    within(connect=SOON),
                )
        for each in waiting:
            each.close()
    assert (caught.value.where, caught.value.sent) == ("connect", False)


async def test_a_certificate_that_nobody_vouches_for_ends_it_before_anything_is_sent() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = (
        x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")]),
        dt.datetime.now(dt.UTC),
    )
    made_up = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    with tempfile.NamedTemporaryFile() as file:
        pem = serialization.Encoding.PEM
        file.write(made_up.public_bytes(pem))
        file.write(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        file.flush()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file.name)
    heard: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        heard.append(await reader.read())
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0, ssl=context)
    async with server, transport() as made:
        url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(NoReply, match="certificate is not valid") as caught:
            await fetched(made, Outgoing(url, {"x-api-key": KEY}, b""), within())
    assert (caught.value.where, caught.value.sent, heard) == ("connect", False, [])
    assert_silent(caught.value)


async def test_what_is_no_http_is_said_to_be_none() -> None:
    async def babble(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    async with server, transport() as made:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(NoReply, match="not HTTP") as caught:
            await fetched(made, Outgoing(url, {"x-api-key": KEY}, b""), within())
    assert caught.value.where == "protocol"
    assert_silent(caught.value)


async def test_a_redirect_is_not_followed() -> None:
    async with upstream(whole({})) as elsewhere, transport() as made:
        moved = whole({}, 307, {"location": f"{elsewhere.url}/steal"})
        async with upstream(moved) as server, made.post(to(server), within(), stream=False) as reply:
            assert reply.status == 307
        assert elsewhere.seen == []


async def test_the_environment_names_no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with upstream(whole({"from": "proxy"})) as proxy, upstream(whole({"from": "server"})) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        async with transport() as made:
            assert await fetched(made, to(server), within()) == b'{"from": "server"}'
        assert proxy.seen == []


async def test_a_cookie_is_not_kept() -> None:
    async with upstream(whole({}, 200, {"set-cookie": "session=1; Path=/"})) as server, transport() as made:
        for _ in range(2):
            await fetched(made, to(server), within())
        assert "Cookie" not in server.seen[1].headers


async def test_an_answer_that_is_too_large_is_not_collected() -> None:
    async with upstream(whole(b"x" * (50 << 20))) as server, transport() as made:
        with pytest.raises(NoReply, match="larger than 1048576") as caught:
            await fetched(made, to(server), within(), stream=False)
        assert caught.value.where == "too_large"


async def test_leaving_hangs_up() -> None:
    async with upstream(streamed([b"a"], "silence")) as server, transport() as made:
        async with made.post(to(server), within(), stream=True) as reply:
            assert await reply.next() == b"a"
        async with asyncio.timeout(5):
            await server.hung_up.wait()


async def test_being_cancelled_hangs_up() -> None:
    async with upstream(silence()) as server, transport() as made:
        task = asyncio.create_task(fetched(made, to(server), within()))
        await server.asked.wait()
        task.cancel()
        async with asyncio.timeout(5):
            await server.hung_up.wait()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_nothing_of_a_request_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with upstream(whole({}), hung_up()) as server, transport() as made:
        await fetched(made, to(server, "/secret-path"), within())
        with pytest.raises(NoReply):
            await fetched(made, to(server, "/secret-path"), within())
    said = "\n".join(f"{record.getMessage()} {record.args}" for record in caplog.records)
    assert KEY not in said


def test_each_loop_has_its_own_connections() -> None:
    made = Transport()

    async def once() -> None:
        async with upstream(whole({})) as server:
            await fetched(made, to(server), within())
            await made.close()

    asyncio.run(once())
    asyncio.run(once())
    gc.collect()


def assert_silent(wrong: BaseException) -> None:
    """Neither the error nor anything that hangs on it shows the key or the address."""
    seen: BaseException | None = wrong
    while seen is not None:
        assert KEY not in f"{seen!s}{seen!r}{vars(seen)}"
        assert "/v1/x" not in f"{seen!s}{seen!r}"
        seen = seen.__cause__ or seen.__context__
