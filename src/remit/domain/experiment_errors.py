"""What can go wrong with experiments.

BadInput ── UnknownExperiment · SuiteChanged · NothingToTry
Refused  ── Underpowered
Infrastructure ── ArmLost
"""

from __future__ import annotations

from remit.domain.errors import BadInput, Infrastructure, Refused


class UnknownExperiment(BadInput):
    """There is no such experiment."""

    code = "unknown_experiment"


class SuiteChanged(BadInput):
    """It would not be scored as it was begun."""

    code = "suite_changed"


class NothingToTry(BadInput):
    """No scenario is left, or nobody could make a go."""

    code = "nothing_to_try"


class Underpowered(Refused):
    """So few scenarios cannot answer what is asked; nothing was spent."""

    code = "underpowered"
    exit_code = 3


class ArmLost(Infrastructure):
    """The process that tries the other code has ended."""

    code = "arm_lost"
