"""Durable facts about runs that were made again: by other code in the world as it was recorded, or step by step.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. They stand in the
stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class RunsReplayed(Event):
    """Runs of some time were made again by other code, with no effect, and compared with what they were."""

    KIND: ClassVar[str] = "runs.replayed"
    replay: str
    arm: str
    """The digest of everything that shapes what the code does."""
    by: str
    runs: int
    counts: dict[str, int]
    """How many did the same, changed, diverged, were lost."""
    verdict: str
    reasons: list[str]
    findings: list[Json]
    """Of each metric the difference, its interval and what can be said of it."""
    compared: list[Json] = field(default_factory=list[Json])
    """Of each run that is not the same: in which run it was made again, and what became of it."""
    left_out: list[Json] = field(default_factory=list[Json])
    """Runs that nobody could make again, and why."""


@dataclass(frozen=True, slots=True)
class GoldenReplayed(Event):
    """Chosen runs were executed again from their journals, with no effect."""

    KIND: ClassVar[str] = "golden.replayed"
    code: str
    """The digest of everything that shapes what the code does."""
    by: str
    equal: list[str]
    diverged: list[Json]
    """Which run leaves its journal, and where."""
    unread: list[Json] = field(default_factory=list[Json])
    """Runs that could not be replayed, and why."""
