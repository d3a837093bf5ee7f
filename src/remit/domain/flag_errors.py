"""What can go wrong with flags: names that nobody gave, and flags that could decide nothing.

BadInput ── UnknownFlag · InvalidFlag
"""

from __future__ import annotations

from remit.domain.errors import BadInput


class UnknownFlag(BadInput):
    """No flag has this name."""

    code = "unknown_flag"


class InvalidFlag(BadInput):
    """A flag that could decide nothing, or of which nobody can say what it decides."""

    code = "invalid_flag"
