"""What is answered about experiments: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remit.quality.gating.preflight import Preflight

Json = Any
Watch = Callable[["Progress"], None]


@dataclass(frozen=True, slots=True)
class Wish:
    """How somebody wants a suite to be tried."""

    against: str = ""
    """An experiment, a folder or a release; empty: nothing."""
    gate: bool = False
    """Whether something depends on the verdict."""
    trials: int | None = None
    """Goes at each scenario; None: as the suite says."""
    seed: int = 0
    only: str = ""
    """Scenarios whose name fits this pattern."""
    max_cost: float | None = None
    """In dollars."""
    parallel: int = 8
    fresh: bool = False
    """Make goes again that were made before."""
    anyway: bool = False
    """Though so few scenarios cannot answer what is asked."""
    variants: int | None = None
    """Of how many variants this is the chosen one; None: as many as the log knows of."""
    seconds: float = 600.0


@dataclass(frozen=True, slots=True)
class WaiverView:
    """Who answers for a verdict that says nothing."""

    by: str
    at: int
    experiment: str


@dataclass(frozen=True, slots=True)
class ExperimentSummary:
    """An experiment in one line."""

    id: str
    suite: str
    version: str
    arm: str
    against: str
    gate: bool
    by: str
    at: int
    status: str
    verdict: str = ""


@dataclass(frozen=True, slots=True)
class ExperimentView:
    """An experiment: what it came to, once it has ended."""

    id: str
    suite: str
    status: str
    by: str
    at: int
    gate: bool
    outcome: dict[str, Json]
    """As it ended: arms, findings, verdict, reasons; empty while it is under way."""
    waiver: WaiverView | None = None
    error: str = ""
    preflight: Preflight | None = None
    made: int = 0
    """Goes that have ended."""
    size: int = 0
    scenarios: tuple[str, ...] = ()
    """Those that it tried, by name."""

    @property
    def verdict(self) -> str:
        """pass, fail, inconclusive; empty where nothing was compared."""
        return str(self.outcome.get("verdict", ""))

    @property
    def lost(self) -> bool:
        """Whether the ground gave way under every go."""
        arms: list[dict[str, Json]] = self.outcome.get("arms", [])
        return bool(arms) and any(arm["goes"] and arm["infra"] == arm["goes"] for arm in arms)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an experiment has come."""

    made: int
    size: int
    succeeded: int
    infra: int
    cached: int
    spent: int
    """Micro-units."""
    seconds: float
    """Since it began here."""
    eta: float | None
    """Seconds until it will have ended, going by those that were made; None: nobody can say yet."""


@dataclass(frozen=True, slots=True)
class BundleView:
    """Evidence that was written down."""

    to: str
    experiment: str
    events: int
    contents: int
    rows: int
    same: bool
    key: str


@dataclass(frozen=True, slots=True)
class RecomputedView:
    """What the files of an experiment come to, added up again."""

    experiment: str
    rows: int
    same: bool
    verdict: str
    reasons: tuple[str, ...] = field(default=())
    differs: tuple[str, ...] = ()
    """The parts of the outcome that do not come out as they stand in the log."""
