"""One HTTP request on its way through the server: its headers once, its body within a limit, an id in every reply, and
whether the client is still there. It knows no dialect and no platform.
"""

from __future__ import annotations

import asyncio
import secrets
from itertools import count
from time import perf_counter
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from remit.domain.action_errors import ClientGone
from remit.server.faults import BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping

    from remit.domain.fronting import Caller

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    ASGIApp = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]
    Handler = Callable[["Request"], Awaitable[None]]

JSON = (b"content-type", b"application/json")
_HERE, _NUMBERS = secrets.token_hex(8), count(1)
"""What tells the requests of this process from those of any other, and from each other."""
BEGAN = "remit.began"
"""Where the protocol notes when the first byte of a request came."""


class Request:
    """One request."""

    __slots__ = (
        "_body", "_receive", "_send", "_watcher", "also", "began", "begun", "caller", "dialect", "gone", "headers",
        "id", "limit", "path", "run", "scope", "shown", "started",
    )  # fmt: skip

    caller: Caller

    def __init__(
        self, scope: dict[str, Any], receive: Receive, send: Send, dialect: str, limit: int = 2**25
    ) -> None:
        self.started = perf_counter()
        """When we took it up."""
        self.began: float = scope.get(BEGAN, self.started)
        """When its first byte came."""
        self.scope = scope
        self.path: str = scope["path"]
        self.headers: dict[str, str] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        self.dialect = dialect
        self.limit = limit
        self.id = next_id()
        self.run = ""
        """The run that it is, once it is one."""
        self.also: dict[bytes, bytes] = {}
        """What the reply says beside all else, in place of what others say by these names."""
        self.begun = False
        """Whether the reply has begun."""
        self.shown = False
        """Whether a part of a streamed answer went out; a sign of life is none."""
        self.gone: asyncio.Future[None] | None = None
        self._receive = receive
        self._send = send
        self._body: bytes | None = None
        self._watcher: asyncio.Task[None] | None = None

    @property
    def method(self) -> str:
        """Its verb."""
        return self.scope["method"]

    @property
    def query(self) -> dict[str, str]:
        """What stands behind the question mark."""
        text = self.scope.get("query_string", b"").decode("latin-1")
        return dict(parse_qsl(text, keep_blank_values=True))

    async def body(self) -> bytes:
        """All of it; raises `BodyTooLarge` beyond the limit."""
        if self._body is not None:
            return self._body
        said = self.headers.get("content-length", "")
        if said.isascii() and said.isdecimal() and int(said) > self.limit:
            raise BodyTooLarge(_too_large(self.limit))
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise ClientGone("the client left before it had sent its request.")
            part: bytes = message.get("body", b"")
            size += len(part)
            if size > self.limit:
                raise BodyTooLarge(_too_large(self.limit))
            parts.append(part)
            more = message.get("more_body", False)
        self._body = parts[0] if len(parts) == 1 else b"".join(parts)
        return self._body

    async def reply(
        self, status: int, headers: Iterable[tuple[bytes, bytes]] = (), body: bytes = b""
    ) -> None:
        """The whole reply, or the rest of one that has begun."""
        if not self.begun:
            await self.begin(status, headers, len(body))
        await self._send({"type": "http.response.body", "body": body, "more_body": False})

    async def begin(
        self, status: int, headers: Iterable[tuple[bytes, bytes]], length: int | None = None
    ) -> None:
        """Status and headers; what follows is written."""
        self.begun = True
        raw = [*headers]
        mark = self.id.encode()
        raw += [(b"x-request-id", mark), (b"request-id", mark)]
        if self.also:
            raw = [each for each in raw if each[0] not in self.also] + [*self.also.items()]
        if self.run:
            raw.append((b"x-remit-run", self.run.encode()))
        if length is not None:
            raw.append((b"content-length", b"%d" % length))
        await self._send({"type": "http.response.start", "status": status, "headers": raw})

    async def write(self, data: bytes) -> None:
        """A piece of the reply; returns when there is room for more."""
        await self._send({"type": "http.response.body", "body": data, "more_body": True})

    async def finish(self) -> None:
        """The end of a reply that was written piece by piece."""
        await self._send({"type": "http.response.body", "body": b"", "more_body": False})

    def through(self, way: Callable[[Send], Send]) -> None:
        """Reply by another way, made of the present one."""
        self._send = way(self._send)

    # --- whether the client is still there ------------------------------------------------------------

    def watch(self, left: Callable[[], None]) -> None:
        """Call this when the client goes; to be asked for once the body is read."""
        if self._watcher is None:
            self._watcher = asyncio.get_running_loop().create_task(self._watch(left))

    def unwatch(self) -> None:
        """The reply is over."""
        if self._watcher is not None:
            self._watcher.cancel()
            self._watcher = None

    async def _watch(self, left: Callable[[], None]) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        left()


def next_id() -> str:
    """The name of a request."""
    return f"req_{_HERE}{next(_NUMBERS):08x}"


def raw_of(headers: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Headers as they travel."""
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]


def _too_large(limit: int) -> str:
    return f"the request is larger than {limit:,} bytes, the most that is taken here."
