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

_LARGEST = 64 * 1024 * 1024
_CONNECT = 10.0
_NOT_FOUND = 404
_REFUSED = {
    401: "it wants a credential, or another one",
    403: "the credential does not allow it",
    404: "it has forgotten the session",
    413: "the request is too large",
    429: "it is busy",
}
_CODES = {404: -32028, 429: -32029}


@asynccontextmanager
async def line(url: str, headers: dict[str, str], seconds: float) -> AsyncGenerator[Any]:
    """The streams of messages from the server and to it."""
    timeout = httpx2.Timeout(_CONNECT, read=max(seconds, _CONNECT))
    transport = _Bounded(httpx2.AsyncHTTPTransport())
    async with (
        httpx2.AsyncClient(headers=headers, timeout=timeout, transport=transport, trust_env=False) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=_LARGEST) as streams,
    ):
        yield streams


class _Bounded(httpx2.AsyncBaseTransport):
    """An answer that is too large ends as a broken connection, before it fills the memory."""

    def __init__(self, inner: httpx2.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send."""
        response = await self._inner.handle_async_request(request)
        gone = response.status_code == _NOT_FOUND and "mcp-session-id" in request.headers
        if gone or response.status_code in _REFUSED.keys() - {_NOT_FOUND}:
            await response.aclose()
            return _refusal(response.status_code)
        # a stream of events goes on for as long as it likes; each of its events has a bound of its own
        if "text/event-stream" not in response.headers.get("content-type", ""):
            response.stream = _Counted(response.stream)
        return response

    async def aclose(self) -> None:
        """Let go of connections."""
        await self._inner.aclose()


def _refusal(status: int) -> httpx2.Response:
    """The refusal as an error of the protocol; the SDK makes of it one that might have happened half way."""
    code = _CODES.get(status, -32600)
    error = {"code": code, "message": f"the server answered {status}: {_REFUSED[status]}"}
    return httpx2.Response(status, json={"jsonrpc": "2.0", "id": None, "error": error})


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._inner:
            size += len(chunk)
            if size > _LARGEST:
                raise httpx2.StreamError(f"it answered more than {_LARGEST >> 20} MiB")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()
