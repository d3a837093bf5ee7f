"""The service behind a document: one HTTP request and what came of it, in the words that a write needs.

An answer of 4xx says that nothing happened. A lost connection, a timeout or 5xx after a write says nothing at all,
and is raised as that, so that nobody believes it failed. The address is the operator's, never a model's.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import quote

import aiohttp

from remit.domain.errors import Retry, StepFailed, ToolFailed

Json = Any
_LARGEST = 64 * 1024 * 1024
_SAID = 500
_BUSY = 429
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
        """A precondition did not hold."""
        return self.status in _CONFLICTS


class Service:
    """One base URL."""

    def __init__(
        self, base_url: str, auth_header: str = "Authorization", auth_prefix: str = "Bearer "
    ) -> None:
        self._base = base_url.rstrip("/")
        self._auth = (auth_header, auth_prefix)
        self._session: aiohttp.ClientSession | None = None

    async def ask(
        self, method: str, path: str, *, query: dict[str, Json] | None = None, body: Json = None,
        headers: dict[str, str] | None = None, token: str = "", acts: bool = False, seconds: float | None = None,
    ) -> Answer:  # fmt: skip
        """One request; gives 2xx, 404, 409, 410, 412 and 428 as answers, and raises everything else."""
        sent = dict(headers or {})
        if token:
            sent[self._auth[0]] = f"{self._auth[1]}{token}"
        kwargs: dict[str, Any] = {"headers": sent, "allow_redirects": False, "params": _query(query or {})}
        if body is not None:
            kwargs["json"] = body
        if seconds is not None:
            kwargs["timeout"] = aiohttp.ClientTimeout(total=seconds)
        where = f"{method.upper()} {path}"
        try:
            async with self._open().request(method.upper(), self._base + path, **kwargs) as reply:
                content = await _read(reply, where)
                return _answer(reply, content, where, acts=acts)
        except aiohttp.ClientConnectorError:
            raise Retry(f"{where}: the service cannot be reached.") from None
        except (aiohttp.ClientError, asyncio.TimeoutError, OSError) as wrong:
            if not acts:
                raise Retry(f"{where}: no answer ({type(wrong).__name__}).") from None
            raise StepFailed(
                f"{where}: the connection broke ({type(wrong).__name__}); it may have been done."
            ) from None

    async def close(self) -> None:
        """Let go of connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=aiohttp.ClientTimeout(total=30)
            )
        return self._session


def filled(path: str, values: dict[str, Json]) -> str:
    """A path with its parameters in place, each as one segment whatever it holds."""
    for name, value in values.items():
        path = path.replace("{" + name + "}", quote(_text(value), safe="") or "%00")
    return path


def _answer(reply: aiohttp.ClientResponse, content: bytes, where: str, *, acts: bool) -> Answer:
    status, body = reply.status, _body(reply, content)
    if status < 300 or status in _NOT_FOUND or status in _CONFLICTS:  # noqa: PLR2004 - HTTP
        return Answer(status, body, reply.headers.get("ETag", ""), reply.headers.get("Location", ""))
    said = f"{where} answered {status}: {_short(body)}"
    if status == _BUSY:
        raise Retry(said, after=_seconds(reply.headers.get("Retry-After")))
    if status < 500:  # noqa: PLR2004 - HTTP
        raise ToolFailed(said)
    if acts:
        raise StepFailed(f"{said}; it may have been done.")
    raise Retry(said)


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
    if "json" in reply.headers.get("Content-Type", ""):
        try:
            return json.loads(content)
        except ValueError:
            pass
    try:
        return content.decode(reply.charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return {
            "bytes": len(content),
            "type": reply.headers.get("Content-Type", ""),
            "note": "binary, not shown",
        }


def _query(query: dict[str, Json]) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for name, value in query.items():
        values = cast("list[Json]", value) if isinstance(value, list) else [value]
        found += [(name, _text(each)) for each in values]
    return found


def _text(value: Json) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else json.dumps(value)


def _short(body: Json) -> str:
    text = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
    return text if len(text) <= _SAID else f"{text[:_SAID]}…"


def _seconds(said: str | None) -> float | None:
    return float(said) if said and said.isdigit() else None
