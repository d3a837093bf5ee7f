"""The front of A2A: cards for everybody, and for whoever shows a key the operations of the agents that are served, by
JSON-RPC and by HTTP+JSON at one address.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

from a2a.server.request_handlers.response_helpers import build_error_response
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.routes.common import DefaultServerCallContextBuilder
from a2a.utils.error_handlers import build_rest_error_payload
from a2a.utils.errors import ContentTypeNotSupportedError
from starlette.routing import Router

from remit.domain.errors import Infrastructure, RemitError, Unauthenticated
from remit.domain.front_errors import OverLimit
from remit.server.a2a.card import card_of
from remit.server.a2a.handler import CALLER, TaskHandler
from remit.server.faults import RequestFault
from remit.server.request import Request
from remit.server.visiting import Visit, visit

if TYPE_CHECKING:
    from a2a.server.context import ServerCallContext
    from starlette.requests import Request as StarletteRequest

    from remit.control.platform import Platform
    from remit.server.request import ASGIApp, Receive, Send

PREFIX = "/a2a/"
CARD = "/.well-known/agent-card.json"
KEYS = "/.well-known/jwks.json"
_TYPES = frozenset({"", "application/json", "application/a2a+json"})
_CACHE = "public, max-age=60"


def endpoints(platform: Platform) -> dict[str, ASGIApp]:
    """What is served: nothing, unless an agent is named for it."""
    if not platform.tasks.served.a2a:
        return {}
    front = _Front(platform)
    return {PREFIX: front.serve, CARD: front.first_card, f"/a2a{KEYS}": front.keys}


class _Front:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._desk = platform.tasks
        self._app = cache(self._make)

    async def serve(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """`/a2a/AGENT…`."""
        agent, slash, rest = str(scope["path"]).removeprefix(PREFIX).partition("/")
        if agent not in self._desk.served.a2a:
            await _refuse(send, 404, "NOT_FOUND", f'nobody is served as "{agent}" here.')
            return
        if slash + rest == CARD:
            await self._card(agent, scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            async with visit(self._platform, headers) as guest:
                self._desk.check(guest.caller, agent)
                await self._let_in(agent, slash + rest or "/", guest, scope, receive, send)
        except Unauthenticated as wrong:
            await _refuse(send, 401, "UNAUTHENTICATED", wrong.message)
        except OverLimit as wrong:
            again = (b"retry-after", b"%d" % max(1, round(wrong.retry_after)))
            await _refuse(send, 429, "RESOURCE_EXHAUSTED", wrong.message, again)
        except RequestFault as wrong:
            await _refuse(send, wrong.status, "INVALID_ARGUMENT", wrong.message)
        except Infrastructure:
            await _refuse(send, 503, "UNAVAILABLE", "the server cannot do this at the moment.")
        except RemitError as wrong:
            await _refuse(send, 403, "PERMISSION_DENIED", wrong.message)

    async def _let_in(
        self, agent: str, path: str, guest: Visit, scope: dict[str, Any], receive: Receive, send: Send
    ) -> None:
        request: Request = scope.get("remit.request") or Request(scope, receive, send, "a2a")
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if request.method == "POST" and kind not in _TYPES:
            await _wrong_type(send, kind, rpc=path == "/")
            return
        body = await request.body()
        inner = {**scope, "path": path, "raw_path": None, "root_path": "", CALLER: guest.caller}
        await self._app(agent)(inner, guest.receiving(body, receive), guest.sending(send))

    async def first_card(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The card of the first agent that is named: what is found by whoever knows the host alone."""
        await self._card(self._desk.served.a2a[0], scope, receive, send)

    async def keys(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """The key that cards are signed with."""
        del scope, receive
        await _answer(
            send, 200, {"keys": [await self._desk.signing_key()]}, [(b"cache-control", _CACHE.encode())]
        )

    async def _card(self, agent: str, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        card = await card_of(self._desk, agent, self._desk.served.url.rstrip("/") or _base(scope))
        routes = create_agent_card_routes(card, card_url=CARD, cache_control=_CACHE)
        await Router(routes)({**scope, "path": CARD, "raw_path": None, "root_path": ""}, receive, send)

    def _make(self, agent: str) -> Router:
        handler, builder = TaskHandler(self._desk, agent), _WithCaller()
        rest = create_rest_routes(handler, builder)
        del rest[-1]  # it serves tenants, of which there are none
        return Router([*create_jsonrpc_routes(handler, "/", builder), *rest])


class _WithCaller(DefaultServerCallContextBuilder):
    """Hands on whose key a request shows."""

    def build(self, request: StarletteRequest) -> ServerCallContext:
        """The context of one call."""
        made = super().build(request)
        made.state[CALLER] = request.scope[CALLER]
        return made


def _base(scope: dict[str, Any]) -> str:
    """The address that somebody asked at; which names the server answers to, it has checked."""
    host = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"host"), "localhost")
    return f"{scope.get('scheme', 'http')}://{host}"


async def _refuse(send: Send, status: int, kind: str, message: str, *more: tuple[bytes, bytes]) -> None:
    body = {"error": {"code": status, "status": kind, "message": message}}
    wanted = [(b"www-authenticate", b"Bearer")] if status == 401 else []  # noqa: PLR2004 - no key
    await _answer(send, status, body, [*wanted, *more])


async def _wrong_type(send: Send, kind: str, *, rpc: bool) -> None:
    """A body of another kind, in the words of the binding that was meant."""
    wrong = ContentTypeNotSupportedError(
        f"a body of the type {kind[:100]} is not read here; send application/json."
    )
    if rpc:
        await _answer(send, 200, build_error_response(None, wrong), [])
    else:
        await _answer(send, 415, build_rest_error_payload(wrong), [])


async def _answer(send: Send, status: int, body: object, more: list[tuple[bytes, bytes]]) -> None:
    raw = json.dumps(body).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(raw)), *more]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": raw})
