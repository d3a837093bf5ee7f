"""What can go wrong at the front doors, where agents that are not ours come in. A branch of the error tree.

Refused         ├── OverLimit · Pending · KeyConflict
                └── Unauthenticated ── KeyScoped · BadRunToken
BadInput        └── UnknownExchange · UnknownResponse · BadTelemetry
Infrastructure  └── NotServing
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Infrastructure, Refused, Unauthenticated


class OverLimit(Refused):
    """A key is used more often, or more at once, than it may be."""

    code = "over_limit"
    retry_after: float = 1.0
    """Seconds after which there is room again."""


class Pending(Refused):
    """A person has to agree first; the same request, made again, meets what they said."""

    code = "approval_pending"
    approval: str = ""
    run: str = ""


class KeyConflict(Refused):
    """An idempotency key was used before, for another request."""

    code = "idempotency_conflict"


class KeyScoped(Unauthenticated):
    """The key is one of an agent: it opens the front doors, and nothing that people do."""

    code = "key_scoped"


class BadRunToken(Unauthenticated):
    """The run token is none of this workspace, belongs to another key, or has expired."""

    code = "bad_run_token"


class UnknownExchange(BadInput):
    """No exchange of this key has this id."""

    code = "unknown_exchange"


class UnknownResponse(BadInput):
    """No response of this key has this id: it was not stored, has expired, or is somebody else's."""

    code = "unknown_response"


class BadTelemetry(BadInput):
    """Nothing of what was sent by OpenTelemetry can be decoded."""

    code = "bad_telemetry"


class NotServing(Infrastructure):
    """This process takes up nothing new: it is leaving, or as busy as it may be."""

    code = "not_serving"
