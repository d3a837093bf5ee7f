"""The service behind a document: one HTTP request and what came of it, in the words that a write needs.

An answer of 4xx says that nothing happened. A lost connection, a timeout or 5xx after a write says nothing at all,
and is raised as that, so that nobody believes it failed. The address is the operator's, never a model's.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp
from yarl import URL

from remit.domain.errors import Retry, StepFailed, ToolFailed
from remit.tools.answers import parsed

if TYPE_CHECKING:
    from remit.tools.openapi.request import Request

Json = Any
_LARGEST = 50 * 1024 * 1024
_SAID = 500
_SECONDS = 30.0
_BUSY = 429
_OK, _MOVED, _WRONG, _BROKEN = 200, 300, 400, 500
_NOT_DONE_BY_REDIRECT = frozenset({307, 308})
_CONFLICTS = frozenset({409, 412, 428})
_NOT_FOUND = frozenset({404, 410})


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: Json
    etag: str = ""
    location: str = ""

    @property
    def missing(self) -> bool:
        """There is no such object."""
        return self.status in _NOT_FOUND

    @property
    def conflict(self) -> bool:
        """It collides with what is there, or a precondition did not hold."""
        return self.status in _CONFLICTS

    @property
    def outdated(self) -> bool:
        """The object is not the one that was looked at."""
        return self.status == 412  # noqa: PLR2004 - Precondition Failed


class Service:
    """One base URL."""

    def __init__(
        self, base_url: str, auth_header: str = "Authorization", auth_prefix: str = "Bearer "
    ) -> None:
        self._base = base_url.rstrip("/")
        self._auth = (auth_header, auth_prefix)
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self, request: Request, token: str = "", *, acts: bool = False, seconds: float | None = None
    ) -> Answer:
        """One request; gives 2xx, 404, 409, 410, 412 and 428 as answers, and raises everything else."""
        headers = dict(request.headers or {})
        if token:
            headers[self._auth[0]] = f"{self._auth[1]}{token}"
        url = URL(self._base + request.path, encoded=True)
        if request.query:
            url = url.with_query(list(request.query))
        sent: dict[str, Any] = {"json": request.body} if request.has_body else {}
        where = f"{request.method.upper()} {request.path}"
        try:
            async with self._open().request(
                request.method.upper(), url, headers=headers, allow_redirects=False, middlewares=(_Once(),),
                timeout=aiohttp.ClientTimeout(total=seconds or _SECONDS), **sent,
            ) as reply:  # fmt: skip
                return await _answer(reply, where, acts=acts)
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.InvalidURL):
            raise Retry(f"{where}: the service cannot be reached.") from None
        except (TimeoutError, aiohttp.ClientError, OSError) as wrong:
            raise _lost(where, type(wrong).__name__, acts=acts) from None

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar(), trust_env=False)
        return self._session


class _Once:
    """The client repeats PUT and DELETE by itself when a connection breaks; a write may be sent once only."""

    def __init__(self) -> None:
        self._sent = False

    async def __call__(
        self, request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
    ) -> aiohttp.ClientResponse:
        if self._sent:
            raise aiohttp.ServerDisconnectedError
        self._sent = True
        return await handler(request)


async def _answer(reply: aiohttp.ClientResponse, where: str, *, acts: bool) -> Answer:
    status = reply.status
    done = _OK <= status < _MOVED
    try:
        body = _body(reply, await _read(reply, where))
    except (TimeoutError, aiohttp.ClientError, OSError, ToolFailed) as wrong:
        if not acts or not done:
            raise
        body = {
            "note": f"it was done ({status}); its answer could not be read: {str(wrong) or type(wrong).__name__}"
        }
    if done or status in _NOT_FOUND or status in _CONFLICTS:
        return Answer(status, body, _strong(reply.headers.get("ETag", "")), reply.headers.get("Location", ""))
    said = f"{where} answered {status}: {_short(body)}"
    if status == _BUSY:
        raise Retry(said, after=_seconds(reply.headers.get("Retry-After")))
    if _MOVED <= status < _WRONG:
        said = f"{where} answered {status}, and redirects are not followed"
        if acts and status not in _NOT_DONE_BY_REDIRECT:
            raise StepFailed(f"{said}; it may have been done.")
        raise ToolFailed(f"{said}.")
    if _WRONG <= status < _BROKEN:
        raise ToolFailed(said)
    raise _lost(where, f"{status}: {_short(body)}", acts=acts)


def _lost(where: str, what: str, *, acts: bool) -> Exception:
    if acts:
        return StepFailed(f"{where} gave no answer that says whether it was done ({what}).")
    return Retry(f"{where}: no answer ({what}).")


async def _read(reply: aiohttp.ClientResponse, where: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in reply.content.iter_chunked(1 << 16):
        size += len(chunk)
        if size > _LARGEST:
            raise ToolFailed(f"{where} answered more than {_LARGEST >> 20} MiB.")
        chunks.append(chunk)
    return b"".join(chunks)


def _body(reply: aiohttp.ClientResponse, content: bytes) -> Json:
    if not content:
        return None
    try:
        text = content.decode(reply.charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        kind = reply.headers.get("Content-Type", "")
        return {"bytes": len(content), "type": kind, "note": "binary, not shown"}
    return parsed(text) if "json" in reply.headers.get("Content-Type", "") else text


def _strong(etag: str) -> str:
    """A weak tag does not say that an object is the same, and no server takes it as a precondition."""
    return "" if etag.startswith("W/") else etag


def _short(body: Json) -> str:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _SAID else f"{text[:_SAID]}…"


def _seconds(said: str | None) -> float | None:
    return float(said) if said and said.isascii() and said.isdecimal() and len(said) < 10 else None  # noqa: PLR2004
