"""The way out to providers: one POST, one reply whose bytes come as they arrive, and a deadline on every wait.

It knows no dialect and no provider. It never follows a redirect, takes no proxy from the environment, keeps no
cookies, and says nothing about a failure but which part of the exchange it was: no address, header or body of a
request ever stands in an error, because keys do.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar
from weakref import WeakKeyDictionary

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable

    import aiohttp
    import yarl

    from remit.models.provider import Deadlines
else:
    aiohttp, yarl = on_use("aiohttp"), on_use("yarl")  # a fifth of what a worker's start costs

Where = Literal["connect", "first_byte", "idle", "total", "cut", "too_large", "protocol"]


class NoReply(Exception):
    """An exchange did not come to its end; `where` says in which part, `sent` whether the request may have arrived."""

    def __init__(self, where: Where, detail: str, *, sent: bool) -> None:
        self.where: Where = where
        self.detail = detail
        self.sent = sent
        super().__init__(detail)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request, ready to be sent. Address and headers may hold a key, so they never show."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Reply:
    """What came back: the status at once, the bytes as they arrive."""

    def __init__(self, response: aiohttp.ClientResponse, patience: _Patience) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.headers.items()}
        self._content = response.content
        self._patience = patience
        self._begun = False

    async def next(self) -> bytes:
        """More of the body, empty at its end; raises `NoReply` where it is cut or keeps silent for too long."""
        try:
            data = await self._patience.wait(self._content.readany(), "idle" if self._begun else "first_byte")
        except (aiohttp.ClientError, OSError) as wrong:
            detail = f"the connection broke in the middle of its answer ({type(wrong).__name__})"
        else:
            self._begun = True
            return data
        raise NoReply(
            "cut", detail, sent=True
        )  # outside of the handler: what aiohttp raises holds the request

    async def read(self, most: int) -> bytes:
        """The whole body; raises `NoReply` once it is larger than `most` bytes."""
        found = bytearray()
        while data := await self.next():
            found += data
            if len(found) > most:
                raise NoReply("too_large", f"its answer is larger than {most} bytes", sent=True)
        return bytes(found)

    async def drain(self, seconds: float = 0.1) -> None:
        """Give a finished stream a moment to end, so that its connection can be used again."""
        with suppress(NoReply, TimeoutError):
            async with asyncio.timeout(seconds):
                while await self._content.readany():
                    pass


class Transport:
    """Connections to providers, kept alive between calls; one pool for each event loop."""

    def __init__(self, *, connections: int = 512, keep_alive: float = 15.0) -> None:
        self._connections = connections
        self._keep_alive = keep_alive
        self._sessions: WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
            WeakKeyDictionary()
        )

    @asynccontextmanager
    async def post(self, request: Outgoing, deadlines: Deadlines, *, stream: bool) -> AsyncGenerator[Reply]:
        """Send it and give the reply; whatever was not read when the block ends is cut off.

        A stream has to begin within the first-byte deadline. A whole answer begins when the model has finished, so
        only the total bounds it.
        """
        patience = _Patience(deadlines, stream=stream)
        response = await self._send(request, deadlines, patience)
        try:
            yield Reply(response, patience)
        finally:
            # a connection in the middle of an answer must not go back to the pool
            response.release() if response.content.at_eof() else response.close()

    async def close(self) -> None:
        """Close the connections of the running loop."""
        session = self._sessions.pop(asyncio.get_running_loop(), None)
        if session is not None:
            await session.close()

    async def _send(
        self, request: Outgoing, deadlines: Deadlines, patience: _Patience
    ) -> aiohttp.ClientResponse:
        try:
            return await patience.wait(
                self._session().post(
                    yarl.URL(request.url, encoded=True),  # as it was signed: not one sign is rewritten
                    data=request.body,
                    headers=request.headers,
                    allow_redirects=False,
                    timeout=aiohttp.ClientTimeout(total=None, connect=deadlines.connect),
                ),
                "first_byte",
            )
        except aiohttp.ConnectionTimeoutError:
            failure = NoReply("connect", f"no connection within {deadlines.connect:g} s", sent=False)
        except aiohttp.ClientConnectorError as wrong:
            failure = NoReply("connect", f"no connection: {_why(wrong)}", sent=False)
        except (aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError):
            failure = NoReply("protocol", "its address is no address", sent=False)
        except aiohttp.ServerDisconnectedError:
            failure = NoReply("cut", "it closed the connection without an answer", sent=True)
        except aiohttp.ClientResponseError:
            failure = NoReply("protocol", "its answer is not HTTP", sent=True)
        except (aiohttp.ClientError, OSError) as wrong:
            failure = NoReply("cut", f"the connection broke ({type(wrong).__name__})", sent=True)
        raise failure  # outside of the handler: what aiohttp raises holds the request, and with it the key

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._connections, keepalive_timeout=self._keep_alive, ttl_dns_cache=30
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "remit"},
                trust_env=False,
                max_line_size=_LONGEST_HEADER,
                max_field_size=_LONGEST_HEADER,
            )
        return session


_LONGEST_HEADER = 64 * 1024
_T = TypeVar("_T")


class _Patience:
    """How long one exchange may still wait, and for what."""

    def __init__(self, deadlines: Deadlines, *, stream: bool) -> None:
        self._loop = asyncio.get_running_loop()
        self._until = self._loop.time() + deadlines.total
        self._seconds: dict[str, float] = {
            "first_byte": deadlines.first_byte if stream else deadlines.total,
            "idle": deadlines.idle,
        }
        self._total = deadlines.total

    async def wait(self, something: Awaitable[_T], where: Literal["first_byte", "idle"]) -> _T:
        """Its result; raises `NoReply` if it takes longer than this part, or the whole, may take."""
        seconds = self._seconds[where]
        when = self._loop.time() + seconds
        limit = asyncio.timeout_at(min(when, self._until))
        try:
            async with limit:
                return await something
        except TimeoutError:
            if not limit.expired():
                raise  # a socket's own, which is an OSError and says so itself
        if when >= self._until:
            raise NoReply("total", f"no whole answer within {self._total:g} s", sent=True)
        silence = "no first byte" if where == "first_byte" else "silence in the middle of its answer"
        raise NoReply(where, f"{silence} for {seconds:g} s", sent=True)


def _why(wrong: aiohttp.ClientConnectorError) -> str:
    """What the system said, without the address that it could not reach."""
    if isinstance(wrong, aiohttp.ClientConnectorCertificateError):
        return "its certificate is not valid"
    if isinstance(wrong, aiohttp.ClientConnectorSSLError):
        return "TLS failed"
    if isinstance(wrong, aiohttp.ClientConnectorDNSError):
        return "its name cannot be resolved"
    return wrong.os_error.strerror or type(wrong.os_error).__name__
