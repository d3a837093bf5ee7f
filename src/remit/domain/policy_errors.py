"""What can go wrong when rules change. A branch of the error tree.

BadInput    └── UnknownReview
Refused     └── LockedOut · CapabilityRefused
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Refused


class LockedOut(Refused):
    """After these rules nobody could change rules, let people in or lift a halt."""

    code = "locked_out"


class CapabilityRefused(Refused):
    """What was delegated does not reach so far, or does not count any more."""

    code = "capability_refused"


class UnknownReview(BadInput):
    """No review has this id, or none is open."""

    code = "unknown_review"
