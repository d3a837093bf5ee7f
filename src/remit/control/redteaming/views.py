"""What is answered about the red team: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from remit.quality.redteam.attack import Result
from remit.quality.redteam.report import Changes, Report, Standing

__all__ = [
    "Changes",
    "PackView",
    "PackedView",
    "Report",
    "ReportSummary",
    "ReportView",
    "Result",
    "Standing",
    "Watch",
]
Watch = Callable[[int, int], None]
"""Told how many attacks were played, and of how many."""


@dataclass(frozen=True, slots=True)
class ReportSummary:
    """A report in one line."""

    id: str
    at: int
    whole: bool
    """Whether it is about everything, rather than one agent or pack."""
    open: int
    """Harm that is reached, and that nobody has accepted."""
    untried: int
    tried: int


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report, and what differs from the last one about everything."""

    report: Report
    verdict: str
    """`pass`, `fail` or `inconclusive`."""
    standings: tuple[Standing, ...]
    changes: Changes
    markdown: str


@dataclass(frozen=True, slots=True)
class PackView:
    """A pack of attacks."""

    name: str
    title: str
    owasp: tuple[str, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class PackedView:
    """Attacks that were written down as suites."""

    suites: tuple[str, ...]
    files: tuple[str, ...]
    scenarios: int
    notes: tuple[str, ...] = ()
