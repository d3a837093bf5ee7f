"""Durable facts about releases: what was released, which channel leads to which release and why, what a canary came to.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. They stand in the
stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class ReleaseCreated(Event):
    """A workspace as it stood is kept for good, under the digest of everything that shapes behaviour."""

    KIND: ClassVar[str] = "release.created"
    release: str
    name: str
    by: str
    parts: dict[str, Json]
    """The digest of every part, by kind and name."""
    files: dict[str, Json]
    """The archive: for each file the digest of its content, the blob that holds it, and whether it can be executed."""
    settings: dict[str, Json]
    """The settings that shape behaviour."""
    policy: str
    """The rules that its runs are born under."""
    card: Json = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ChannelSet(Event):
    """New runs of a channel go to this release from here on; to none, if it is empty."""

    KIND: ClassVar[str] = "channel.set"
    channel: str
    release: str
    before: str
    how: str
    """promote, rollback, canary, shadow or end."""
    by: str
    reason: str = ""
    evidence: Json = None


@dataclass(frozen=True, slots=True)
class ReleaseRehearsed(Event):
    """The journals of parked runs were replayed against a release, with no effect."""

    KIND: ClassVar[str] = "release.rehearsed"
    release: str
    by: str
    runs: int
    diverged: Json = None
    """Which runs would not go on as they began, and where each leaves its journal."""
    unread: list[str] = field(default_factory=list[str])
    """Runs that nobody could replay, since what they hold was erased or their flow is gone."""


@dataclass(frozen=True, slots=True)
class CanaryStarted(Event):
    """A share of new runs goes to a release, to see whether it is worse."""

    KIND: ClassVar[str] = "canary.started"
    canary: str
    release: str
    against: str
    by: str
    terms: dict[str, Json]


@dataclass(frozen=True, slots=True)
class CanaryMoved(Event):
    """The share of a canary changed, because so much of its evidence is in."""

    KIND: ClassVar[str] = "canary.moved"
    canary: str
    percent: int
    evidence: Json = None


@dataclass(frozen=True, slots=True)
class CanaryDecided(Event):
    """What a canary came to: cleared, promoted, rolled_back, held or ended."""

    KIND: ClassVar[str] = "canary.decided"
    canary: str
    release: str
    outcome: str
    by: str
    reason: str
    evidence: Json = None
