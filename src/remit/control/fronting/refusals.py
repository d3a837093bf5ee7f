"""What a client is told when something is refused or fails, in the words of its dialect. Nothing of the inside gets
out: what is no error of the one tree is told as a failure of ours, and no more.
"""

from __future__ import annotations

from typing import Any

from remit.domain.action_errors import UnknownRoute
from remit.domain.errors import RemitError, RunWasCancelled, Unauthenticated
from remit.domain.front_errors import KeyConflict, NotServing, OverLimit
from remit.gate.relaying.refusing import said_outside, wire_error
from remit.wire.dialect import WireError
from remit.wire.dialects import dialect as dialect_named
from remit.wire.messages import Failed

__all__ = ["in_band", "refusal", "said_outside", "told"]
_FAILED = WireError(500, "server", "Something went wrong here.", retryable=False)
_KINDS = {400: "invalid_request", 403: "permission", 404: "not_found", 413: "too_large"}
_OURS: tuple[tuple[type[RemitError], int, str, bool | None], ...] = (
    (Unauthenticated, 401, "authentication", False),
    (OverLimit, 429, "rate_limit", None),
    (KeyConflict, 409, "invalid_request", False),
    (NotServing, 503, "overloaded", None),
    (RunWasCancelled, 403, "permission", False),
)
_NOT_FOUND = "model_not_found"


def refusal(
    dialect: str, wrong: BaseException, request: str = ""
) -> tuple[int, dict[str, str], dict[str, Any]]:
    """Status, headers and body of an error in a dialect, with the id of the request where the dialect has a place."""
    status, headers, body = dialect_named(dialect).encode_error(told(wrong))
    own = _status_of(wrong)
    if own:
        status = own
    if dialect == "anthropic" and request:
        body["request_id"] = request
    return status, headers, body


def in_band(dialect: str, wrong: BaseException) -> bytes:
    """An error as the only event of a stream that has begun and said nothing yet."""
    error = told(wrong)
    encoder = dialect_named(dialect).stream_encoder(model="", identity="")
    return encoder.feed(Failed(error.message, error.kind, error.status))


def told(wrong: BaseException) -> WireError:
    """An error as dialects tell it."""
    if not isinstance(wrong, RemitError):
        return _FAILED
    text = said_outside(wrong)
    if own := _status_of(wrong):
        return WireError(own, _KINDS.get(own, "invalid_request"), text, wrong.code, retryable=False)
    for kind, status, word, again in _OURS:
        if isinstance(wrong, kind):
            after = getattr(wrong, "retry_after", 1.0 if again is None else None)
            return WireError(status, word, text, _code(wrong), retry_after=after, retryable=again)
    found = wire_error(wrong)
    if isinstance(wrong, UnknownRoute):
        return WireError(404, "not_found", found.message, _NOT_FOUND, "model", retryable=False)
    return found


def _code(wrong: RemitError) -> str:
    return "" if isinstance(wrong, Unauthenticated | OverLimit) else wrong.code


def _status_of(wrong: BaseException) -> int:
    """The status of an error that is about HTTP itself."""
    return int(getattr(wrong, "status", 0) or 0)
