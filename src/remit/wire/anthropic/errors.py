"""Errors of the Messages API, both ways: `{"type": "error", "error": {"type", "message", "details": {"error_code"}}}`.

Older answers have no `details`; proxies and clouds before the API answer in shapes of their own, or in HTML.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from remit.wire import http_errors
from remit.wire.dialect import WireError

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> WireError:
    """A provider's refusal."""
    found = http_errors.json_of(body)
    error = _error_of(found)
    message = error.get("message")
    if not isinstance(message, str) or not message:
        message = http_errors.words_of(status, b"" if error else body)
    details = error.get("details")
    code = cast("dict[str, Json]", details).get("error_code") if isinstance(details, dict) else None
    code = code if isinstance(code, str) else ""
    return WireError(
        status,
        _kind(error.get("type"), code, message) or http_errors.kind_of(status),
        message,
        code,
        retry_after=http_errors.retry_after(headers),
        retryable=http_errors.should_retry(headers),
    )


def encode_error(error: WireError) -> tuple[int, dict[str, str], dict[str, Json]]:
    """Status, headers and body for a client. An empty budget is 402 `billing_error`, which no client tries again."""
    status = _STATUSES.get(error.kind, 500)
    if error.status and error.status // 100 == status // 100 and error.kind in _AS_IT_CAME:
        status = error.status
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(math.ceil(error.retry_after), 0))
    retryable = False if error.retryable is None and error.kind == "quota" else error.retryable
    if retryable is not None:
        headers["x-should-retry"] = "true" if retryable else "false"
    return status, headers, error_body(error.kind, error.message, error.code)


def error_body(kind: str, message: str, code: str = "") -> dict[str, Json]:
    """The body; in a stream, the data of its `error` event."""
    if kind == "context_length" and not any(phrase in message for phrase in _TOO_LONG):
        message = f"{_TOO_LONG[0]}: {message}"
    error: dict[str, Json] = {"type": _TYPES.get(kind, "api_error"), "message": message}
    if code:
        error["details"] = {"error_code": code}
    return {"type": "error", "error": error}


def kind_and_status(error: Mapping[str, Json]) -> tuple[str, int]:
    """What an `error` event is, and the status that it would have had."""
    message = error.get("message")
    kind = _kind(error.get("type"), "", message if isinstance(message, str) else "") or "server"
    return kind, _STATUSES.get(kind, 500)


def _error_of(found: Json) -> dict[str, Json]:
    """The error itself. Clouds before the API put it at the top."""
    if not isinstance(found, dict):
        return {}
    body = cast("dict[str, Json]", found)
    inner = body.get("error")
    if isinstance(inner, dict):
        return cast("dict[str, Json]", inner)
    message = inner if isinstance(inner, str) else body.get("message") or body.get("Message")
    return {"message": message} if message else {}


def _kind(said: Json, code: str, message: str) -> str:
    """The kind by its code, else by words that mean more than their type, else by its type; "" if it says nothing."""
    if code in _CODES:
        return _CODES[code]
    kind = _KINDS.get(said, "") if isinstance(said, str) else ""
    if kind in {"invalid_request", ""} and any(phrase in message for phrase in _TOO_LONG):
        return "context_length"
    if kind == "invalid_request" and any(phrase in message for phrase in _SPENT):
        return "quota"
    return kind


_KINDS = {
    "invalid_request_error": "invalid_request",
    "authentication_error": "authentication",
    "billing_error": "quota",
    "permission_error": "permission",
    "not_found_error": "not_found",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limit",
    "timeout_error": "timeout",
    "api_error": "server",
    "overloaded_error": "overloaded",
    "conflict_error": "invalid_request",
}
_TYPES = {
    "invalid_request": "invalid_request_error",
    "authentication": "authentication_error",
    "permission": "permission_error",
    "not_found": "not_found_error",
    "too_large": "request_too_large",
    "rate_limit": "rate_limit_error",
    "quota": "billing_error",
    "context_length": "invalid_request_error",
    "content_filter": "invalid_request_error",
    "overloaded": "overloaded_error",
    "timeout": "timeout_error",
    "server": "api_error",
}
_STATUSES = {
    "invalid_request": 400,
    "authentication": 401,
    "permission": 403,
    "not_found": 404,
    "too_large": 413,
    "rate_limit": 429,
    "quota": 402,
    "context_length": 400,
    "content_filter": 400,
    "overloaded": 529,
    "timeout": 504,
    "server": 500,
}
_AS_IT_CAME = frozenset({"invalid_request", "server"})
"""Kinds that several statuses share: 409 and 422 are told as they came, and so are 502 and 503."""
_CODES = {
    "enforced_spend_limit_reached": "quota",
    "contract_spend_limit_reached": "quota",
    "linked_organization_spend_limit_reached": "quota",
    "linked_organization_billing_unavailable": "quota",
    "ramp_limit_exceeded": "rate_limit",
    "request_body_too_large_after_decoding": "too_large",
}
_TOO_LONG = ("prompt is too long", "exceed context limit", "context window")
_SPENT = ("credit balance is too low", "API usage limits")
