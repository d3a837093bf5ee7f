"""One HTTP/1.1 connection to a provider: a request goes out in one piece, its reply comes in as it arrives, and what
nobody takes holds the sender back. It reads framing and nothing else: no dialect, no address, no credential, and no
deadline of its own. What breaks is said without a word of what was sent.
"""

from __future__ import annotations

import asyncio
import threading
import zlib
from typing import TYPE_CHECKING, Literal, Protocol, cast

from remit.domain.on_use import on_use

if TYPE_CHECKING:
    import httptools
else:
    httptools = on_use("httptools")

Where = Literal["connect", "first_byte", "idle", "total", "cut", "too_large", "protocol"]

_LONGEST_HEAD = 64 * 1024
_MOST_UNREAD = 16 * 1024
"""Bytes of a reply that may wait to be taken before its sender is held back."""
_MOST_READ = 16 * 1024
"""Bytes that are read at once."""
_MOST_UNPACKED = 16 * 1024 * 1024
"""Bytes that one piece of it may unpack to."""
_SUCCESS, _SWITCHING = 200, 101
_PACKED = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""What a sender may have packed a reply with although nobody asked for it, and how zlib calls that."""


class Unpacker(Protocol):
    """What takes a packed reply apart, piece by piece."""

    @property
    def unconsumed_tail(self) -> bytes:
        """What the limit left."""
        ...

    @property
    def eof(self) -> bool:
        """Whether it is whole."""
        ...

    def decompress(self, data: bytes, max_length: int = 0, /) -> bytes:
        """The bytes of a piece, as far as they are within the limit."""
        ...


class _Inbox(threading.local):
    """Where bytes arrive: the connections of a thread share it, for each looks at once at what came."""

    def __init__(self) -> None:
        self.bytes = memoryview(bytearray(_MOST_READ))


_INBOXES = _Inbox()


class NoReply(Exception):
    """An exchange did not come to its end; `where` says in which part, `sent` whether the request may have arrived."""

    def __init__(self, where: Where, detail: str, *, sent: bool) -> None:
        self.where: Where = where
        self.detail = detail
        self.sent = sent
        super().__init__(detail)


class Connection(asyncio.BufferedProtocol):
    """One of them; one exchange after the other."""

    __slots__ = (
        "_bounded", "_due", "_failure", "_head", "_in_head", "_inbox", "_loop", "_parser", "_paused", "_pieces",
        "_rings", "_timer", "_transport", "_unpack", "_unread", "_waiter", "closed", "done", "headers", "lasts",
        "status",
    )  # fmt: skip

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._inbox = _INBOXES.bytes
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._rings = self._due = 0.0
        self.closed = False
        """Nothing can be sent any more."""
        self.lasts = False
        """Whether another request may follow this one."""
        self._begin()
        self.done = True

    def _begin(self) -> None:
        self.status = 0
        self.headers: dict[str, str] = {}
        """Of the reply, by lower-case name."""
        self.done = False
        """The reply is whole."""
        self._in_head = True
        self._head = 0
        self._bounded = False
        """Whether the reply says how long it is, so that an end without notice is none."""
        self._pieces: list[bytes] = []
        self._unread = 0
        self._paused = False
        self._unpack: Unpacker | None = None
        self._failure: NoReply | None = None

    # --- one exchange -----------------------------------------------------------------------------------

    def send(self, head: bytes, body: bytes) -> None:
        """Begin an exchange."""
        assert self._transport is not None  # noqa: S101 - it stands
        self._begin()
        self.lasts = False
        self._transport.write(head + body)

    async def head(self, due: float) -> None:
        """Return once status and headers are there; raises `TimeoutError` when `due` comes first."""
        while self._in_head:
            await self._wait(due)

    async def more(self, due: float) -> bytes:
        """What has come since, as soon as there is something; empty at the end."""
        while not self._pieces:
            if self.done:
                return b""
            if self._paused and self._transport is not None:
                self._paused = False  # not before: of what is held back, one piece lies here
                self._transport.resume_reading()
            await self._wait(due)
        pieces, self._pieces, self._unread = self._pieces, [], 0
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def leave(self) -> bool:
        """The exchange is over; whether the connection can be used again. One in the middle of a reply cannot."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self.done and self.lasts and not self.closed:
            return True
        self.close()
        return False

    def close(self) -> None:
        """Hang up."""
        self.closed = True
        if self._transport is not None:
            self._transport.abort()

    # --- waiting ----------------------------------------------------------------------------------------

    async def _wait(self, due: float) -> None:
        """Until something comes, or does not come any more."""
        if self._failure is not None:
            raise self._failure
        self._waiter, self._due = self._loop.create_future(), due
        if self._timer is None or due < self._rings:
            self._arm()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _arm(self) -> None:
        """One timer serves all the waits of an exchange: where a later one is to last longer, it rings again."""
        if self._timer is not None:
            self._timer.cancel()
        self._rings = self._due
        self._timer = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        waiter = self._waiter
        if waiter is None or waiter.done():
            return
        if self._due > self._rings:
            self._arm()
        else:
            waiter.set_exception(TimeoutError())

    def _wake(self) -> None:
        waiter = self._waiter
        if waiter is not None and not waiter.done():
            if self._failure is not None and not self._pieces:
                waiter.set_exception(self._failure)
            else:
                waiter.set_result(None)

    def _break(self, where: Where, detail: str) -> None:
        """Nothing more comes; unless it was whole already, what came is no reply."""
        self.closed = True
        if not self.done and self._failure is None:
            self._failure = NoReply(where, detail, sent=True)
            self._wake()
        if self._transport is not None:
            self._transport.abort()

    # --- what the socket says ---------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It stands."""
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Where the next bytes go."""
        del sizehint
        return self._inbox

    def buffer_updated(self, nbytes: int) -> None:
        """More of a reply."""
        data = self._inbox[:nbytes]
        if self.done:
            self._break(
                "protocol", "it spoke without being asked"
            )  # and whoever uses it next would hear that
            return
        if self._in_head:
            self._head += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._in_head:
                self._break("protocol", "its answer is not HTTP")
            else:
                self._break("cut", "the connection broke in the middle of its answer (no framing)")
        if self._in_head and self._head > _LONGEST_HEAD:
            self._break("protocol", "its answer is not HTTP: its head does not end")
            return
        if self._unread > _MOST_UNREAD and not self._paused and not self.done and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()
        if not self._in_head:
            self._wake()

    def eof_received(self) -> None:
        """It says no more: the end of a reply that did not say how long it is."""
        if not self.done and not self._in_head and not self._bounded:
            self.done = True
            self._wake()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self.eof_received()
        how = f" ({type(exc).__name__})" if exc is not None else ""
        if not self._in_head:
            self._break("cut", f"the connection broke in the middle of its answer{how}")
        elif exc is None:
            self._break("cut", "it closed the connection without an answer")
        else:
            self._break("cut", f"the connection broke{how}")

    # --- what the parser says ---------------------------------------------------------------------------

    def on_message_begin(self) -> None:
        """A reply begins; nobody asked for a second one."""
        if self.done:
            raise httptools.HttpParserError

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self.headers[name.decode("latin-1").lower()] = value.decode("utf-8", "surrogateescape")

    def on_headers_complete(self) -> None:
        """The head is whole; one that only says that another follows is forgotten."""
        self.status = self._parser.get_status_code()
        if self.status < _SUCCESS:
            self.headers.clear()
            if self.status == _SWITCHING:
                raise httptools.HttpParserError
            return
        headers = self.headers
        self._in_head = False
        self._bounded = "content-length" in headers or "transfer-encoding" in headers
        if (packed := headers.get("content-encoding")) and (how := _PACKED.get(packed.lower())):
            self._unpack = zlib.decompressobj(how)

    def on_body(self, body: bytes) -> None:
        """A piece of it."""
        if self._unpack is not None:
            body = self._unpack.decompress(body, _MOST_UNPACKED)
            if self._unpack.unconsumed_tail:
                raise httptools.HttpParserError
        if body:  # the first bytes of what is packed may unpack to nothing
            self._pieces.append(body)
            self._unread += len(body)

    def on_message_complete(self) -> None:
        """The reply is whole."""
        if self._unpack is not None and not self._unpack.eof:
            raise httptools.HttpParserError  # what was packed breaks off, whatever the framing says
        if self.status >= _SUCCESS:
            self.done = True
            self.lasts = self._parser.should_keep_alive()
