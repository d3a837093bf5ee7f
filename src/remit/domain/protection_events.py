"""Durable facts about keys, erasure, holds and what rules took away: who did it, when and how much, never content.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event

# --- the stream of the workspace -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RootKeyRotated(Event):
    """A new root key is in use; data keys are wrapped again, and the older one still opens those that are not."""

    KIND: ClassVar[str] = "root.rotated"
    root: str
    by: str


@dataclass(frozen=True, slots=True)
class RootKeyRetired(Event):
    """The older root keys are gone; whatever copy they had wrapped cannot be opened any more."""

    KIND: ClassVar[str] = "root.retired"
    root: str
    by: str
    older: int


@dataclass(frozen=True, slots=True)
class RootKeyMoved(Event):
    """The root key is kept in another place from here on; which, in words, and never what it is."""

    KIND: ClassVar[str] = "root.moved"
    root: str
    by: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class HoldPlaced(Event):
    """What there is about a subject must not be destroyed; who ordered it, and why."""

    KIND: ClassVar[str] = "hold.placed"
    hold: str
    subject: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldReleased(Event):
    """A hold has ended; who said so, and why."""

    KIND: ClassVar[str] = "hold.released"
    hold: str
    subject: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class SubjectShredded(Event):
    """Everything about a subject was made unreadable; the receipt that says so, by its digest."""

    KIND: ClassVar[str] = "subject.shredded"
    deletion: str
    subject: str
    by: str
    keys: int
    receipt: str


@dataclass(frozen=True, slots=True)
class ExportMade(Event):
    """Keys or content were written to a file outside of the database."""

    KIND: ClassVar[str] = "export.made"
    export: str
    what: str
    path: str
    by: str


@dataclass(frozen=True, slots=True)
class SecretSet(Event):
    """Somebody put a new value where a secret is kept; never which."""

    KIND: ClassVar[str] = "secret.set"
    secret: str
    backend: str
    by: str


# --- the stream of a team ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunReduced(Event):
    """After the end of a run the rules of its data classes were applied; how many events lost content."""

    KIND: ClassVar[str] = "run.reduced"
    run: str
    rules: dict[str, str]
    events: int


@dataclass(frozen=True, slots=True)
class RetentionApplied(Event):
    """Content of runs came to the end of its time and was destroyed; how many were spared by a hold."""

    KIND: ClassVar[str] = "retention.applied"
    rule: str
    days: int
    runs: list[str] = field(default_factory=list[str])
    held: int = 0
    by: str = ""
