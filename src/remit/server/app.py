"""The one application behind the port: which front a path belongs to, and what every request has in common, whatever it
asks: an id in the reply, a host by which we are known, a key, and an error in the words of the dialect. Routing goes by
the path as it came and by nothing that a client says about it elsewhere.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import msgspec

from remit.control.fronting.refusals import in_band, refusal
from remit.domain.action_errors import ClientGone
from remit.domain.errors import Infrastructure, RemitError
from remit.domain.front_errors import NotServing
from remit.server import checks, pages
from remit.server.credentials import attribution_of, secret_of
from remit.server.faults import UnknownPath
from remit.server.request import JSON, Request, raw_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.platform import Platform
    from remit.server.request import ASGIApp, Handler, Receive, Send

_log = logging.getLogger("remit.server")
_encode = msgspec.json.Encoder().encode


class App:
    """Routes requests by their path."""

    def __init__(self, platform: Platform, names: checks.Names, limit: int = 2**25) -> None:
        self._platform = platform
        self._names = names
        self._limit = limit
        self._handlers: dict[str, Handler] = {}
        self._prefixes: list[tuple[str, Handler]] = []
        self._apps: dict[str, ASGIApp] = {}
        self._app_prefixes: list[tuple[str, ASGIApp]] = []
        self._open: set[str] = set()

    def serve(self, handlers: Mapping[str, Handler], *, open: bool = False) -> None:  # noqa: A002 - to anybody
        """Answer these paths; one that ends in a slash stands for everything below it. An `open` one needs no key."""
        for path, handler in handlers.items():
            if path.endswith("/") and path != "/":
                self._prefixes.append((path, handler))
            else:
                self._handlers[path] = handler
            if open:
                self._open.add(path)

    def mount(self, apps: Mapping[str, ASGIApp]) -> None:
        """Hand these paths to applications that speak for themselves, keys included."""
        for path, app in apps.items():
            if path.endswith("/"):
                self._app_prefixes.append((path, app))
            else:
                self._apps[path] = app

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await _other(scope, receive, send)
            return
        path: str = scope["path"]
        handler = self._handlers.get(path)
        if handler is None and (app := self._app(path)) is not None:
            await self._mounted(app, scope, receive, send)
            return
        request = Request(scope, receive, send, dialect_of(path, scope), self._limit)
        try:
            checks.check(request, self._names)
            if "origin" in request.headers and await _let_page(request):
                return
            handler = handler or self._below(path)
            if path not in self._open:
                secret = secret_of(request.headers)
                request.caller = await self._platform.fronts.caller(secret, attribution_of(request.headers))
            await handler(request)
        except asyncio.CancelledError:
            raise
        except ClientGone:
            await _quietly(request)
        except Exception as wrong:  # noqa: BLE001 - whatever it is, the client is told in its own words
            await self._refuse(request, wrong)
        finally:
            request.unwatch()

    async def _refuse(self, request: Request, wrong: Exception) -> None:
        if not isinstance(wrong, RemitError):
            _log.error(
                "%s %s failed: %s: %s", request.id, request.path, type(wrong).__name__, wrong, exc_info=wrong
            )
        elif isinstance(wrong, Infrastructure) and not isinstance(wrong, NotServing):
            _log.error("%s %s: %s", request.id, request.path, wrong.message)
        if request.begun:
            await self._break_off(request, wrong)
            return
        status, headers, body = refusal(request.dialect, wrong, request.id)
        raw = raw_of(headers)
        await request.reply(status, [*raw, JSON], b"" if request.method == "HEAD" else _encode(body))

    async def _break_off(self, request: Request, wrong: Exception) -> None:
        """The status is out: what fails now is told in band, or the connection breaks, and nothing ends as if whole."""
        if not request.shown:
            await request.write(in_band(request.dialect, wrong))
        elif not isinstance(wrong, RemitError):
            return  # nobody told the client: without an end, the server cuts the connection
        await request.finish()

    async def _mounted(self, app: ASGIApp, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """An application that speaks for itself: host and id are ours all the same."""
        request = Request(scope, receive, send, dialect_of(scope["path"], scope), self._limit)
        try:
            checks.check(request, self._names)
        except RemitError as wrong:
            await self._refuse(request, wrong)
            return
        if "origin" in request.headers:
            if await _let_page(request):
                return
            send = pages.shown_to(request.headers["origin"], send)
        mark = request.id.encode()

        async def marked(message: Any) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", mark), (b"request-id", mark)]
            await send(message)

        scope["remit.request"] = request
        await app(scope, receive, marked)

    def _app(self, path: str) -> ASGIApp | None:
        found = self._apps.get(path)
        if found is not None:
            return found
        return next((app for prefix, app in self._app_prefixes if path.startswith(prefix)), None)

    def _below(self, path: str) -> Handler:
        for prefix, handler in self._prefixes:
            if path.startswith(prefix):
                return handler
        raise UnknownPath(f"nothing is served at {path[:200]}.", "See docs/reference/http.md.")


def dialect_of(path: str, scope: Mapping[str, Any]) -> str:
    """The dialect whose errors a client of this path understands."""
    if path.startswith("/v1/messages"):
        return "anthropic"
    if path.startswith("/v1beta"):
        return "gemini"
    if path.startswith("/v1/responses"):
        return "openai_responses"
    if any(name == b"anthropic-version" for name, _ in scope["headers"]):
        return "anthropic"
    return "openai_chat"


async def _let_page(request: Request) -> bool:
    """Let the page that calls read what it is told; true if it was only asked whether it may."""
    request.through(lambda send: pages.shown_to(request.headers["origin"], send))
    if pages.asks_first(request):
        await request.reply(204, pages.permission(request))
        return True
    return False


async def _quietly(request: Request) -> None:
    """Nobody listens any more; the protocol wants an end all the same."""
    if request.begun:
        await request.finish()
    else:
        await request.reply(499, [JSON], b"{}")


async def _other(scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
    """The life of the server, and what is no HTTP request."""
    if scope["type"] != "lifespan":
        return
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        else:
            await send({"type": "lifespan.shutdown.complete"})
            return
