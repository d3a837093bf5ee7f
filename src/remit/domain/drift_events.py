"""Durable facts about drift: what shapes an agent is not what it was, or it does not do as it did.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. They stand in the
stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class FingerprintChanged(Event):
    """Something that shapes what an agent or flow does is there for the first time: it is not known who wanted that."""

    KIND: ClassVar[str] = "fingerprint.changed"
    kind: str
    """`agent` or `flow`."""
    subject: str
    what: str
    """prompt, model, tool, policy or code."""
    name: str
    """Which one, where there are several."""
    before: str
    after: str
    at: int
    run: str
    """The first run that it shaped."""
    runs: int
    earlier: int
    evidence: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class DriftFound(Event):
    """An agent or flow does not do as it did, and that is no chance."""

    KIND: ClassVar[str] = "drift.found"
    kind: str
    subject: str
    measure: str
    """success, steps, cost or tools."""
    direction: int
    before: float
    after: float
    since: str
    """The first run of it, as far as can be told."""
    seen: str
    """The run after which it was clear."""
    runs_before: int
    runs_since: int
    statistic: float
    threshold: float
    once_in: int
    evidence: list[str] = field(default_factory=list[str])
    shares: Json = None
    failure: str = ""
    causes: list[Json] = field(default_factory=list[Json])
    """What changed just before."""
