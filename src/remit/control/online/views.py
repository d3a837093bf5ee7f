"""What is answered about scores of live runs: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date


@dataclass(frozen=True, slots=True)
class ScoreFigure:
    """One score, over the runs of some days."""

    metric: str
    n: int
    """Runs in which there was something to measure."""
    mean: float | None
    whole: float | None
    """The share of runs with the full score: nothing unsupported, nothing denied, passed by the judge."""
    low: float | None
    high: float | None
    """Where that share lies, with 95 % confidence."""
    judge: str = ""
    """The judge that gave it, where one did."""
    gates: bool = False
    """Whether that judge has a card that holds."""
    corrected: float | None = None
    """The share as people would find it, by what the card says of the judge's errors."""
    corrected_low: float | None = None
    corrected_high: float | None = None


@dataclass(frozen=True, slots=True)
class OnlineView:
    """How good live runs were."""

    since: date
    until: date
    agent: str
    flow: str
    looked: int
    """Runs that were looked at."""
    figures: tuple[ScoreFigure, ...]
    hallucinating: ScoreFigure | None
    """Of runs whose answer holds something that can be looked up, those in which something was not found anywhere."""
