"""The line to a server over HTTP: the credential in its header, no proxy of the environment, answers of a bounded
size, and a refusal that says that nothing was done.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import httpx2
from mcp.client.streamable_http import streamable_http_client

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

REFUSED, SESSION_GONE, BUSY, UNREACHABLE, BROKEN = -32031, -32028, -32029, -32030, -32000
"""Codes of ours: nothing was done, nothing was done, nothing was done for now, nothing was sent, and nobody knows."""

_LARGEST = 64 * 1024 * 1024
_CONNECT = 10.0
_NOT_FOUND = 404
_LIMITS = httpx2.Limits(keepalive_expiry=2.0)
"""Sooner than servers close what is idle: a request that meets that moment breaks, and a write is then unknown."""
_CHALLENGES = frozenset({401, 403})
_REFUSALS = {
    401: (REFUSED, "it wants a credential, or another one"),
    403: (REFUSED, "the credential does not allow it"),
    413: (REFUSED, "the request is too large"),
    429: (BUSY, "it is busy"),
}


@asynccontextmanager
async def line(
    url: str, headers: dict[str, str], seconds: float, auth: httpx2.Auth | None = None
) -> AsyncGenerator[Any]:
    """The streams of messages from the server and to it. With `auth`, a refusal is first a reason to get a token."""
    timeout = httpx2.Timeout(_CONNECT, read=max(seconds, _CONNECT))
    transport = _Bounded(httpx2.AsyncHTTPTransport(limits=_LIMITS), frank=auth is not None)
    async with (
        httpx2.AsyncClient(
            headers=headers, timeout=timeout, transport=transport, auth=auth, trust_env=False
        ) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=_LARGEST) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncBaseTransport):
    """An answer that is too large ends as a broken connection, before it fills the memory."""

    def __init__(self, inner: httpx2.AsyncBaseTransport, *, frank: bool = False) -> None:
        self._inner = inner
        self._frank = _CHALLENGES if frank else frozenset[int]()
        """Refusals that are passed on as they are."""

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send. What fails here would end the whole connection, and with it every other call; so it is an answer."""
        try:
            response = await self._inner.handle_async_request(request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as wrong:
            return _error(503, UNREACHABLE, f"the server cannot be reached: {wrong}")
        except httpx2.TransportError as wrong:
            return _error(502, BROKEN, f"the connection broke ({type(wrong).__name__})")
        status = response.status_code
        if status == _NOT_FOUND and "mcp-session-id" in request.headers:
            await response.aclose()
            return _error(status, SESSION_GONE, "the server has forgotten the session")
        if status in _REFUSALS and status not in self._frank:
            await response.aclose()
            code, words = _REFUSALS[status]
            return _error(status, code, f"the server answered {status}: {words}")
        # a stream of events goes on for as long as it likes; each of its events has a bound of its own
        if "text/event-stream" not in response.headers.get("content-type", ""):
            response.stream = _Counted(response.stream)
        return response

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()


def _error(status: int, code: int, message: str) -> httpx2.Response:
    """An error of the protocol; what the SDK would make of it says less."""
    return httpx2.Response(
        status, json={"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": message}}
    )


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        try:
            async for chunk in self._inner:
                size += len(chunk)
                if size > _LARGEST:
                    raise httpx2.StreamError(f"it answered more than {_LARGEST >> 20} MiB")
                yield chunk
        except httpx2.TransportError as wrong:
            raise httpx2.StreamError(f"the connection broke ({type(wrong).__name__})") from None

    async def aclose(self) -> None:
        await self._inner.aclose()
