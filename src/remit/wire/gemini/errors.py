"""Errors of the Gemini API, both ways: `{"error": {"code", "message", "status", "details": [...]}}`.

Details are typed: `RetryInfo` says how long to wait, `ErrorInfo` gives a reason, `QuotaFailure` which limit it was.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, cast

from remit.wire import http_errors
from remit.wire.dialect import WireError

if TYPE_CHECKING:
    from collections.abc import Mapping

Json = Any
Block = dict[str, Json]


def decode_error(status: int, headers: Mapping[str, str], body: bytes) -> WireError:
    """A provider's refusal."""
    found = http_errors.json_of(body)
    error = _error_of(found)
    message = error.get("message")
    if not isinstance(message, str) or not message:
        message = http_errors.words_of(status, b"" if error else body)
    details = _details(error)
    reason = _text(details.get("ErrorInfo", {}).get("reason"))
    kind = _kind(_text(error.get("status")), reason, message, details) or http_errors.kind_of(status)
    after = http_errors.retry_after(headers)
    if after is None:
        after = _delay(details.get("RetryInfo", {}).get("retryDelay"))
    return WireError(
        status,
        kind,
        message,
        reason,
        _field(details),
        retry_after=after,
        retryable=http_errors.should_retry(headers),
    )


def encode_error(error: WireError) -> tuple[int, dict[str, str], dict[str, Json]]:
    """Status, headers and body for a client. An empty budget is 402, which no client tries again."""
    body = error_body(
        error.kind, error.message, error.code, error.retry_after, status=error.status, param=error.param
    )
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(math.ceil(error.retry_after), 0))
    return body["error"]["code"], headers, body


def error_body(
    kind: str,
    message: str,
    code: str = "",
    retry_after: float | None = None,
    *,
    status: int = 0,
    param: str = "",
) -> dict[str, Json]:
    """The body; in a stream, a frame of its own."""
    number, name = _TO.get(kind, (500, "INTERNAL"))
    if status // 100 == number // 100 and kind in _AS_IT_CAME:
        number = status
    error: Block = {"code": number, "message": message, "status": name}
    details: list[Block] = []
    if code:
        details.append({"@type": f"{_TYPE}ErrorInfo", "reason": code, "domain": "remit"})
    if param:
        violation = {"field": param, "description": message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if retry_after is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{max(retry_after, 0.0):g}s"})
    if details:
        error["details"] = details
    return {"error": error}


def kind_of_error(body: Block) -> tuple[str, int, str]:
    """Kind, status and words of an error in the midst of a stream."""
    error = _error_of(body)
    message, number = _text(error.get("message")), error.get("code")
    status = number if isinstance(number, int) else 0
    details = _details(error)
    reason = _text(details.get("ErrorInfo", {}).get("reason"))
    kind = _kind(_text(error.get("status")), reason, message, details) or http_errors.kind_of(status)
    return kind, status, message


def _error_of(found: Json) -> Block:
    """The error itself; without `alt=sse` it comes in a list."""
    if isinstance(found, list) and found:
        found = cast("list[Json]", found)[0]
    if not isinstance(found, dict):
        return {}
    inner = cast("Block", found).get("error")
    if isinstance(inner, dict):
        return cast("Block", inner)
    return {"message": inner} if isinstance(inner, str) else {}


def _details(error: Block) -> dict[str, Block]:
    """The details by their type."""
    found: dict[str, Block] = {}
    listed = error.get("details")
    for detail in cast("list[Json]", listed) if isinstance(listed, list) else []:
        if isinstance(detail, dict):
            block = cast("Block", detail)
            found[_text(block.get("@type")).rpartition(".")[2]] = block
    return found


def _kind(status: str, reason: str, message: str, details: dict[str, Block]) -> str:
    """The kind by its reason, else by words that mean more than the status, else by that; "" if it says nothing."""
    if reason in _REASONS:
        return _REASONS[reason]
    kind = _KINDS.get(status, "")
    if kind == "invalid_request" and any(phrase in message for phrase in _TOO_LONG):
        return "context_length"
    if kind == "rate_limit" and (_is_daily(details) or any(phrase in message for phrase in _SPENT)):
        return "quota"
    return kind


def _is_daily(details: dict[str, Block]) -> bool:
    """A limit of the day is not one that a short wait helps against."""
    violations = details.get("QuotaFailure", {}).get("violations")
    listed = cast("list[Json]", violations) if isinstance(violations, list) else []
    ids = [_text(cast("Block", one).get("quotaId")) for one in listed if isinstance(one, dict)]
    return any("PerDay" in name for name in ids)


def _field(details: dict[str, Block]) -> str:
    violations = details.get("BadRequest", {}).get("fieldViolations")
    listed = cast("list[Json]", violations) if isinstance(violations, list) else []
    return _text(cast("Block", listed[0]).get("field")) if listed and isinstance(listed[0], dict) else ""


def _delay(said: Json) -> float | None:
    try:
        seconds = float(said.removesuffix("s")) if isinstance(said, str) else math.nan
    except ValueError:
        return None
    return max(seconds, 0.0) if math.isfinite(seconds) else None


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


_TYPE = "type.googleapis.com/google.rpc."
_KINDS = {
    "INVALID_ARGUMENT": "invalid_request",
    "FAILED_PRECONDITION": "invalid_request",
    "OUT_OF_RANGE": "invalid_request",
    "ALREADY_EXISTS": "invalid_request",
    "ABORTED": "server",
    "UNAUTHENTICATED": "authentication",
    "PERMISSION_DENIED": "permission",
    "NOT_FOUND": "not_found",
    "RESOURCE_EXHAUSTED": "rate_limit",
    "CANCELLED": "timeout",
    "DEADLINE_EXCEEDED": "timeout",
    "UNAVAILABLE": "overloaded",
    "INTERNAL": "server",
    "UNKNOWN": "server",
    "UNIMPLEMENTED": "invalid_request",
}
_TO = {
    "invalid_request": (400, "INVALID_ARGUMENT"),
    "authentication": (401, "UNAUTHENTICATED"),
    "permission": (403, "PERMISSION_DENIED"),
    "not_found": (404, "NOT_FOUND"),
    "too_large": (413, "INVALID_ARGUMENT"),
    "rate_limit": (429, "RESOURCE_EXHAUSTED"),
    "quota": (402, "FAILED_PRECONDITION"),
    "context_length": (400, "INVALID_ARGUMENT"),
    "content_filter": (400, "INVALID_ARGUMENT"),
    "overloaded": (503, "UNAVAILABLE"),
    "timeout": (504, "DEADLINE_EXCEEDED"),
    "server": (500, "INTERNAL"),
}
_AS_IT_CAME = frozenset({"invalid_request", "server"})
_REASONS = {
    "API_KEY_INVALID": "authentication",
    "API_KEY_EXPIRED": "authentication",
    "ACCESS_TOKEN_EXPIRED": "authentication",
    "API_KEY_SERVICE_BLOCKED": "permission",
    "SERVICE_DISABLED": "permission",
    "BILLING_DISABLED": "quota",
}
_TOO_LONG = ("exceeds the maximum number of tokens", "maximum number of tokens allowed", "context window")
_SPENT = ("credits are depleted", "spending cap", "billing")
