"""Places that keep checkpoints, as they are: a file, a web server, a syslog on UDP and TCP, and a bucket that speaks
the wire of S3 with object lock.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from xml.sax.saxutils import escape

from aiohttp import web

from remit.store.anchor import Anchor
from remit.store.anchors.opening import open_anchors
from tests.serving import serving

TOKEN = "the-receivers-token"


@dataclass
class Receiver:
    """One place, the anchor that writes to it, and what it got."""

    anchor: Anchor
    lines: Callable[[], list[str]]
    fail: Callable[[bool], None]
    """Let it refuse from now on, or take things again."""
    readable: bool = False
    arrived: asyncio.Event = field(default_factory=asyncio.Event)


@asynccontextmanager
async def file(folder: Path) -> AsyncGenerator[Receiver]:
    path = folder / "deep" / "anchor.jsonl"
    hidden = folder / "hidden"

    def fail(refuse: bool) -> None:
        if refuse:
            path.rename(hidden)
            path.mkdir()
        else:
            path.rmdir()
            hidden.rename(path)

    (anchor,) = open_anchors(["file:deep/anchor.jsonl"], folder)
    yield Receiver(anchor, lambda: path.read_text().splitlines(), fail, readable=True)


@asynccontextmanager
async def webhook(folder: Path) -> AsyncGenerator[Receiver]:
    got: dict[str, str] = {}
    refuse = False

    async def take(request: web.Request) -> web.Response:
        if refuse or request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return web.Response(status=503)
        got[request.headers["Idempotency-Key"]] = await request.text()
        return web.Response(status=201)

    def fail(no: bool) -> None:
        nonlocal refuse
        refuse = no

    async with serving(web.post("/log", take)) as address:
        (anchor,) = open_anchors([f"{address}/log?secret=in-the-query"], folder, TOKEN)
        yield Receiver(anchor, lambda: list(got.values()), fail)


@asynccontextmanager
async def syslog_udp(folder: Path) -> AsyncGenerator[Receiver]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as door:
        door.bind(("127.0.0.1", 0))
        door.settimeout(5)
        (anchor,) = open_anchors([f"syslog+udp://127.0.0.1:{door.getsockname()[1]}"], folder)
        got: list[str] = []

        def lines() -> list[str]:
            door.setblocking(False)
            try:
                while True:
                    got.append(door.recv(65_536).decode())
            except BlockingIOError:
                return got

        yield Receiver(anchor, lines, lambda _: None)


@asynccontextmanager
async def syslog_tcp(folder: Path) -> AsyncGenerator[Receiver]:
    got: list[str] = []
    refuse = False

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not refuse:
            try:
                length = int(await reader.readuntil(b" "))
            except (asyncio.IncompleteReadError, ConnectionError):
                break
            got.append((await reader.readexactly(length)).decode())
        writer.close()

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]

    def fail(no: bool) -> None:
        if no:
            server.close()

    (anchor,) = open_anchors([f"syslog+tcp://127.0.0.1:{port}"], folder)
    try:
        yield Receiver(anchor, lambda: got, fail)
    finally:
        server.close()


@dataclass
class Bucket:
    """As much of S3 as puts, lists and gives objects, and keeps what is locked."""

    objects: dict[str, bytes] = field(default_factory=dict[str, bytes])
    locks: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    refuse: bool = False

    async def put(self, request: web.Request) -> web.Response:
        if self.refuse:
            return self._error(403, "AccessDenied")
        headers, body = request.headers, await request.read()
        assert headers["Authorization"].startswith("AWS4-HMAC-SHA256")
        key = unquote(request.match_info["key"])
        if "x-amz-object-lock-mode" in headers:
            self.locks[key] = (
                headers["x-amz-object-lock-mode"],
                headers["x-amz-object-lock-retain-until-date"],
            )
        self.objects.setdefault(
            key, body
        )  # a locked version stays; another one beside it is not looked at here
        return web.Response(headers={"ETag": '"0"'})

    async def get(self, request: web.Request) -> web.Response:
        if self.refuse:
            return self._error(403, "AccessDenied")
        return web.Response(body=self.objects[unquote(request.match_info["key"])])

    async def listed(self, request: web.Request) -> web.Response:
        if self.refuse:
            return self._error(403, "AccessDenied")
        keys = sorted(key for key in self.objects if key.startswith(request.query["prefix"]))
        entries = "".join(f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>" for key in keys)
        text = f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>"
        return web.Response(text=text, content_type="application/xml")

    def _error(self, status: int, code: str) -> web.Response:
        return web.Response(
            status=status, text=f"<Error><Code>{code}</Code></Error>", content_type="application/xml"
        )


@asynccontextmanager
async def s3(folder: Path) -> AsyncGenerator[Receiver]:
    bucket = Bucket()
    routes = [
        web.put("/vault/{key:.+}", bucket.put), web.get("/vault/{key:.+}", bucket.get),
        web.get("/vault", bucket.listed),
    ]  # fmt: skip

    def lines() -> list[str]:
        assert set(bucket.locks) == set(bucket.objects)
        assert {mode for mode, _ in bucket.locks.values()} <= {"COMPLIANCE"}
        return [bucket.objects[key].decode() for key in sorted(bucket.objects)]

    def fail(no: bool) -> None:
        bucket.refuse = no

    async with serving(*routes) as address:
        url = f"s3://vault/remit/log?region=eu-central-1&lock_days=400&endpoint={address}"
        (anchor,) = open_anchors([url], folder)
        try:
            yield Receiver(anchor, lines, fail, readable=True)
        finally:
            await anchor.close()


ALL: dict[str, Any] = {
    "file": file, "webhook": webhook, "syslog+udp": syslog_udp, "syslog+tcp": syslog_tcp, "s3": s3,
}  # fmt: skip


def note_in(line: str) -> str:
    """The note that a line carries, wherever in it."""
    return json.loads(line[line.index("{") :])["note"]
