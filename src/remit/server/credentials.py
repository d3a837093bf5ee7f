"""The key in the headers of a request, wherever its dialect puts it; and what the request says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import Unauthenticated
from remit.domain.fronting import Attribution

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS = ("x-api-key", "x-goog-api-key", "api-key")
_SAYS = frozenset(
    {
        "x-remit-agent",
        "x-remit-session",
        "x-remit-purpose",
        "x-remit-run-token",
        "x-remit-run",
        "idempotency-key",
    }
)
_NOTHING = Attribution()


def secret_of(headers: Mapping[str, str]) -> str:
    """The one key that was shown; empty for none. Two that differ are no key at all."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    shown = {value.strip()} if kind.lower() == "bearer" and value.strip() else set[str]()
    for name in _HEADERS:
        if name in headers and (other := headers[name].strip()):
            shown.add(other)
    if len(shown) > 1:
        raise Unauthenticated("the request shows several keys that differ.", "Send one of them.")
    return shown.pop() if shown else ""


def attribution_of(headers: Mapping[str, str]) -> Attribution:
    """What a request says about itself, for display and tags."""
    if _SAYS.isdisjoint(headers):
        return _NOTHING
    get = headers.get
    return Attribution(
        get("x-remit-agent", ""), get("x-remit-session", ""), get("x-remit-purpose", ""),
        get("x-remit-run-token", ""), get("x-remit-run", ""), get("idempotency-key", ""),
    )  # fmt: skip
