"""How providers are reached: addresses read once, connections opened to whichever of a name's addresses answers first,
and kept for a while after use. No proxy is taken from the environment. It knows nothing of what is said over them.
"""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from collections import deque
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from remit.models.connection import Connection, NoReply

if TYPE_CHECKING:
    from collections.abc import Iterable

Info = tuple[Any, ...]
"""One address of a name, as the resolver gives it."""

_STAGGER = 0.25
"""Seconds after which the next address of a name is tried beside one that has not answered yet."""
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where something is asked: who, and under which path."""

    server: tuple[str, str, int]
    """Scheme, name and port: what connections are shared by."""
    host: str
    """As the server is told it."""
    target: str

    @classmethod
    def of(cls, url: str) -> Address:
        """Read, not rewritten: it may have been signed."""
        return _read(url)


class Pool:
    """The connections of one event loop."""

    def __init__(self, most: int, keep_alive: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._most = most
        self._keep_alive = keep_alive
        self._idle: dict[tuple[str, str, int], deque[tuple[float, Connection]]] = {}
        self._count = 0
        self._line: deque[asyncio.Future[None]] = deque()
        """Who waits for one while there may be no more."""
        self._sweep: asyncio.TimerHandle | None = None

    def idle(self, server: tuple[str, str, int]) -> Connection | None:
        """The one that was used last, of those that are still good."""
        waiting = self._idle.get(server)
        oldest = self._loop.time() - self._keep_alive
        while waiting:
            since, connection = waiting.pop()
            if not connection.closed and since > oldest:
                return connection
            self._drop(connection)
        return None

    async def open(self, server: tuple[str, str, int], seconds: float) -> Connection:
        """A new one, or one that was left while there could be no more; raises `NoReply`, and nothing was sent then."""
        detail = f"no connection within {seconds:g} s"
        try:
            async with asyncio.timeout(seconds):
                while self._count >= self._most and not self._make_room():
                    await self._stand_in_line()
                    if (left := self.idle(server)) is not None:
                        return left
                self._count += 1
                try:
                    return await _connected(*server)
                except BaseException:
                    self._count -= 1
                    self._next()
                    raise
        except TimeoutError:
            pass
        except (OSError, ssl.CertificateError) as wrong:
            detail = f"no connection: {_why(wrong)}"
        raise NoReply("connect", detail, sent=False)

    def give_back(self, server: tuple[str, str, int], connection: Connection) -> None:
        """An exchange is over."""
        if not connection.leave():
            self._drop(connection)
            return
        self._idle.setdefault(server, deque()).append((self._loop.time(), connection))
        if self._line:
            self._next()
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._keep_alive, self._let_go)

    def close(self) -> None:
        """Close what nobody uses; what is used closes when it is given back."""
        self._keep_alive = 0.0
        self._let_go()

    def _let_go(self) -> None:
        """Close what was idle for too long."""
        oldest = self._loop.time() - self._keep_alive
        for waiting in self._idle.values():
            while waiting and (waiting[0][0] <= oldest or waiting[0][1].closed):
                self._drop(waiting.popleft()[1])
        self._idle = {server: waiting for server, waiting in self._idle.items() if waiting}
        self._sweep = self._loop.call_later(self._keep_alive, self._let_go) if self._idle else None

    def _make_room(self) -> bool:
        """Whether one that nobody uses could be closed for another server."""
        for waiting in self._idle.values():
            if waiting:
                self._drop(waiting.popleft()[1])
                return True
        return False

    def _drop(self, connection: Connection) -> None:
        connection.close()
        self._count -= 1
        self._next()

    def _next(self) -> None:
        while self._line:
            waiting = self._line.popleft()
            if not waiting.done():
                waiting.set_result(None)
                return

    async def _stand_in_line(self) -> None:
        turn = self._loop.create_future()
        self._line.append(turn)
        await turn


async def _connected(scheme: str, host: str, port: int) -> Connection:
    """A connection to the first of its addresses that answers."""
    loop = asyncio.get_running_loop()
    infos = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    reached = await _reached(loop, _alternating(infos))
    try:
        secured = _trust() if scheme == "https" else None
        name = host if secured is not None else None
        _, connection = await loop.create_connection(
            Connection, sock=reached, ssl=secured, server_hostname=name
        )
    except BaseException:
        reached.close()
        raise
    return connection


async def _reached(loop: asyncio.AbstractEventLoop, infos: list[Info]) -> socket.socket:
    """Address after address, each a moment after the one before; the first that answers is taken."""
    tries: set[asyncio.Task[socket.socket]] = set()
    failure: OSError = OSError("it has no address")
    left = iter(infos)
    following = next(left, None)
    try:
        while tries or following is not None:
            if following is not None:
                tries.add(loop.create_task(_try(loop, following)))
                following = next(left, None)
            patience = _STAGGER if following is not None else None
            done, tries = await asyncio.wait(tries, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                if (wrong := each.exception()) is None:
                    tries |= done - {each}
                    return each.result()
                failure = wrong if isinstance(wrong, OSError) else OSError(str(wrong))
    finally:
        for each in tries:
            each.add_done_callback(_hang_up)
            each.cancel()
    raise failure


async def _try(loop: asyncio.AbstractEventLoop, info: Info) -> socket.socket:
    family, kind, protocol, _, address = info
    found = socket.socket(family, kind, protocol)
    try:
        found.setblocking(False)
        found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await loop.sock_connect(found, address)
    except BaseException:
        found.close()
        raise
    return found


def _hang_up(late: asyncio.Task[socket.socket]) -> None:
    """One that was reached as well, a moment too late."""
    if not late.cancelled() and late.exception() is None:
        late.result().close()


def _alternating(infos: Iterable[Info]) -> list[Info]:
    """The families in turn, beginning with the resolver's first: one of them may lead nowhere."""
    families: dict[int, list[Info]] = {}
    for info in infos:
        families.setdefault(info[0], []).append(info)
    return [info for info in chain.from_iterable(zip_longest(*families.values())) if info is not None]


@cache
def _trust() -> ssl.SSLContext:
    """Whom the system trusts."""
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


@lru_cache(maxsize=1024)
def _read(url: str) -> Address:
    try:
        split = urlsplit(url)
        port = split.port or _PORTS.get(split.scheme, 0)
        host = split.hostname or ""
    except ValueError:
        port, host, split = 0, "", urlsplit("")
    target = f"{split.path or '/'}{f'?{split.query}' if split.query else ''}"
    said = split.netloc.rpartition("@")[2]
    if not host or not port or not (target + said).isascii() or any(sign <= " " for sign in target + said):
        raise NoReply("protocol", "its address is no address", sent=False)
    return Address((split.scheme, host, port), said, target)


def _why(wrong: Exception) -> str:
    """What the system said, without the address that it could not reach."""
    if isinstance(wrong, ssl.CertificateError):
        return "its certificate is not valid"
    if isinstance(wrong, ssl.SSLError):
        return "TLS failed"
    if isinstance(wrong, socket.gaierror):
        return "its name cannot be resolved"
    code = wrong.errno if isinstance(wrong, OSError) else None
    return os.strerror(code) if code else type(wrong).__name__
