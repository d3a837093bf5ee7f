"""From what went wrong with a provider to the error that says so: which class it is, whether another try makes
sense, whether the attempt may be billed, and one sentence for a person. No text of a key passes through here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.action_errors import (
    ContextTooLong,
    MalformedAnswer,
    ModelFailed,
    ModelRefused,
    ProviderBusy,
    ProviderDown,
    ProviderRefused,
    StreamCut,
)
from remit.models.provider import Trouble

if TYPE_CHECKING:
    from remit.models.transport import NoReply
    from remit.wire.dialect import WireError
    from remit.wire.messages import Failed

_CLASSES: dict[str, type[ModelFailed]] = {
    "rate_limit": ProviderBusy,
    "quota": ProviderBusy,
    "overloaded": ProviderBusy,
    "server": ProviderDown,
    "timeout": ProviderDown,
    "context_length": ContextTooLong,
    "content_filter": ModelRefused,
    "cut": StreamCut,
    "malformed": MalformedAnswer,
}
"""Any other kind is a ProviderRefused."""

_AGAIN = frozenset({"rate_limit", "overloaded", "server", "timeout", "cut", "malformed"})
"""Kinds after which the same request may well succeed."""

_MAY_COST = frozenset({"server", "timeout", "content_filter"})
"""Refusals of a request that the model may have seen. All others come before it, and no provider bills them."""

_SAID = {
    "rate_limit": "turned the request away for now",
    "quota": "turned the request away: the account has nothing left",
    "overloaded": "is overloaded",
    "server": "failed by itself",
    "timeout": "took too long",
    "context_length": "says that the conversation is too long for the model",
    "content_filter": "declined to answer this content",
    "authentication": "does not accept the key",
    "permission": "does not allow this key to do this",
    "not_found": "does not know the model or the address",
    "too_large": "says that the request is too large",
    "cut": "stopped in the middle of its answer",
    "malformed": "gave something that is no answer",
}

_HINTS = {
    "quota": "Raise the limit of the account behind it, or add a fallback to the route.",
    "authentication": "Check the secret that models.toml names for it, and that it belongs to this address.",
    "permission": "Check what the key may do at the provider.",
    "not_found": "Check the model's name and the base_url of the provider in models.toml.",
    "context_length": "Shorten the conversation, or use a model with a larger window.",
    "malformed": "Check that its base_url is the address of the API and that nothing rewrites its answers.",
}
_LONGEST = 400


def from_refusal(error: WireError, provider: str) -> ModelFailed:
    """A refusal that the provider put into words."""
    again = error.kind in _AGAIN if error.retryable is None else error.retryable
    trouble = Trouble(error.status, error.kind, error.retry_after, again, error.kind in _MAY_COST)
    status = f" ({error.status})" if error.status else ""
    if error.retry_after:
        status += f", and asks to wait {error.retry_after:,.0f} s"
    return _failure(provider, error.kind, f"{status}{_quoted(error.message)}", trouble)


def from_event(event: Failed, provider: str) -> ModelFailed:
    """A failure that was reported in the middle of a stream."""
    kind = event.kind or "server"
    return _failure(provider, kind, _quoted(event.message), Trouble(event.status, kind, None, kind in _AGAIN))


def from_silence(wrong: NoReply, provider: str) -> ModelFailed:
    """An exchange that came to no answer."""
    match wrong.where:
        case "connect" | "cut":
            kind, raised = wrong.where, ProviderDown
        case "first_byte" | "idle" | "total":
            kind, raised = "timeout", ProviderDown
        case "too_large":
            kind, raised = "malformed", MalformedAnswer
        case "protocol":
            kind, raised = (
                ("malformed", MalformedAnswer) if wrong.sent else ("invalid_request", ProviderRefused)
            )
    hint = "" if wrong.sent else "Nothing was sent. Check that it runs and that its base_url is right."
    failure = raised(f"provider {provider} did not answer: {wrong.detail}.", hint)
    return with_trouble(failure, Trouble(0, kind, None, raised is not ProviderRefused, wrong.sent))


def malformed(provider: str, what: str, status: int = 200) -> ModelFailed:
    """An answer that is none."""
    return _failure(provider, "malformed", f": {what}", Trouble(status, "malformed"))


def redirected(provider: str, status: int) -> ModelFailed:
    """An address that points elsewhere: a key is never carried to an address that nobody wrote down."""
    failure = ProviderRefused(
        f"provider {provider} answered with a redirect ({status}), and redirects are not followed.",
        "Write the final address into base_url in models.toml.",
    )
    return with_trouble(failure, Trouble(status, "invalid_request", None, retryable=False))


def with_trouble(failure: ModelFailed, trouble: Trouble) -> ModelFailed:
    """The failure, carrying what the provider said about it."""
    failure.trouble = trouble
    return failure


def _failure(provider: str, kind: str, detail: str, trouble: Trouble) -> ModelFailed:
    said = _SAID.get(kind, "does not accept the request")
    failure = _CLASSES.get(kind, ProviderRefused)(
        f"provider {provider} {said}{detail.rstrip('.')}.", _HINTS.get(kind, "")
    )
    return with_trouble(failure, trouble)


def _quoted(message: str) -> str:
    """The provider's own words, on one line and not endless."""
    words = " ".join(message.split())
    return f": {words[:_LONGEST]}{'…' if len(words) > _LONGEST else ''}" if words else ""
