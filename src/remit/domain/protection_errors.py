"""What can go wrong when data is protected: keys that cannot be had, holds that forbid, content that rules took away.

Refused         ├── LegalHold
                └── Shredded ── Reduced
Infrastructure  └── KeyServiceUnavailable
"""

from __future__ import annotations

from remit.domain.errors import Infrastructure, Refused, Shredded


class LegalHold(Refused):
    """Somebody ordered that this must not be destroyed."""

    code = "legal_hold"


class Reduced(Shredded):
    """A rule took the content away after the end of the run."""

    code = "reduced"


class KeyServiceUnavailable(Infrastructure):
    """The service that seals the root key cannot be asked."""

    code = "key_service_unavailable"
