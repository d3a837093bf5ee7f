"""Errors as OpenAI and everybody after it words them: `{"error": {message, type, code, param}}`, in a body of its own
or in the middle of a stream. Servers that only look alike put them elsewhere, or send a page of HTML.
"""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any, cast

from remit.wire import http_errors
from remit.wire.arguments import json_text
from remit.wire.dialect import WireError
from remit.wire.messages import Failed

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any

_KINDS = {
    "insufficient_quota": "quota",
    "billing_hard_limit_reached": "quota",
    "billing_not_active": "quota",
    "rate_limit_exceeded": "rate_limit",
    "rate_limit_error": "rate_limit",
    "tokens": "rate_limit",
    "requests": "rate_limit",
    "context_length_exceeded": "context_length",
    "content_filter": "content_filter",
    "content_policy_violation": "content_filter",
    "bio_policy": "content_filter",
    "image_content_policy_violation": "content_filter",
    "invalid_api_key": "authentication",
    "authentication_error": "authentication",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "model_not_found": "not_found",
    "request_too_large": "too_large",
    "overloaded": "overloaded",
    "overloaded_error": "overloaded",
    "timeout": "timeout",
    "server_error": "server",
    "internal_error": "server",
    "invalid_request_error": "invalid_request",
    "invalid_prompt": "invalid_request",
}
_FACES: dict[str, tuple[str, str]] = {
    "invalid_request": ("invalid_request_error", ""),
    "authentication": ("invalid_request_error", "invalid_api_key"),
    "permission": ("permission_error", ""),
    "not_found": ("not_found_error", ""),
    "too_large": ("invalid_request_error", "request_too_large"),
    "rate_limit": ("rate_limit_error", "rate_limit_exceeded"),
    "quota": ("insufficient_quota", "insufficient_quota"),
    "context_length": ("invalid_request_error", "context_length_exceeded"),
    "content_filter": ("invalid_request_error", "content_filter"),
    "overloaded": ("overloaded_error", "overloaded"),
    "timeout": ("server_error", "timeout"),
}
_TOO_LONG = re.compile(
    r"maximum context length|context window|prompt is too long|exceeds? the (?:model's )?context|"
    r"too many (?:input )?tokens",
    re.IGNORECASE,
)
_ERRORS = range(400, 600)
_TOO_MANY = 429


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> WireError:
    """A provider's refusal, whatever its body is."""
    said = _error_in(http_errors.json_of(body))
    message, code, param, kind = _read(said, status)
    return WireError(
        status,
        kind,
        message or http_errors.words_of(status, b"" if said else body),
        code,
        param,
        http_errors.retry_after(headers),
        http_errors.should_retry(headers),
    )


def encode_error(error: WireError) -> tuple[int, dict[str, str], dict[str, Json]]:
    """An error for a client. An exhausted budget says so in the words at which no client tries again."""
    status = error.status if error.status in _ERRORS else http_errors.status_of(error.kind)
    retryable = error.retryable
    if error.kind == "quota":
        status, retryable = _TOO_MANY, False
    headers: dict[str, str] = {}
    if retryable is not None:
        headers["x-should-retry"] = "true" if retryable else "false"
    if error.retry_after is not None:
        headers["retry-after"] = str(math.ceil(error.retry_after))
        headers["retry-after-ms"] = str(round(error.retry_after * 1000))
    return status, headers, error_body(error)


def error_body(error: WireError) -> dict[str, Json]:
    """The body alone; also what a stream says when it fails half-way."""
    kind, code = _FACES.get(error.kind, ("server_error", ""))
    if error.kind != "quota":
        code = error.code or code
    return {
        "error": {
            "message": error.message or "Something went wrong.",
            "type": kind,
            "param": error.param or None,
            "code": code or None,
        }
    }


def failure(event: Mapping[str, Json]) -> Failed | None:
    """The error that a frame of a stream is, if it is one."""
    error = event.get("error")
    if not error:
        return None
    said = cast("dict[str, Json]", error) if isinstance(error, dict) else {"message": str(error)}
    status = next((c for c in (said.get("status"), said.get("code")) if type(c) is int and c in _ERRORS), 0)
    message, _, _, kind = _read(said, status)
    return Failed(message or "The provider reported an error without a word.", kind, status)


def _error_in(body: Json) -> dict[str, Json]:
    """The object that describes the error, wherever a server put it."""
    if isinstance(body, list) and body:
        body = cast("list[Json]", body)[0]
    if not isinstance(body, dict):
        return {}
    found = cast("dict[str, Json]", body)
    error = found.get("error")
    if isinstance(error, dict):
        return cast("dict[str, Json]", error)
    if isinstance(error, str) and error:
        return {**found, "message": found.get("message") or error}
    if "detail" in found and "message" not in found:
        detail = found["detail"]
        return {"message": detail if isinstance(detail, str) else json_text(detail)}
    return found


def _read(said: Mapping[str, Json], status: int) -> tuple[str, str, str, str]:
    """Message, code, parameter and kind."""
    message, param = said.get("message"), said.get("param")
    code = "" if said.get("code") is None else str(said["code"])
    text = message[: http_errors.LONGEST_MESSAGE] if isinstance(message, str) else ""
    kind = _KINDS.get(code) or _KINDS.get(str(said.get("type"))) or http_errors.kind_of(status)
    by_status = http_errors.kind_of(status)
    if kind in ("invalid_request", "server") and by_status != "server":
        kind = by_status  # the type says little more than whose fault it is; the status knows better
    if kind in ("invalid_request", "too_large") and _TOO_LONG.search(text):
        kind = "context_length"
    return text, code, param if isinstance(param, str) else "", kind
