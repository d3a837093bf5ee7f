"""Durable facts about experiments: who answers for a verdict that says nothing. What was tried, and what it came to,
stands in the run of the experiment. Part of the closed vocabulary of `events`; the same rules hold: a released class is
never edited. All of them stand in the stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event


@dataclass(frozen=True, slots=True)
class VerdictWaived(Event):
    """A person lets a change pass although nobody can tell whether it is worse."""

    KIND: ClassVar[str] = "verdict.waived"
    experiment: str
    version: str
    arm: str
    against: str
    by: str
    reason: str
