"""Durable facts about the evidence itself: which keys sign what the log says of itself, and that it was restored.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event

# --- the stream of the workspace -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SigningKeyMade(Event):
    """A new key signs checkpoints from here on; the one before it vouched for it, the first one for itself."""

    KIND: ClassVar[str] = "signing_key.made"
    number: int
    key: str
    introduction: str
    by: str


@dataclass(frozen=True, slots=True)
class LogRestored(Event):
    """A person declared that this log was restored from a backup: from `agreed` events on it is another one than was
    signed up to `lost`. The path of the event names the signed note.
    """

    KIND: ClassVar[str] = "log.restored"
    agreed: int
    lost: int
    until: int
    by: str
    reason: str
    note: str
