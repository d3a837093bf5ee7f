"""Durable facts about flags: what was set and taken away, by whom. What a flag came to for a run stands in the run:
with the step that asked, the model call that went elsewhere, the decision that refused.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. They stand in the
stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class FlagSet(Event):
    """A flag stands like this from here on."""

    KIND: ClassVar[str] = "flag.set"
    flag: str
    what: str
    """tool, route or value."""
    target: str
    value: Json
    otherwise: Json
    percent: int
    by: str
    agents: list[str] = field(default_factory=list[str])
    reason: str = ""


@dataclass(frozen=True, slots=True)
class FlagRemoved(Event):
    """A flag decides nothing any more."""

    KIND: ClassVar[str] = "flag.removed"
    flag: str
    by: str
    reason: str = ""
