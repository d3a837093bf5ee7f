"""Durable facts about containment: what was halted, why and on what evidence, and what was lifted.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. They stand in the
stream of the team, those about everything in that of the workspace.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class HaltOpened(Event):
    """Something may not act from here on, or only read."""

    KIND: ClassVar[str] = "halt.opened"
    halt: str
    scope: str
    target: str
    mode: str
    reason: str
    by: str
    until: int | None = None
    evidence: Json = None


@dataclass(frozen=True, slots=True)
class HaltLifted(Event):
    """It may act again."""

    KIND: ClassVar[str] = "halt.lifted"
    halt: str
    by: str
    reason: str = ""
