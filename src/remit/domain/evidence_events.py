"""Durable facts about the evidence itself: which keys sign what the log says of itself.

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


KINDS: tuple[type[Event], ...] = (SigningKeyMade,)
"""Every kind of this file."""
