"""HTTP as it comes off a socket: when each request began, how long its head may be, and a refusal with an id and a
shape for bytes that are no request. What a request asks is not known here.
"""

from __future__ import annotations

from time import perf_counter

import msgspec
from httptools import HttpParserError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from remit.control.fronting.refusals import refusal
from remit.server.faults import HeadTooLarge, RequestFault
from remit.server.request import BEGAN, next_id

_MOST_BYTES = 65_536
_MOST_HEADERS = 200
_WORDS = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class Protocol(HttpToolsProtocol):
    """One connection."""

    _in_head = True
    """Whether the head of the present request is not whole yet."""
    _head = 0
    """How long it is by now."""
    _count = 0
    _fault: RequestFault | None = None

    def data_received(self, data: bytes) -> None:
        """More bytes; a head that does not end is refused before it fills the memory."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head += len(data)
            if self._head > _MOST_BYTES:
                self._fault = _too_large()
                self.send_400_response("")

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


def _too_large() -> HeadTooLarge:
    return HeadTooLarge(
        f"the head of the request is larger than {_MOST_BYTES:,} bytes or {_MOST_HEADERS} headers."
    )
