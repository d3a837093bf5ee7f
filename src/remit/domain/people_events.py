"""Durable facts about people: who may act, by which key, what they said about a question, what they granted.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited. All of them stand in
the stream of the team.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json

# --- people and keys -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PersonAdded(Event):
    """A user or a service exists, with these roles and groups."""

    KIND: ClassVar[str] = "person.added"
    person: str
    kind: str
    roles: list[str]
    by: str


@dataclass(frozen=True, slots=True)
class RolesChanged(Event):
    """Somebody has these roles and groups from here on."""

    KIND: ClassVar[str] = "person.roles"
    person: str
    roles: list[str]
    by: str


@dataclass(frozen=True, slots=True)
class PersonSwitched(Event):
    """Somebody may not act any more, or may again."""

    KIND: ClassVar[str] = "person.switched"
    person: str
    active: bool
    by: str


@dataclass(frozen=True, slots=True)
class KeyMade(Event):
    """Somebody was given a key; its secret is nowhere."""

    KIND: ClassVar[str] = "key.made"
    key: str
    person: str
    roles: list[str]
    expires: int | None
    by: str
    replaces: str = ""
    scope: Json = None
    """What the key of an agent is limited to; nothing for the key of a person."""


@dataclass(frozen=True, slots=True)
class KeyEnded(Event):
    """A key opens nothing from `at` on."""

    KIND: ClassVar[str] = "key.ended"
    key: str
    person: str
    by: str
    at: int
    why: str = ""


@dataclass(frozen=True, slots=True)
class GlassBroken(Event):
    """Whoever holds the database and its keys made an admin, because no admin was left who could."""

    KIND: ClassVar[str] = "glass.broken"
    person: str
    key: str
    reason: str
    by: str


# --- questions -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ApprovalVoted(Event):
    """One of several people who have to agree did so."""

    KIND: ClassVar[str] = "approval.voted"
    run: str
    approval: str
    by: str
    votes: int
    needed: int
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalEdited(Event):
    """Somebody put other arguments in place of those asked about; somebody else has to agree to these."""

    KIND: ClassVar[str] = "approval.edited"
    run: str
    approval: str
    by: str
    arguments: Json
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalNoted(Event):
    """Something was asked back about a question, or answered to that."""

    KIND: ClassVar[str] = "approval.noted"
    run: str
    approval: str
    note: str
    by: str
    text: str


@dataclass(frozen=True, slots=True)
class ApprovalDelegated(Event):
    """A question was handed on to a person or a group."""

    KIND: ClassVar[str] = "approval.delegated"
    run: str
    approval: str
    to: str
    group: str
    by: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalRated(Event):
    """Somebody who decided about a question said how well they could, from 1 to 5."""

    KIND: ClassVar[str] = "approval.rated"
    run: str
    approval: str
    rating: int
    by: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class CanarySeeded(Event):
    """A request that ought to be refused was put among the real ones; it can perform nothing."""

    KIND: ClassVar[str] = "canary.seeded"
    approval: str
    flow: str
    card: Json
    by: str
    like: Json = None
    """The question that it is like: its `run`, and its place there (`seq`)."""


@dataclass(frozen=True, slots=True)
class CanaryAnswered(Event):
    """Somebody decided about a request that ought to be refused."""

    KIND: ClassVar[str] = "canary.answered"
    approval: str
    verdict: str
    by: str
    comment: str = ""


# --- grants and proposals ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class GrantMade(Event):
    """Calls of a tool, within these bounds, so many times until then, need nobody to be asked."""

    KIND: ClassVar[str] = "grant.made"
    grant: str
    tool: str
    agent: str
    run: str
    uses: int
    until: int
    by: str
    bounds: Json = None
    approval: str = ""


@dataclass(frozen=True, slots=True)
class GrantUsed(Event):
    """A read or another action without a claim of its own was let pass by a grant."""

    KIND: ClassVar[str] = "grant.used"
    grant: str
    run: str
    path: str


@dataclass(frozen=True, slots=True)
class GrantRevoked(Event):
    """A grant covers nothing any more."""

    KIND: ClassVar[str] = "grant.revoked"
    grant: str
    by: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class ProposalMade(Event):
    """Somebody wants to change what one person alone may not change."""

    KIND: ClassVar[str] = "proposal.made"
    proposal: str
    what: str
    name: str
    digest: str
    action: Json
    needed: int
    by: str


@dataclass(frozen=True, slots=True)
class ProposalDecided(Event):
    """Enough others agreed, and it is done; or one said no."""

    KIND: ClassVar[str] = "proposal.decided"
    proposal: str
    verdict: str
    by: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ProposalSupported(Event):
    """One of several people who have to agree did so."""

    KIND: ClassVar[str] = "proposal.supported"
    proposal: str
    by: str
    votes: int
    needed: int
