"""What every HTTP answer says about a failure, whatever the dialect: by its status, its headers, and a body that may
be JSON, a page of HTML from some proxy, or nothing.
"""

from __future__ import annotations

import html
import math
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

LONGEST_MESSAGE = 2000
"""Characters of a foreign body that a message repeats."""

_BY_STATUS = {
    400: "invalid_request",
    401: "authentication",
    402: "quota",
    403: "permission",
    404: "not_found",
    408: "timeout",
    413: "too_large",
    429: "rate_limit",
    503: "overloaded",
    504: "timeout",
    529: "overloaded",
}
_TO_STATUS = {
    "invalid_request": 400,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "too_large": 413,
    "rate_limit": 429,
    "quota": 429,
    "context_length": 400,
    "content_filter": 400,
    "overloaded": 503,
    "timeout": 504,
    "server": 500,
}
_SERVER = 500
_TITLE = re.compile(r"<title[^>]*>([^<]{1,300})</title>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,1000}>")


def kind_of(status: int) -> str:
    """What a status alone says."""
    return _BY_STATUS.get(status, "server" if status >= _SERVER or not status else "invalid_request")


def status_of(kind: str) -> int:
    """The status that says so; 500 for a kind nobody knows."""
    return _TO_STATUS.get(kind, _SERVER)


def lowered(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in lower case."""
    return {name.lower(): value for name, value in headers.items()}


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from `retry-after-ms` or `retry-after`; a date counts from the answer's own `date`."""
    found = lowered(headers)
    milliseconds = _seconds(found.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    said = found.get("retry-after", "")
    seconds = _seconds(said)
    return _until(said, found.get("date", "")) if seconds is None and said else seconds


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """What `x-should-retry` says, if it says anything."""
    return {"true": True, "false": False}.get(lowered(headers).get("x-should-retry", "").strip().lower())


def json_of(body: bytes) -> Json:
    """The body as JSON, or None."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None


def words_of(status: int, body: bytes) -> str:
    """A sentence out of a body that is no JSON: the title of a page, its words, or the bare status."""
    text = body[: 8 * LONGEST_MESSAGE].decode("utf-8", "replace")
    title = _TITLE.search(text)
    words = " ".join(html.unescape(title[1] if title else _TAG.sub(" ", text)).split())
    return words[:LONGEST_MESSAGE] or f"The provider answered with status {status} and said nothing."


def _seconds(said: str) -> float | None:
    try:
        seconds = float(said)
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _until(said: str, now: str) -> float | None:
    try:
        return max((parsedate_to_datetime(said) - parsedate_to_datetime(now)).total_seconds(), 0.0)
    except (ValueError, TypeError):
        return None
