"""What is answered about releases, channels and canaries: plain frozen data that is printed, and that JSON carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class ReleaseView:
    """A release in one line."""

    digest: str
    name: str
    at: int
    by: str
    channels: tuple[str, ...] = ()
    """The channels that lead to it."""
    live: int = 0
    """Runs of it that are not over."""
    served: bool = False
    """Whether any worker executes it now."""


@dataclass(frozen=True, slots=True)
class ReleasePage:
    """A release as a page."""

    release: ReleaseView
    note: str
    policy: str
    """The rules that its runs are born under."""
    files: int
    parts: dict[str, dict[str, str]]
    card: dict[str, Any]
    environment: tuple[str, ...] = ()
    """Where what is installed here differs from what it was made with."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One part in which two releases differ."""

    kind: str
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class DiffView:
    """What changed from one release to another, or to the workspace as it stands."""

    old: str
    new: str
    changes: tuple[ChangeView, ...]
    texts: dict[str, str] = field(default_factory=dict[str, str])
    """Files as unified differences, by name."""


@dataclass(frozen=True, slots=True)
class DivergedRun:
    """A parked run that would not go on as it began."""

    run: str
    flow: str
    at: str
    why: str


@dataclass(frozen=True, slots=True)
class RehearsalView:
    """What came of replaying the journals of parked runs against a release."""

    release: str
    runs: int
    diverged: tuple[DivergedRun, ...]
    unread: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CanaryView:
    """A canary, and what it came to so far."""

    id: str
    release: str
    name: str
    against: str
    status: str
    percent: int
    started_at: int
    decided_at: int | None
    reason: str
    evidence: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Roster:
    """What a supervisor has to keep alive: the release that is stable, and every other that has something to do."""

    stable: str
    others: tuple[str, ...]
