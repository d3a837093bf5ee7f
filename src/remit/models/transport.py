"""The way out to providers: one POST, one reply whose bytes come as they arrive, and a deadline on every wait.

It knows no dialect and no provider. It never follows a redirect, takes no proxy from the environment, keeps no
cookies, and says nothing about a failure but which part of the exchange it was: no address, header or body of a
request ever stands in an error, because keys do.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import field
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

from remit.domain.value import value
from remit.models.connecting import Address, Pool
from remit.models.connection import NoReply, Where

if TYPE_CHECKING:
    from types import TracebackType

    from remit.models.connection import Connection
    from remit.models.provider import Deadlines

__all__ = ["NoReply", "Outgoing", "Reply", "Transport", "Where"]


@value
class Outgoing:
    """A request, ready to be sent. Address and headers may hold a key, so they never show."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class Reply:
    """What came back: the status at once, the bytes as they arrive."""

    __slots__ = ("_begun", "_connection", "_patience", "headers", "status")

    def __init__(self, connection: Connection, patience: _Patience) -> None:
        self.status = connection.status
        self.headers = connection.headers
        self._connection = connection
        self._patience = patience
        self._begun = False

    async def next(self) -> bytes:
        """More of the body, empty at its end; raises `NoReply` where it is cut or keeps silent for too long."""
        part: _Part = "idle" if self._begun else "first_byte"
        due = self._patience.due(part)
        try:
            data = await self._connection.more(due)
        except TimeoutError:
            pass
        else:
            self._begun = True
            return data
        raise self._patience.over(part, due)

    async def read(self, most: int) -> bytes:
        """The whole body; raises `NoReply` once it is larger than `most` bytes."""
        pieces, size = list[bytes](), 0
        while data := await self.next():
            pieces.append(data)
            size += len(data)
            if size > most:
                raise NoReply("too_large", f"its answer is larger than {most} bytes", sent=True)
        return b"".join(pieces)

    async def drain(self, seconds: float = 0.1) -> None:
        """Give a finished stream a moment to end, so that its connection can be used again."""
        due = asyncio.get_running_loop().time() + seconds
        with suppress(NoReply, TimeoutError):
            while await self._connection.more(due):
                pass


class Transport:
    """Connections to providers, kept alive between calls; one pool for each event loop."""

    def __init__(self, *, connections: int = 512, keep_alive: float = 15.0) -> None:
        self._connections = connections
        self._keep_alive = keep_alive
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()

    def post(self, request: Outgoing, deadlines: Deadlines, *, stream: bool) -> _Posting:
        """Send it and give the reply, to be used as a context; whatever was not read when the block ends is cut off.

        A stream has to begin within the first-byte deadline. A whole answer begins when the model has finished, so
        only the total bounds it.
        """
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = Pool(self._connections, self._keep_alive)
        return _Posting(pool, request, deadlines, _Patience(loop, deadlines, stream=stream))

    async def close(self) -> None:
        """Close the connections of the running loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            pool.close()


class _Posting:
    """One exchange."""

    __slots__ = ("_connection", "_deadlines", "_patience", "_pool", "_request", "_server")

    def __init__(self, pool: Pool, request: Outgoing, deadlines: Deadlines, patience: _Patience) -> None:
        self._pool = pool
        self._request = request
        self._deadlines = deadlines
        self._patience = patience

    async def __aenter__(self) -> Reply:
        request, patience, pool = self._request, self._patience, self._pool
        address = Address.of(request.url)
        head = _head_of(address, request)
        self._server = server = address.server
        due = patience.due("first_byte")
        connection = pool.idle(server)
        if connection is None:
            connection = await pool.open(server, self._deadlines.connect)
        self._connection = connection
        try:
            connection.send(head, request.body)
            await connection.head(due)
        except TimeoutError:
            pool.give_back(server, connection)
        except BaseException:
            pool.give_back(server, connection)
            raise
        else:
            return Reply(connection, patience)
        raise patience.over("first_byte", due)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.give_back(self._server, self._connection)


_Part = Literal["first_byte", "idle"]


class _Patience:
    """How long one exchange may still wait, and for what."""

    __slots__ = ("_first", "_idle", "_loop", "_total", "_until")

    def __init__(self, loop: asyncio.AbstractEventLoop, deadlines: Deadlines, *, stream: bool) -> None:
        self._loop = loop
        self._until = loop.time() + deadlines.total
        self._first = deadlines.first_byte if stream else deadlines.total
        self._idle = deadlines.idle
        self._total = deadlines.total

    def due(self, part: _Part) -> float:
        """When this part, or the whole, has taken too long."""
        seconds = self._first if part == "first_byte" else self._idle
        return min(self._loop.time() + seconds, self._until)

    def over(self, part: _Part, due: float) -> NoReply:
        """It has."""
        if due >= self._until:
            return NoReply("total", f"no whole answer within {self._total:g} s", sent=True)
        if part == "first_byte":
            return NoReply(part, f"no first byte for {self._first:g} s", sent=True)
        return NoReply(part, f"silence in the middle of its answer for {self._idle:g} s", sent=True)


def _head_of(address: Address, request: Outgoing) -> bytes:
    """What stands before the body; our own lengths and no other's."""
    names = {name.lower(): name for name in request.headers}
    given = [f"{name}: {request.headers[name]}\r\n" for low, name in names.items() if low not in _OURS]
    usual = [line for name, line in _USUAL.items() if name not in names]
    lines = "".join(given)
    if lines.count("\r") != len(given) or lines.count("\n") != len(given) or "\0" in lines:
        raise NoReply("protocol", "one of its headers cannot be sent", sent=False)
    length = f"content-length: {len(request.body)}\r\n\r\n"
    head = f"POST {address.target} HTTP/1.1\r\nhost: {address.host}\r\n"
    return "".join((head, *usual, lines, length)).encode()


_OURS = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_USUAL = {
    "user-agent": "user-agent: remit\r\n",
    "accept": "accept: */*\r\n",
    "accept-encoding": "accept-encoding: identity\r\n",
}
