"""A TCP proxy before Postgres that cuts the line at a chosen moment: before a request arrives, or its answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit


class Proxy:
    """Passes bytes on until something armed happens; then every line is cut."""

    def __init__(self, host: str, port: int) -> None:
        self.open_for_new = asyncio.Event()
        self.open_for_new.set()
        self.cut = asyncio.Event()
        self._target = (host, port)
        self._refusing = False
        self._lost_request: bytes | None = None
        self._lost_answer: bytes | None = None
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    def lose_request(self, holding: bytes) -> None:
        """Cut when a client is about to send this, which never arrives."""
        self._lost_request = holding

    def lose_answer(self, holding: bytes) -> None:
        """Cut when the server has answered with this, which nobody hears."""
        self._lost_answer = holding

    def refuse(self, *, for_good: bool = True) -> None:
        """Cut every line, and each new one at once; or stop doing so."""
        self._refusing = for_good
        self._cut_all()

    async def serve(self, client: asyncio.StreamReader, answer: asyncio.StreamWriter) -> None:
        self._writers.append(answer)
        await self.open_for_new.wait()
        if self._refusing or answer.is_closing():
            answer.transport.abort()
            return
        server, request = await asyncio.open_connection(*self._target)
        self._writers.append(request)
        self._tasks.add(asyncio.create_task(self._pass(client, request, is_request=True)))
        self._tasks.add(asyncio.create_task(self._pass(server, answer, is_request=False)))

    async def close(self) -> None:
        self._cut_all()
        self.open_for_new.set()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _pass(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, is_request: bool
    ) -> None:
        while data := await source.read(65536):
            wanted = self._lost_request if is_request else self._lost_answer
            if wanted is not None and wanted in data:
                self._lost_request = self._lost_answer = None
                self.cut.set()
                self._cut_all()
                return
            to.write(data)
        to.close()

    def _cut_all(self) -> None:
        for writer in self._writers:
            writer.transport.abort()
        self._writers.clear()


@asynccontextmanager
async def proxied(dsn: str) -> AsyncGenerator[tuple[str, Proxy]]:
    """The same database as at `dsn`, by way of a proxy."""
    parts = urlsplit(dsn)
    assert parts.hostname is not None
    assert parts.port is not None
    proxy = Proxy(parts.hostname, parts.port)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    try:
        port = server.sockets[0].getsockname()[1]
        yield parts._replace(netloc=f"{parts.username}@127.0.0.1:{port}").geturl(), proxy
    finally:
        server.close()
        await proxy.close()
        await server.wait_closed()
