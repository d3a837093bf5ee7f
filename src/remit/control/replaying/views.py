"""What is answered about runs that were made again: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.quality.counterfactual.comparing import Compared
    from remit.quality.verdicts import Finding

Watch = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which runs somebody wants to be made again, and how."""

    since: str = "7d"
    who: str = ""
    """One flow or agent."""
    runs: tuple[str, ...] = ()
    """These, whenever they were."""
    limit: int = 200
    """Fewer than a hundred cannot show that success is not rarer by three points."""
    environment: str = ""
    """SUITE:SCENARIO, whose environment answers what was not recorded."""
    max_cost: float | None = None
    """In dollars: once that is spent, nothing more is begun."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A run that nobody could make again."""

    run: str
    why: str


@dataclass(frozen=True, slots=True)
class CounterfactualView:
    """What came of making runs again."""

    id: str
    arm: str
    verdict: str
    reasons: tuple[str, ...]
    runs: int
    counts: Mapping[str, int]
    diverged: float
    findings: tuple[Finding, ...]
    compared: tuple[Compared, ...]
    left_out: tuple[LeftOut, ...]
    spent: int
    """For models that were asked anew, in millionths of a dollar."""


@dataclass(frozen=True, slots=True)
class GoldenView:
    """What came of replaying the golden runs."""

    code: str
    equal: tuple[str, ...]
    diverged: tuple[LeftOut, ...]
    unread: tuple[LeftOut, ...]
