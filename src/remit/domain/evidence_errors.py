"""What can go wrong with evidence: anchors that cannot be written, a log that is not what it was signed as, exports
that are none. Part of the tree in `errors`.
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Infrastructure


class NotAnExport(BadInput):
    """The folder holds no export of a log."""

    code = "not_an_export"


class UnknownEvent(BadInput):
    """The log has no such event."""

    code = "unknown_event"


class AnchorUnavailable(Infrastructure):
    """A checkpoint could not be written to its anchor outside the database."""

    code = "anchor_unavailable"


class LogContradicted(Infrastructure):
    """The log is not what its own newest checkpoint was signed over; no further one is made."""

    code = "log_contradicted"
