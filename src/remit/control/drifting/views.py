"""What is answered about drift: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.domain.drift_events import DriftFound, FingerprintChanged


@dataclass(frozen=True, slots=True)
class DriftView:
    """One thing that drifted."""

    id: str
    found_at: int
    at: int
    """When it began, as far as can be told; of what shifted, when the first run of it began."""
    sentence: str
    worse: bool
    finding: FingerprintChanged | DriftFound


@dataclass(frozen=True, slots=True)
class WatchedView:
    """An agent or flow that is looked at."""

    kind: str
    name: str
    runs: int
    """How many runs it is judged by."""
    since: int
    """When the first of them began: since then nothing shifted."""
    enough: bool
    """Whether there are enough of them that a shift could be seen."""


@dataclass(frozen=True, slots=True)
class DriftReport:
    """What drifted lately, and who is looked at."""

    since: int
    found: tuple[DriftView, ...]
    watched: tuple[WatchedView, ...]
