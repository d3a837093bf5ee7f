"""Durable facts about what agents do: actions that were let pass or held, asks, tools and budgets.

Part of the closed vocabulary of `events`; the same rules hold: a released class is never edited.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json
from remit.domain.value import value

# --- the stream of a run -------------------------------------------------------------------------------------


@value
class ActionAdmitted(Event):
    """The gate let a read or a model call pass, and it is about to be performed (S3)."""

    KIND: ClassVar[str] = "action.admitted"
    name: str
    digest: str
    detail: Json = None


@dataclass(frozen=True, slots=True)
class ActionHeld(Event):
    """The gate holds an action: a person has to agree, or it has to wait; why, and for what exactly."""

    KIND: ClassVar[str] = "action.held"
    name: str
    digest: str
    detail: Json = None


@dataclass(frozen=True, slots=True)
class PartialDelivered(Event):
    """What of an unfinished answer somebody has seen already (S17)."""

    KIND: ClassVar[str] = "partial.delivered"
    attempt: int
    offset: int
    text: str


@dataclass(frozen=True, slots=True)
class AgentAsked(Event):
    """An agent was given something to do, here; what shapes it is named by digest."""

    KIND: ClassVar[str] = "agent.asked"
    agent: str
    digest: str
    input: Json = None
    detail: Json = None


@dataclass(frozen=True, slots=True)
class AgentEnded(Event):
    """An agent came to an answer or gave up; what it used, and which class of failure it was."""

    KIND: ClassVar[str] = "agent.ended"
    agent: str
    status: str
    failure: str = ""
    detail: Json = None


# --- the stream of a team ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class BudgetSet(Event):
    """A team or an agent may use at most so much from here on; no limits: it is no longer limited."""

    KIND: ClassVar[str] = "budget.set"
    account: str
    limits: dict[str, int]
    per: str
    by: str


# --- the stream of the workspace -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class ToolAccepted(Event):
    """A tool may be called as it is defined from here on; what changed against the definition before."""

    KIND: ClassVar[str] = "tool.accepted"
    tool: str
    team: str
    digest: str
    by: str
    how: str
    differences: Json = None


@dataclass(frozen=True, slots=True)
class ToolQuarantined(Event):
    """A tool is not what was accepted, and is called by nobody until somebody accepts it."""

    KIND: ClassVar[str] = "tool.quarantined"
    tool: str
    team: str
    digest: str
    accepted: str
    differences: Json = None
