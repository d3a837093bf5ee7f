"""What strangers send: each is refused in the words of the dialect that was asked, with the name of the request,
before anything is spent, and tells nothing of the inside. By raw sockets: an HTTP client mends what is broken here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest

from remit.control.sections import ServerSettings
from remit.domain.fronting import KeyScope
from tests.faults.upstream import Faulty, faulty_upstream
from tests.gateway.failing import PATHS, House, frames, house, lone_models
from tests.gateway.relays import BODIES

LIMIT = 100_000
CORNER = "bad"
ROUTE = "openai_chat.sound"
SECRETS = ("Traceback", "/src/", ".py", "sqlite", "site-packages", "127.0.0.1:")
"""What no reply may hold: paths and addresses of the inside."""
DIALECTS = tuple(PATHS)


@pytest.fixture(scope="module")
def faulty() -> Iterator[Faulty]:
    with faulty_upstream() as process:
        yield process


@pytest.fixture(scope="module")
async def made(faulty: Faulty, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    models = lone_models(faulty, CORNER, "openai_chat", "sound", "silent.late")
    settings = ServerSettings(port=0, body_bytes=LIMIT)
    async with house(tmp_path_factory.mktemp("bad"), models, settings=settings) as found:
        yield found


@dataclass(frozen=True, slots=True)
class Said:
    """A reply as it came over the wire."""

    status: int
    headers: list[tuple[str, str]]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)

    def header(self, name: str) -> str:
        return next((value for each, value in self.headers if each == name), "")


async def send(made: House, raw: bytes, *, half_close: bool = False) -> Said:
    """Bytes as they are; one reply."""
    address = urlsplit(made.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        writer.write(raw)
        await writer.drain()
        if half_close:
            writer.write_eof()
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        headers = [
            (name.lower(), value.strip())
            for line in head[1:]
            if line
            for name, _, value in [line.partition(":")]
        ]
        length = next((int(value) for name, value in headers if name == "content-length"), None)
        body = await (reader.read() if length is None else reader.readexactly(length))
        return Said(int(head[0].split(" ")[1]), headers, body)
    finally:
        writer.close()


def request(
    made: House, dialect: str, body: bytes, *lines: str, key: str | None = None, host: str = ""
) -> bytes:
    """A request; `lines` are headers as they are to stand there."""
    said = [
        f"POST {PATHS[dialect]} HTTP/1.1", f"host: {host or urlsplit(made.url).netloc}",
        f"authorization: Bearer {made.key if key is None else key}", "connection: close", *lines,
    ]  # fmt: skip
    if not any(line.lower().startswith(("content-length", "transfer-encoding")) for line in lines):
        said.append(f"content-length: {len(body)}")
    if not any(line.lower().startswith("content-type") for line in lines):
        said.append("content-type: application/json")
    return "\r\n".join(said).encode("latin-1") + b"\r\n\r\n" + body


def judge(said: Said, dialect: str, *statuses: int) -> None:
    """An error of this dialect with one of these statuses, which names the request and nothing of the inside."""
    assert said.status in statuses, said
    assert said.header("x-request-id"), said
    assert said.header("x-request-id") == said.header("request-id")
    text = said.raw.decode()
    assert not [each for each in SECRETS if each in text], text
    if dialect == "anthropic":
        assert said.body["type"] == "error"
        assert said.body["error"]["type"]
        assert said.body["error"]["message"]
        assert said.body["request_id"] == said.header("request-id")
    else:
        assert said.body["error"].keys() >= {"message", "type", "param", "code"}
        assert said.body["error"]["message"]


BROKEN = {
    "nothing": b"",
    "half": b'{"model": "x", ',
    "no object": b'["model"]',
    "null": b"null",
    "number": b"7",
    "no text": b"\xff\xfe\x00",
    "half a letter": b'{"model": "\xf0\x9f"}',
    "not a number": b'{"model": "x", "messages": [], "temperature": NaN}',
    "deep": b'{"model":' + b"[" * 20_000 + b"]" * 20_000 + b"}",
    "deep objects": b'{"model": "x", "messages":' + b'{"a":' * 9_000 + b"1" + b"}" * 9_000 + b"}",
    "a model that is none": b'{"model": {"a": 1}, "messages": "hello"}',
    "two bodies": b'{"model": "x"}{"model": "y"}',
    "a form": b"model=x&messages=hello",
}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_malformed_bodies_are_refused_in_the_dialect(made: House, faulty: Faulty, dialect: str) -> None:
    before = len(faulty.journal(CORNER))
    for name, body in BROKEN.items():
        try:
            judge(await send(made, request(made, dialect, body)), dialect, 400)
        except AssertionError as wrong:
            raise AssertionError(f"{name}: {wrong}") from None
    other = {"openai_chat": "anthropic", "anthropic": "openai_responses", "openai_responses": "openai_chat"}[
        dialect
    ]
    wrong_dialect = json.dumps(BODIES[other] | {"model": ROUTE, "max_tokens": "many"}).encode()
    judge(await send(made, request(made, dialect, wrong_dialect)), dialect, 400)
    plain = request(made, dialect, b"{}", "content-type: text/plain")
    judge(await send(made, plain), dialect, 415)
    assert len(faulty.journal(CORNER)) == before, "nothing of it reached a model"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_unknown_names_and_strange_keys_are_refused_in_the_dialect(made: House, dialect: str) -> None:
    good = json.dumps(BODIES[dialect] | {"model": ROUTE}).encode()
    unknown = json.dumps(BODIES[dialect] | {"model": "nobody"}).encode()
    judge(await send(made, request(made, dialect, unknown)), dialect, 404)
    for key in (
        "",
        "rk_0000000000_none",
        made.key[:-1],
        made.key + "x",
        "rk_' OR 1=1 --_x",
        "Bearer",
        "x" * 9000,
    ):
        judge(await send(made, request(made, dialect, good, key=key)), dialect, 401)
    stranger = f"x-api-key: {'x' * 40}"
    judge(await send(made, request(made, dialect, good, stranger)), dialect, 400, 401)
    scoped = (await made.platform.new_agent_key(KeyScope("other", routes=frozenset({"elsewhere"})))).key
    judge(await send(made, request(made, dialect, good, key=scoped)), dialect, 403)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_is_too_large_is_refused_before_it_is_read(made: House, dialect: str) -> None:
    announced = request(made, dialect, b"{}", f"content-length: {LIMIT * 1000}")
    judge(await send(made, announced), dialect, 413)
    chunk = b"%x\r\n%b\r\n" % (50_000, b" " * 50_000)
    chunked = request(made, dialect, chunk * 3, "transfer-encoding: chunked")
    judge(await send(made, chunked), dialect, 413)


HOSTS = (
    "evil.example",
    "127.0.0.1.evil.example",
    "localhost@evil.example",
    "evil.example:80",
    "[::ffff:8.8.8.8]",
)


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_hosts_and_origins_of_strangers_are_refused(made: House, dialect: str) -> None:
    body = json.dumps(BODIES[dialect] | {"model": ROUTE}).encode()
    for host in HOSTS:
        judge(await send(made, request(made, dialect, body, host=host)), dialect, 403)
    for origin in ("https://evil.example", "null", "http://localhost.evil.example", "file://"):
        judge(await send(made, request(made, dialect, body, f"origin: {origin}")), dialect, 403)
    absolute = request(made, dialect, body, host="evil.example").replace(
        f"POST {PATHS[dialect]}".encode(), f"POST http://127.0.0.1{PATHS[dialect]}".encode()
    )
    assert (await send(made, absolute)).status in {400, 403, 404}


SMUGGLED = {
    "two lengths": ("content-length: 5", "content-length: 6"),
    "a length and chunks": ("content-length: 5", "transfer-encoding: chunked"),
    "two codings": ("transfer-encoding: chunked", "transfer-encoding: identity"),
    "a coding that is none": ("transfer-encoding: xchunked",),
    "a length with a sign": ("content-length: +5",),
    "a length that is none": ("content-length: 5, 5",),
    "a space before the colon": ("content-length : 5",),
    "a folded line": ("x-a: 1\r\n content-length: 5",),
    "a zero in a value": ("x-a: 1\x00", "content-length: 2"),
    "a line feed alone": ("x-a: 1\nx-remit-agent: root", "content-length: 2"),
}


@pytest.mark.parametrize("name", SMUGGLED)
async def test_what_two_servers_would_read_differently_is_refused(
    made: House, faulty: Faulty, name: str
) -> None:
    before = len(faulty.journal(CORNER))
    smuggled = b"0\r\n\r\nGET /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n"
    said = await send(made, request(made, "openai_chat", smuggled, *SMUGGLED[name]), half_close=True)
    judge(said, "openai_chat", 400, 431)
    assert len(faulty.journal(CORNER)) == before


async def test_headers_without_an_end_are_refused(made: House) -> None:
    many = [f"x-{number}: 1" for number in range(20_000)]
    for lines in ([f"x-a: {'a' * 400_000}"], many):
        judge(await send(made, request(made, "openai_chat", b"{}", *lines)), "openai_chat", 431)


PATHS_OF_STRANGERS = (
    "//v1/models", "/v1/../v1/models", "/v1/./models", "/v1/models/../../etc/passwd", "/", "/admin",
    "/v1/models/..%2f..%2fkeys", "/.env", "/v1/responses/resp_none", "/v1/responses/resp_none/x/y", "/v1/models/%00",
    "/" + "a" * 3000, "/v1/models?limit=%C2%B2", "/v1/models?limit=-1&after_id=%FF", "/v1/responses/%F0%28",
)  # fmt: skip


@pytest.mark.parametrize("path", PATHS_OF_STRANGERS)
async def test_strange_paths_lead_nowhere(made: House, path: str) -> None:
    raw = (
        f"GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {made.key}\r\n"
        "anthropic-version: 2026-10-21\r\nconnection: close\r\n\r\n"
    )
    said = await send(made, raw.encode())
    assert said.status < 500, said
    assert said.header("x-request-id"), said
    if "?" not in path:
        judge(said, "anthropic" if said.body.get("type") == "error" else "openai", 400, 404)


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
async def test_a_verb_that_is_not_asked_with_is_refused(made: House, method: str) -> None:
    raw = request(made, "openai_chat", b"").replace(b"POST ", f"{method} ".encode(), 1)
    judge(await send(made, raw), "openai_chat", 405)


async def test_a_key_that_is_revoked_opens_nothing_also_in_the_middle_of_a_stream(made: House) -> None:
    lent = await made.platform.new_agent_key(KeyScope("guest"))
    guest = House(made.platform, made.url, lent.key, made.http)
    async with guest.begin("openai_chat", "openai_chat.silent.late", stream=True) as reply:
        heard = b""
        while b"was" not in heard:
            heard += await reply.content.readany()
        await made.platform.revoke_key(lent.id, "lost")
        async with asyncio.timeout(3):
            heard += await reply.content.read()
    last = [event for _, event in frames(heard)][-1]
    assert last != "[DONE]"
    assert last["error"]["message"]
    good = json.dumps(BODIES["openai_chat"] | {"model": ROUTE}).encode()
    judge(await send(made, request(made, "openai_chat", good, key=lent.key)), "openai_chat", 401)
