"""What can go wrong around halts: what may not act, what was called off while it acted, and a halt nobody can read.

    Refused         Halted
    RunProblem      HaltedInFlight
    BadInput        UnknownHalt
    Infrastructure  HaltsUnknown

`CalledOff` is no error: it says that an attempt which did nothing is to be admitted anew.
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Infrastructure, Refused, Retry, RunProblem


class Halted(Refused):
    """It may not act: it is halted."""

    code = "halted"


class HaltedInFlight(RunProblem):
    """A halt came while a write was under way, and nobody knows whether it took place."""

    code = "halted_in_flight"


class UnknownHalt(BadInput):
    """No halt has this id, or nothing stands that this names."""

    code = "unknown_halt"


class HaltsUnknown(Infrastructure):
    """Which halts stand cannot be read, so nothing may act."""

    code = "halts_unknown"


class CalledOff(Retry):
    """A halt came before anything was done, or while nothing but a read was under way."""
