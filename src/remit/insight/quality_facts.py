"""What is known of the quality of changes and answers, counted: verdicts of gates, canaries, what live runs say that is
found, what judges are worth. Nouns only; who reads them from the log is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Agreed(NamedTuple):
    """A measure of a judge against people, and between what it lies."""

    name: str
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Calibrated:
    """A judge, as its newest card has it."""

    judge: str
    n: int
    """Labels of people that it was held against."""
    kappa: Agreed | None
    beside: tuple[Agreed, ...] = ()
    """Its sensitivity and specificity."""
    suspended: bool = False


@dataclass(frozen=True, slots=True)
class Grounded:
    """Tasks that were scored and say something that can be looked up."""

    tasks: int = 0
    wholly: int = 0
    """Those in which all of it was found."""
    millionths: int = 0
    """The sum of the shares that were found."""


@dataclass(frozen=True, slots=True)
class QualityFacts:
    """The sums."""

    passed: int = 0
    failed: int = 0
    inconclusive: int = 0
    waived: int = 0
    """Of the inconclusive: somebody answers for them."""
    escaped: int = 0
    """Kinds of failures that tasks of a release showed first, though a gate had let it pass."""
    ungated: int = 0
    """The same of releases that no gate let pass."""
    scenarios: int | None = None
    """By how many the suites grew that were put to a gate; None: none was."""
    canaries: tuple[tuple[str, int], ...] = ()
    """Canaries that began, by what they came to."""
    grounded: Grounded = Grounded()
    judges: tuple[Calibrated, ...] = ()
