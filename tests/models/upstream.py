"""A real server on loopback that answers as a test says, well or badly, and remembers what it was sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web

Answer = Callable[["Upstream", web.Request], Awaitable[web.StreamResponse]]
EVENTS = "text/event-stream"


@dataclass(frozen=True)
class Seen:
    """A request as it arrived."""

    path: str
    query: str
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Upstream:
    """Gives its answers in order; the last one again and again."""

    def __init__(self) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.answers: list[Answer] = []
        self.asked = asyncio.Event()
        self.hung_up = asyncio.Event()
        self.over = asyncio.Event()

    def says(self, *answers: Answer) -> None:
        self.answers = list(answers)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        path = request.raw_path.partition("?")[0]
        self.seen.append(Seen(path, request.query_string, request.headers, raw))
        self.asked.set()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        try:
            return await answer(self, request)
        except (ConnectionError, asyncio.CancelledError):
            self.hung_up.set()
            raise


@asynccontextmanager
async def upstream(*answers: Answer) -> AsyncGenerator[Upstream]:
    server = Upstream()
    server.says(*answers)
    app = web.Application(client_max_size=1 << 28)
    app.router.add_route("*", "/{tail:.*}", server.handle)
    runner = web.AppRunner(app, handler_cancellation=True, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        server.over.set()
        await runner.cleanup()


# --- answers ---------------------------------------------------------------------------------------------------


def whole(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    """A whole body: JSON, or the bytes as they are."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    said = {"content-type": "application/json", **(headers or {})}

    async def answer(server: Upstream, request: web.Request) -> web.StreamResponse:
        return web.Response(body=data, status=status, headers=said)

    return answer


def streamed(chunks: Iterable[bytes], then: str = "end", kind: str = EVENTS) -> Answer:
    """A body piece by piece, each in a packet of its own; then it ends, is cut, or keeps silent."""
    pieces = tuple(chunks)

    async def answer(server: Upstream, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": kind})
        response.enable_chunked_encoding()
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            await asyncio.sleep(0)
        if then == "cut":
            assert request.transport is not None
            request.transport.abort()
        elif then == "silence":
            await server.over.wait()
        return response

    return answer


def silence() -> Answer:
    """Nothing at all."""

    async def answer(server: Upstream, request: web.Request) -> web.StreamResponse:
        await server.over.wait()
        return web.Response(status=503)

    return answer


def hung_up() -> Answer:
    """The connection is closed without a word."""

    async def answer(server: Upstream, request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.abort()
        return web.Response(status=500)

    return answer


def split(data: bytes, size: int) -> list[bytes]:
    """The same bytes in pieces of this size."""
    return [data[at : at + size] for at in range(0, len(data), size)]
