"""Durable facts about the red team: what was tried, and what became of it. Part of the closed vocabulary of
`events`; the same rules hold: a released class is never edited. They stand in the stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class RedTeamReported(Event):
    """Attacks were played on the agents of a workspace."""

    KIND: ClassVar[str] = "redteam.reported"
    report: str
    by: str
    seed: int
    packs: list[Json]
    who: str
    arm: str
    """The digest of everything that shapes what agents do."""
    results: list[Json]
    """Each attack, what became of it, what stopped it, who accepts it, and the run in which it was played."""
    gaps: list[Json]
    """What could not be attacked, and why."""
    notes: list[Json]
