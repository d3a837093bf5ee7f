"""The front door of MCP: whose key it is, then the SDK's server for both eras; and the metadata by which a client finds
out where keys come from. Sessions live in this process; everything that has to outlive it is in the log.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit import __version__
from remit.control.fronting.refusals import said_outside
from remit.control.fronting.upstreams import leave
from remit.domain.errors import RemitError
from remit.server.credentials import attribution_of, secret_of
from remit.server.guarding import while_good
from remit.server.mcp.answers import FAILED, UNAUTHORIZED

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

    from remit.control.platform import Platform
    from remit.domain.fronting import Caller
    from remit.server.mcp.calls import Calls
    from remit.server.mcp.changes import Changes
    from remit.server.mcp.handlers import Handlers
    from remit.server.request import ASGIApp, Message, Receive, Send

Json = Any

PATH = "/mcp"
METADATA = "/.well-known/oauth-protected-resource"

_IDLE = 1800.0
_OK = 200


class McpFront:
    """The application at /mcp."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._opening = asyncio.Lock()
        self._leave = asyncio.Event()
        self._owner: asyncio.Task[None] | None = None
        self._manager: StreamableHTTPSessionManager | None = None
        self._calls: Calls | None = None
        self._changes: Changes | None = None
        self._handlers: Handlers | None = None

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            caller = await self._platform.fronts.caller(secret_of(headers), attribution_of(headers))
        except RemitError as wrong:
            await _refuse(scope, headers, send, said_outside(wrong))
            return
        if self._leave.is_set():
            await _reply(send, 503, _error("this process is leaving; ask again in a moment."))
            return
        manager = await self._opened()
        scope["user"] = _user(caller)
        scope[_caller_key()] = caller
        session = headers.get("mcp-session-id", "")
        if scope["method"] == "DELETE" and session:
            await self._ended(manager, scope, receive, send, session)
        elif scope["method"] == "GET":  # a stream without an end
            with suppress(RemitError):  # it just ends, as it does when we leave
                await while_good(
                    self._platform.fronts, caller.key, manager.handle_request(scope, receive, send)
                )
        else:
            await manager.handle_request(scope, receive, send)

    async def metadata(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """RFC 9728: what this resource is, and who gives keys for it."""
        del receive
        found: dict[str, Json] = {
            "resource": f"{_origin(scope)}{PATH}", "resource_name": "Remit", "bearer_methods_supported": ["header"],
        }  # fmt: skip
        servers = self._platform.chosen.mcp.authorization_servers
        await _reply(send, _OK, found | ({"authorization_servers": list(servers)} if servers else {}))

    async def close(self) -> None:
        """Let streams and sessions end."""
        self._leave.set()
        if self._changes is not None:
            self._changes.close()
        if self._calls is not None:
            self._calls.close()
        if self._owner is not None:
            with suppress(asyncio.CancelledError):
                await self._owner

    async def _opened(self) -> StreamableHTTPSessionManager:
        if self._manager is not None:
            return self._manager
        async with self._opening:
            if self._manager is None:
                self._manager = await self._open()
            return self._manager

    async def _open(self) -> StreamableHTTPSessionManager:
        from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

        from remit.server.mcp.calls import Calls
        from remit.server.mcp.changes import Changes
        from remit.server.mcp.handlers import Handlers
        from remit.server.mcp.states import boundary

        platform, chosen = self._platform, self._platform.chosen.server
        self._changes = Changes(platform.parts)
        self._calls = Calls(platform, chosen.approval_seconds)
        self._handlers = Handlers(platform, self._calls, self._changes)
        server = self._handlers.server(__version__)
        server.middleware = [await boundary(platform.parts)]
        manager = StreamableHTTPSessionManager(
            server,
            session_idle_timeout=_IDLE,
            max_request_body_size=chosen.body_bytes,
            max_sessions=platform.chosen.mcp.sessions,
        )
        ready = asyncio.Event()
        self._owner = asyncio.create_task(self._own(manager, ready))
        await ready.wait()
        return manager

    async def _own(self, manager: StreamableHTTPSessionManager, ready: asyncio.Event) -> None:
        """The SDK's scopes are entered and left in one task."""
        async with manager.run():
            ready.set()
            await self._leave.wait()

    async def _ended(
        self,
        manager: StreamableHTTPSessionManager,
        scope: dict[str, Any],
        receive: Receive,
        send: Send,
        session: str,
    ) -> None:
        """A client ends its session; what was opened for it at servers is closed."""
        statuses: list[int] = []

        async def heard(message: Message) -> None:
            statuses.append(message.get("status", _OK))
            await send(message)

        await manager.handle_request(scope, receive, heard)
        if statuses[:1] != [_OK] or self._changes is None or self._handlers is None:
            return
        self._changes.forget(session)
        self._handlers.forget(session)
        await leave(self._platform.parts, f"session:{session}")


def endpoints(platform: Platform) -> dict[str, ASGIApp]:
    """What is served, by path."""
    front = McpFront(platform)
    return {PATH: front, METADATA: front.metadata, f"{METADATA}{PATH}": front.metadata}


def _caller_key() -> str:
    from remit.server.mcp.clients import CALLER

    return CALLER


def _user(caller: Caller) -> Any:
    """Whose session it is, as the SDK compares it: one key never takes up the session of another."""
    from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
    from mcp.server.auth.provider import AccessToken

    return AuthenticatedUser(AccessToken(token="", client_id=caller.key, scopes=[], subject=caller.principal))


async def _refuse(scope: dict[str, Any], headers: dict[str, str], send: Send, said: str) -> None:
    where = f'Bearer resource_metadata="{_origin(scope)}{METADATA}{PATH}"'
    if headers.get("authorization"):
        where += ', error="invalid_token"'
    await _reply(send, 401, _error(said, UNAUTHORIZED), (b"www-authenticate", where.encode("latin-1")))


def _error(said: str, code: int = FAILED) -> Json:
    return {"jsonrpc": "2.0", "id": None, "error": {"code": code, "message": said}}


async def _reply(send: Send, status: int, body: Json, *headers: tuple[bytes, bytes]) -> None:
    text = json.dumps(body, separators=(",", ":")).encode()
    length = (b"content-length", b"%d" % len(text))
    kind = (b"content-type", b"application/json")
    await send({"type": "http.response.start", "status": status, "headers": [kind, length, *headers]})
    await send({"type": "http.response.body", "body": text})


def _origin(scope: dict[str, Any]) -> str:
    """Where the client reached us; its Host was checked before."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "127.0.0.1")
    return f"{scope.get('scheme', 'http')}://{host}"
