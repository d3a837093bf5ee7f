"""The line to a remote agent: one request over HTTP, bounded in size and time, without a proxy of the environment, and
with what is known of it when no answer came.
"""

from __future__ import annotations

import json
from typing import Any, cast

import aiohttp

from remit.domain.errors import Retry

Json = Any
_LARGEST = 16 * 1024 * 1024
_CONNECT = 10.0


class Broken(Exception):
    """The line broke after something had been sent: nobody knows what came of it."""


class Answered(Exception):
    """The agent said no before it began: an HTTP status, or an error of the protocol."""

    def __init__(self, code: int, message: str) -> None:
        self.code = code
        super().__init__(message)


async def get(url: str, headers: dict[str, str], seconds: float) -> dict[str, Json]:
    """A document of the agent's host."""
    return await _asked("GET", url, None, headers, seconds)


async def call(
    url: str, method: str, params: dict[str, Json], headers: dict[str, str], seconds: float
) -> Json:
    """One JSON-RPC call; raises `Retry` where nothing was sent, `Broken` where nobody knows."""
    body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    answer = await _asked("POST", url, body, headers | {"A2A-Version": "1.0"}, seconds)
    wrong = answer.get("error")
    if isinstance(wrong, dict):
        known = cast("dict[str, Json]", wrong)
        raise Answered(int(known.get("code", 0)), str(known.get("message", ""))[:500])
    return answer.get("result")


async def _asked(verb: str, url: str, body: Json, headers: dict[str, str], seconds: float) -> dict[str, Json]:
    timeout = aiohttp.ClientTimeout(total=seconds, connect=_CONNECT)
    session = aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(), trust_env=False, timeout=timeout, headers={"User-Agent": "Remit"}
    )
    try:
        async with (
            session,
            session.request(verb, url, json=body, headers=headers, allow_redirects=False) as answer,
        ):
            raw = await answer.content.read(_LARGEST + 1)
            while len(raw) <= _LARGEST and not answer.content.at_eof():
                raw += await answer.content.read(_LARGEST + 1 - len(raw))
            return _read(answer.status, raw, url)
    except aiohttp.ClientConnectorError as wrong:
        raise Retry(f"the agent cannot be reached: {wrong.os_error or wrong}") from None
    except (aiohttp.ClientError, OSError, TimeoutError) as wrong:
        raise Broken(f"the line broke ({type(wrong).__name__})") from None


def _read(status: int, raw: bytes, url: str) -> dict[str, Json]:
    if status == 429 or status == 503:  # noqa: PLR1714, PLR2004 - busy, and it did nothing
        raise Retry(f"the agent answered {status}")
    if not 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls success
        if status >= 500:  # noqa: PLR2004 - it may have begun
            raise Broken(f"the agent answered {status}")
        raise Answered(status, f"the agent answered {status}")
    if len(raw) > _LARGEST:
        raise Broken(f"the agent answered more than {_LARGEST >> 20} MiB")
    try:
        found = json.loads(raw)
    except ValueError:
        raise Broken(f"{url} gave what is no JSON") from None
    return cast("dict[str, Json]", found) if isinstance(found, dict) else {}
