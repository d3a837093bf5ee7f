"""A decision: the answer of authority to an action, with reasons a person can follow.

Data only. Who decides stands in `policy`; what becomes of the answer, in `gate`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from remit.domain.value import value

Json = Any


class Outcome(StrEnum):
    """What authority may answer."""

    ALLOW = "allow"
    DENY = "deny"
    MODIFY = "modify"
    ASK = "ask"
    DEFER = "defer"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why: the rule, where it stands, what it says, what can be done."""

    rule: str
    """Its @id, or `file:line`."""
    place: str = ""
    text: str = ""
    """Its @reason, or a sentence made from the rule."""
    argument: str = ""
    source: str = ""
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Requirement:
    """A person of this group has to agree, because of this rule."""

    group: str
    rule: str
    text: str = ""
    within: str = ""
    otherwise: str = "reject"
    quorum: int = 1
    """How many different people have to agree."""
    violation: bool = False
    """Whether a bound was broken that no standing grant may answer for: a person has to look at this very action."""


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    requirement: Requirement | None = None
    """Set with `ask`."""
    changes: dict[str, Json] = field(default_factory=dict[str, Json])
    """Set with `modify`: arguments and the values that replace them."""
    until: int | None = None
    """Set with `defer`: not before this time, in microseconds."""
    policy: str = ""
    """The digest of the policy that answered."""

    @property
    def allows(self) -> bool:
        """Whether the action may go on as it is, or as changed."""
        return self.outcome in {Outcome.ALLOW, Outcome.MODIFY}


@value
class AccessRequest:
    """What authority is asked: who wants to do what, with facts that cannot change between two looks (S22)."""

    user: str
    """`owner`, or the service key's name; the one on whose behalf it all happens."""
    team: str
    agent: str
    """Empty when a flow itself acts."""
    action: str
    """call, list, model, memory, delegate, egress, undo."""
    resource: str
    """A tool, model, memory scope, agent or host."""
    facts: dict[str, Json] = field(default_factory=dict[str, Json])
    """Attributes of the resource: effect, digest, owner, tier, source, undoable, provider, region …"""
    context: dict[str, Json] = field(default_factory=dict[str, Json])
    """Arguments of the call and environment; only what the schema names is looked at."""
    groups: tuple[str, ...] = ()
    environment: str = "dev"
