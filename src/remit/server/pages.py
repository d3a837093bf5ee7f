"""Pages that call from a browser: what the browser asks beforehand on their behalf, and what a reply has to say so that
they are given it (CORS). Which pages may call at all is decided before, and nobody else is told anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.server.request import Message, Request, Send

_METHODS = b"GET, HEAD, POST, DELETE"
_ASKED = "access-control-request-method"
_SECONDS = b"600"


def asks_first(request: Request) -> bool:
    """Whether a browser asks what a page may send, before it sends it."""
    return request.method == "OPTIONS" and _ASKED in request.headers


def permission(request: Request) -> list[tuple[bytes, bytes]]:
    """What the page may send: whatever it likes, for the key decides. Cookies count for nothing here."""
    wished = request.headers.get("access-control-request-headers", "")
    return [
        (b"access-control-allow-methods", _METHODS),
        (b"access-control-allow-headers", wished.encode("latin-1") or b"authorization, content-type"),
        (b"access-control-max-age", _SECONDS),
    ]


def shown_to(origin: str, send: Send) -> Send:
    """A way to reply that lets the page of this origin read the reply, headers included."""
    said = [
        (b"access-control-allow-origin", origin.encode("latin-1")),
        (b"access-control-expose-headers", b"*"),
        (b"vary", b"origin"),
    ]

    async def tell(message: Message) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [*message["headers"], *said]
        await send(message)

    return tell
