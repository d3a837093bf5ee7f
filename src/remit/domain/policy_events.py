"""Durable facts about rules: which there were, which are in force, what they would have said, and who looked at them.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. All of them stand in
the stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class PolicyKept(Event):
    """A set of rules was seen for the first time: every file, word for word."""

    KIND: ClassVar[str] = "policy.kept"
    digest: str
    files: dict[str, Json]


@dataclass(frozen=True, slots=True)
class PolicyAdopted(Event):
    """These rules are in force from here on; who agreed to that, and whether one person alone may change them."""

    KIND: ClassVar[str] = "policy.adopted"
    digest: str
    before: str
    protected: bool
    by: str


@dataclass(frozen=True, slots=True)
class ShadowDiffered(Event):
    """Other rules, which are only tried, would have answered otherwise."""

    KIND: ClassVar[str] = "policy.differed"
    shadow: str
    policy: str
    run: str
    action: str
    resource: str
    agent: str
    answer: str
    other: str
    rule: str
    times: int = 1


@dataclass(frozen=True, slots=True)
class RightRevoked(Event):
    """Nobody may use this any more, whatever a rule says: a right, or a capability."""

    KIND: ClassVar[str] = "right.revoked"
    kind: str
    subject: str
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class RightRestored(Event):
    """The rules decide about it again."""

    KIND: ClassVar[str] = "right.restored"
    kind: str
    subject: str
    by: str


@dataclass(frozen=True, slots=True)
class ReviewOpened(Event):
    """Somebody has to confirm or revoke each of these rights until `due`."""

    KIND: ClassVar[str] = "review.opened"
    review: str
    rights: list[str]
    due: int
    by: str


@dataclass(frozen=True, slots=True)
class RightReviewed(Event):
    """A right was confirmed or revoked in a review."""

    KIND: ClassVar[str] = "right.reviewed"
    review: str
    subject: str
    verdict: str
    by: str


@dataclass(frozen=True, slots=True)
class LimitsAdopted(Event):
    """These budgets, or these rules of retention, are in force from here on, word for word; who agreed to that, and
    whether one person alone may change them.
    """

    KIND: ClassVar[str] = "limits.adopted"
    name: str
    digest: str
    before: str
    protected: bool
    by: str
    content: Json
