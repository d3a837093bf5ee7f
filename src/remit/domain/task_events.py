"""Durable facts about tasks: where somebody outside wants to be told how one goes. Part of the closed vocabulary of
`events`; the same rules hold: a released class is never edited. All of them stand in the stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event


@dataclass(frozen=True, slots=True)
class TaskHooked(Event):
    """Somebody is told how a task goes, at this host."""

    KIND: ClassVar[str] = "task.hooked"
    run: str
    hook: str
    host: str
    by: str


@dataclass(frozen=True, slots=True)
class TaskUnhooked(Event):
    """Nobody is told there any more."""

    KIND: ClassVar[str] = "task.unhooked"
    run: str
    hook: str
    by: str
