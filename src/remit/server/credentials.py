"""The key in the headers of a request, wherever its dialect puts it; and what the request says about itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.errors import Unauthenticated
from remit.domain.fronting import Attribution

if TYPE_CHECKING:
    from collections.abc import Mapping

_HEADERS = ("x-api-key", "x-goog-api-key", "api-key")


def secret_of(headers: Mapping[str, str]) -> str:
    """The one key that was shown; empty for none. Two that differ are no key at all."""
    kind, _, value = headers.get("authorization", "").partition(" ")
    shown = {value.strip()} if kind.lower() == "bearer" and value.strip() else set[str]()
    shown |= {headers[name].strip() for name in _HEADERS if headers.get(name, "").strip()}
    if len(shown) > 1:
        raise Unauthenticated("the request shows several keys that differ.", "Send one of them.")
    return shown.pop() if shown else ""


def attribution_of(headers: Mapping[str, str]) -> Attribution:
    """What a request says about itself, for display and tags."""
    get = headers.get
    return Attribution(
        get("x-remit-agent", ""), get("x-remit-session", ""), get("x-remit-purpose", ""),
        get("x-remit-run-token", ""), get("x-remit-run", ""), get("idempotency-key", ""),
    )  # fmt: skip
