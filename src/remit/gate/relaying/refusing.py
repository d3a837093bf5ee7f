"""Our errors in the terms that every dialect has: a status, a kind, and whether asking again makes sense.

What a provider said of a key, an account or an address of ours is our trouble and not the client's: it is told as a
failure of the server. Nothing of it names a key or an address.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.domain import action_errors, errors
from remit.domain.front_errors import NotServing, UnknownResponse
from remit.domain.halt_errors import Halted, HaltsUnknown
from remit.models.provider import trouble_of
from remit.wire.dialect import WireError

if TYPE_CHECKING:
    from remit.domain.errors import RemitError

_KINDS: tuple[tuple[tuple[type[Exception], ...], int, str], ...] = (
    ((action_errors.BudgetExhausted,), 429, "quota"),
    ((action_errors.RateLimited,), 429, "rate_limit"),
    ((action_errors.UnknownRoute, UnknownResponse), 404, "not_found"),
    ((action_errors.ContextTooLong,), 400, "context_length"),
    ((action_errors.ModelRefused,), 400, "content_filter"),
    ((action_errors.Unsupported, action_errors.BadArguments, action_errors.NoRoute), 400, "invalid_request"),
    ((action_errors.Denied, action_errors.Blocked, Halted), 403, "permission"),
    ((HaltsUnknown,), 503, "overloaded"),
    ((action_errors.SecretUnavailable,), 502, "server"),
    ((errors.TooLarge,), 413, "too_large"),
    ((errors.BadInput,), 400, "invalid_request"),
    ((errors.TimedOut,), 504, "timeout"),
    ((errors.Refused,), 403, "permission"),
    ((errors.Infrastructure,), 503, "overloaded"),
)
_OURS = frozenset({"authentication", "permission", "not_found", "quota"})
"""What a provider says of what it knows us by."""
_ADDRESS = re.compile(r"\bhttps?://[^\s\"'<>]+|\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b")
"""What a proxy before a provider may say of the network behind it."""
_OUR_TROUBLE = (
    "The provider of the model does not serve this gateway as it should; its operator finds why in the log."
)
_GAVE_WAY = "Remit cannot read or write what it has to at the moment; its operator finds why in the log."
_NAMED = {"resting": "overloaded"}
_STATUSES = {"timeout": 504, "overloaded": 503, "rate_limit": 429, "invalid_request": 400, "too_large": 413}
_CODES = {"quota": "", "content_filter": "", "context_length": ""}
_BAD_GATEWAY = 502


def said_outside(wrong: RemitError) -> str:
    """What strangers are told of an error: of a ground that gave way only that it did, the rest names our inside."""
    if isinstance(wrong, errors.Infrastructure) and not isinstance(wrong, (NotServing, HaltsUnknown)):
        return _GAVE_WAY
    return " ".join(filter(None, (wrong.message, wrong.hint)))


def wire_error(wrong: RemitError) -> WireError:
    """An error of ours as a client is told it. Whoever is told has asked once; Remit has tried what makes sense, so
    asking again at once is said to be pointless wherever that is so.
    """
    message = said_outside(wrong)
    if isinstance(wrong, action_errors.ModelFailed) and not isinstance(
        wrong, (action_errors.ContextTooLong, action_errors.ModelRefused)
    ):
        return _of_provider(wrong, message)
    for kinds, status, kind in _KINDS:
        if isinstance(wrong, kinds):
            code = "" if kind in _CODES else wrong.code
            return WireError(status, kind, message, code, retryable=False if status < _BAD_GATEWAY else None)
    return WireError(500, "server", "Something went wrong inside of Remit.", wrong.code, retryable=False)


def _of_provider(wrong: action_errors.ModelFailed, message: str) -> WireError:
    """What was tried everywhere it could be: the client is told not to try it all again, unless it has to wait."""
    trouble = trouble_of(wrong)
    message = _OUR_TROUBLE if trouble.kind in _OURS else _ADDRESS.sub("[address]", message)
    kind = "server" if trouble.kind in _OURS else _NAMED.get(trouble.kind, trouble.kind)
    status = _STATUSES.get(
        kind, trouble.status if kind == "server" and trouble.status in _PASSED else _BAD_GATEWAY
    )
    if kind not in _STATUSES:
        kind = "server"
    return WireError(status, kind, message, wrong.code, retry_after=trouble.retry_after, retryable=False)


_PASSED = frozenset({500, 503})
