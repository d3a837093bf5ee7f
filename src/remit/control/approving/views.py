"""What is answered about questions, verdicts, grants, proposals and the numbers of the inbox: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A question that waits for a person."""

    id: str
    kind: Literal["human", "unknown", "write", "approval", "proposal"]
    """A decision of `run.human`; a write whose outcome nobody knows; a write of a live fork; an
    action that a rule holds; a change that one person alone may not make."""
    run: str
    flow: str
    path: str
    name: str
    group: str
    asked_at: int
    due: int | None
    value: Any
    approve_means: str
    reject_means: str
    requester: str = ""
    """On whose behalf it would be done; who proposes it."""
    assignee: str = ""
    """The one person it was handed to."""
    needed: int = 1
    """How many different people have to agree."""
    agreed: list[str] = field(default_factory=list[str])
    edited_by: str = ""
    """Who changed the arguments since it was asked; somebody else has to agree."""
    notes: list[NoteView] = field(default_factory=list["NoteView"])
    """What was asked back, and answered."""
    digest: str = ""
    """Names exactly what is decided about."""
    mine: bool = False
    """Whether it is asked of whoever looks."""
    note: str = ""
    """What whoever asks says beside it."""
    shape: Any = None
    """The JSON Schema that another value in its place has to fit; None: anything does, or nothing."""
    otherwise: str = ""
    """What happens when nobody answers by then: `reject`, `approve`, `escalate` or `escalate:GROUP`."""


@dataclass(frozen=True, slots=True)
class GrantView:
    """A consent given in advance."""

    id: str
    tool: str
    agent: str
    run: str
    bounds: list[str]
    uses: int
    used: int
    state: Literal["living", "used up", "expired", "revoked", "shredded"]
    expires_at: int
    by: str
    at: int


@dataclass(frozen=True, slots=True)
class ProposalView:
    """A change that one person alone may not make."""

    id: str
    kind: str
    name: str
    action: Any
    status: str
    needed: int
    votes: int
    agreed: list[str]
    by: str
    at: int
    due: int


@dataclass(frozen=True, slots=True)
class NoteView:
    """Something asked back about a question, or answered to that."""

    kind: Literal["question", "answer"]
    by: str
    text: str
    at: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an answer that somebody gave."""

    id: str
    status: Literal["approved", "rejected", "counted", "edited"]
    """`counted`: others still have to agree; `edited`: somebody else has to look at the change."""
    pos: int
    run: str = ""
    needed: int = 1
    votes: int = 1
    canary: bool = False
    """It was a request that ought to be refused, put there to see whether people look."""
    grant: str = ""


@dataclass(frozen=True, slots=True)
class InboxNumbers:
    """How people decide, since a time."""

    since: int
    consequential: int
    """Writes that were performed, and those that were asked about and not agreed to."""
    asked: int
    asks_per_100: float | None
    approved: int
    rejected: int
    expired: int
    withdrawn: int
    open: int
    by_grant: int
    """Asks that grants given since then have answered."""
    decision_seconds: dict[str, float] = field(default_factory=dict[str, float])
    """Seconds from the question to the verdict: p50, p90, p99."""
    canaries: int = 0
    """Seeded requests that somebody decided about."""
    canaries_approved: int = 0
    blind_rate: float | None = None
    """The part of them that was agreed to."""
