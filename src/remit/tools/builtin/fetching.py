"""One fetch over HTTP: hop by hop, each checked; so much and no more; within its time. It knows no tool.

Nothing travels that was not put in here: no cookies, no proxy settings of the environment, no credentials to a host
that they are not for.
"""

from __future__ import annotations

import asyncio
import base64
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import aiohttp

from remit.domain.action_errors import EgressRefused
from remit.domain.errors import Retry, ToolFailed
from remit.tools.egress import host_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from yarl import URL

    from remit.tools.egress import Egress

Json = Any

_MOST_HOPS = 5
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CHUNK = 64 * 1024
_HEADERS = {"User-Agent": "Remit", "Accept": "*/*", "Accept-Encoding": "identity"}
_TEXTUAL = ("text/", "application/json", "application/xml", "application/xhtml", "application/javascript")


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """How much."""

    largest: int = 1024 * 1024
    seconds: float = 20.0


async def fetch(
    address: str, egress: Egress, limits: FetchLimits, credential: Callable[[URL], Awaitable[str | None]]
) -> dict[str, Json]:
    """What stands at an address; `credential` gives the token for a host, if there is one."""
    url = egress.check(address)
    try:
        async with asyncio.timeout(limits.seconds):
            for _ in range(_MOST_HOPS + 1):
                found = await _hop(url, egress, limits, await credential(url))
                if isinstance(found, dict):
                    return found
                url = egress.check(found)
    except TimeoutError:
        raise ToolFailed(f"{host_of(url)} did not answer within {limits.seconds:g} s.") from None
    raise ToolFailed(f"{host_of(url)} sent us on more than {_MOST_HOPS} times.")


async def _hop(url: URL, egress: Egress, limits: FetchLimits, token: str | None) -> dict[str, Json] | URL:
    """One request: what it gave, or where it sent us."""
    headers = _HEADERS | ({"Authorization": f"Bearer {token}"} if token else {})
    session = aiohttp.ClientSession(
        connector=egress.connector(url),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
    )
    try:
        async with session, session.get(url, headers=headers, allow_redirects=False) as answer:
            there = answer.headers.get("Location")
            if answer.status in _REDIRECTS and there:
                return _joined(url, there)
            return await _told(answer, limits)
    except EgressRefused:
        raise
    except aiohttp.ClientConnectorError as wrong:
        refused = _refusal_within(wrong)
        if refused is not None:
            raise refused from None
        raise Retry(f"{host_of(url)} cannot be reached.") from None
    except (aiohttp.ClientError, OSError, zlib.error) as wrong:
        raise ToolFailed(f"{host_of(url)} gave no proper answer ({type(wrong).__name__}).") from None


async def _told(answer: aiohttp.ClientResponse, limits: FetchLimits) -> dict[str, Json]:
    data, cut = await _read(answer, limits.largest)
    kind = answer.content_type
    found: dict[str, Json] = {"url": str(answer.url), "status": answer.status, "content_type": kind}
    text = _as_text(data, answer.charset, kind)
    found |= {"text": text} if text is not None else {"base64": base64.b64encode(data).decode()}
    if cut:
        found["cut"] = f"only the first {limits.largest:,} bytes"
    return found


async def _read(answer: aiohttp.ClientResponse, largest: int) -> tuple[bytes, bool]:
    """The body, unpacked, up to so many bytes: a small one may unpack into one that fills the memory."""
    packed = answer.headers.get("Content-Encoding", "").strip().lower()
    unpack = zlib.decompressobj(wbits=47) if packed in {"gzip", "x-gzip", "deflate"} else None
    body = bytearray()
    async for chunk in answer.content.iter_chunked(_CHUNK):
        body += unpack.decompress(chunk, largest + 1 - len(body)) if unpack else chunk
        if len(body) > largest:
            return bytes(body[:largest]), True
    return bytes(body), False


def _as_text(data: bytes, charset: str | None, kind: str) -> str | None:
    """The body as text, if it is one."""
    if b"\0" in data[:_CHUNK] and not (charset or "").lower().startswith("utf-16"):
        return None
    try:
        return data.decode(charset or "utf-8")
    except (UnicodeDecodeError, LookupError):
        return data.decode("utf-8", "replace") if kind.startswith(_TEXTUAL) else None


def _joined(url: URL, there: str) -> URL:
    if len(there) > _CHUNK or not there.isprintable() or "\\" in there:
        raise EgressRefused(f"{host_of(url)} sent us to something that is no web address.")
    try:
        return url.join(type(url)(there))
    except ValueError:
        raise EgressRefused(f"{host_of(url)} sent us to something that is no web address.") from None


def _refusal_within(wrong: BaseException) -> EgressRefused | None:
    """The refusal that a connection failed with, however the client has wrapped it."""
    seen: BaseException | None = wrong
    while seen is not None:
        if isinstance(seen, EgressRefused):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None
