"""HTTP as it comes off a socket: when each request began, how long its head may be, and a refusal with an id and a
shape for bytes that are no request. What a request asks is not known here.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING

import msgspec
from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from remit.control.fronting.refusals import refusal
from remit.server.faults import HeadTooLarge, RequestFault, TooSlow
from remit.server.request import BEGAN, next_id

if TYPE_CHECKING:
    from asyncio import TimerHandle, Transport

_MOST_BYTES = 65_536
_MOST_HEADERS = 200
_MOST_UNWRITTEN = 16_384
"""Bytes that wait to be taken by the kernel before whoever writes has to wait."""
_WORDS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}


class Protocol(HttpToolsProtocol):
    """One connection."""

    patience = 30.0
    """Seconds in which a head has to be whole, and after which more of a body has to come."""
    _in_head = True
    """Whether the head of the present request is not whole yet."""
    _head = 0
    """How long it is by now."""
    _count = 0
    _fault: RequestFault | None = None
    _timer: TimerHandle | None = None
    """Runs while a request is not whole; one that comes in one piece sets none."""
    _heard = 0.0
    """When more of it came, while that is asked."""

    def connection_made(self, transport: Transport) -> None:
        """Somebody is there; whoever says nothing does not stay."""
        super().connection_made(transport)
        transport.set_write_buffer_limits(_MOST_UNWRITTEN)
        self._wait()

    def connection_lost(self, exc: Exception | None) -> None:
        """They are gone."""
        self._unwait()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """More bytes; a head that does not end is refused before it fills the memory."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > _MOST_BYTES:
                self._fault = _too_large()
                self.send_400_response("")
        if not self._in_head and not (self.cycle and self.cycle.more_body):
            if self._timer is not None:
                self._unwait()
        elif self._timer is None:
            self._wait()
        elif not self._in_head:
            self._heard = self.loop.time()

    def on_message_begin(self) -> None:
        """The first byte of a request is here."""
        super().on_message_begin()
        self._in_head, self._head, self._count = True, 0, 0
        self.scope[BEGAN] = perf_counter()  # pyright: ignore[reportGeneralTypeIssues]

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header."""
        self._head += len(name) + len(value)
        self._count += 1
        if self._head > _MOST_BYTES or self._count > _MOST_HEADERS:
            self._fault = _too_large()
            raise HttpParserError
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:
        """Bytes that are no request: said in the shape of every error here, and the connection ends."""
        fault = self._fault or RequestFault(msg or "these bytes are no HTTP request.")
        mark = next_id()
        status, headers, body = refusal("openai_chat", fault, mark)
        told = msgspec.json.encode(body)
        said = {
            **headers, "content-type": "application/json", "content-length": str(len(told)), "connection": "close",
            "x-request-id": mark, "request-id": mark,
        }  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in said.items())
        self.transport.write(f"HTTP/1.1 {status} {_WORDS[status]}\r\n{head}\r\n".encode("latin-1") + told)
        self.transport.close()

    # --- who is slow ----------------------------------------------------------------------------------

    def _wait(self, seconds: float = 0.0) -> None:
        self._timer = self.loop.call_later(seconds or self.patience, self._waited)

    def _unwait(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _waited(self) -> None:
        """It is not whole: a slow body may go on as long as something comes, a slow head may not."""
        self._timer = None
        if self.transport.is_closing():
            return
        answering = bool(self.cycle) and not self.cycle.response_complete
        left = self._heard + self.patience - self.loop.time()
        if self._in_head and answering:
            self._wait()  # the next request begins before this one is answered: it is not its turn
        elif not self._in_head and left > 0:
            self._wait(left)
        elif not self._in_head and self.cycle.response_started:
            self.transport.close()  # it was answered before it had come, and nothing more is to be said
        else:
            self._fault = TooSlow(f"the request was not whole after {self.patience:g} s.", "Send it faster.")
            self.send_400_response("")


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"the head of the request is larger than {_MOST_BYTES:,} bytes or {_MOST_HEADERS} headers."
    )
