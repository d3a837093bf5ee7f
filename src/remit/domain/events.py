"""Every durable fact, one frozen dataclass per kind: the closed vocabulary of the log.

A released class is never edited. A new shape gets a new class and kind (`step.done@2`), and
`store/readers.py` keeps reading the old one. Bodies hold plain JSON values; the envelope around them (stream,
sequence, time, path, commitment) belongs to the store.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from remit.domain.event import Event, Json
from remit.domain.value import value

# --- the stream of a run: only its owner writes here -------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RunCreated(Event):
    """A run exists: which flow, with what input, asked for by whom, bound to which code."""

    KIND: ClassVar[str] = "run.created"
    flow: str
    input: dict[str, Json]
    by: str
    pin: str
    parent: str | None = None
    forked_from: str | None = None
    forked_at: str | None = None
    simulated: bool = False
    asks: bool = False
    session: str = ""
    policy: str = ""
    warrant: Json = None


@dataclass(frozen=True, slots=True)
class RunResumed(Event):
    """A worker took the run up again; a new segment begins."""

    KIND: ClassVar[str] = "run.resumed"
    worker: str
    epoch: int
    after: str


@dataclass(frozen=True, slots=True)
class RunParked(Event):
    """Every branch waits; the run left memory."""

    KIND: ClassVar[str] = "run.parked"
    reason: str
    due: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class RunContinued(Event):
    """A new generation of the same run starts with this input; earlier events are not loaded again."""

    KIND: ClassVar[str] = "run.continued"
    generation: int
    input: dict[str, Json]
    by: str = ""
    policy: str = ""
    warrant: Json = None


@dataclass(frozen=True, slots=True)
class RunRepinned(Event):
    """The run now follows other code: proven equal by replay, or migrated by a person."""

    KIND: ClassVar[str] = "run.repinned"
    pin: str
    how: str
    by: str = ""
    renames: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class RunEnded(Event):
    """The run is over, with its result or its error."""

    KIND: ClassVar[str] = "run.ended"
    status: str
    result: Json = None
    error: str = ""
    message: str = ""


@value
class StepDone(Event):
    """A step has a result, and will never be performed again."""

    KIND: ClassVar[str] = "step.done"
    name: str
    digest: str
    result: Json
    started: int
    attempts: int = 1
    how: str = ""
    detail: Json = None


@dataclass(frozen=True, slots=True)
class StepFailed(Event):
    """A step failed for good; the flow was told."""

    KIND: ClassVar[str] = "step.failed"
    name: str
    digest: str
    error: str
    message: str
    started: int
    attempts: int = 1
    detail: Json = None


@dataclass(frozen=True, slots=True)
class StepRetried(Event):
    """An attempt failed and another one is due."""

    KIND: ClassVar[str] = "step.retried"
    name: str
    digest: str
    attempt: int
    error: str
    message: str
    due: int


@dataclass(frozen=True, slots=True)
class StepClaimed(Event):
    """A write is about to be performed; until a receipt follows, its outcome is open."""

    KIND: ClassVar[str] = "step.claimed"
    name: str
    digest: str
    key: str
    attempt: int
    until: int
    key_until: int | None = None
    detail: Json = None


@dataclass(frozen=True, slots=True)
class StepUnknown(Event):
    """Nobody can tell whether a claimed write took place; a person has to."""

    KIND: ClassVar[str] = "step.unknown"
    name: str
    digest: str
    approval: str
    message: str


@dataclass(frozen=True, slots=True)
class StepAbsent(Event):
    """A claimed write is known not to have taken place; it may be performed again."""

    KIND: ClassVar[str] = "step.absent"
    name: str
    digest: str
    how: str


@dataclass(frozen=True, slots=True)
class ScopeDecided(Event):
    """Which branch settled a gather, race, timeout or as_completed; the others are cancelled or come later."""

    KIND: ClassVar[str] = "scope.decided"
    scope: str
    winner: int
    outcome: str


@dataclass(frozen=True, slots=True)
class WaitOpened(Event):
    """A branch waits durably: for a time, a signal, a child or a person."""

    KIND: ClassVar[str] = "wait.opened"
    wait: str
    name: str = ""
    due: int | None = None
    group: str = ""
    otherwise: str = ""
    approval: str = ""
    value: Json = None
    shape: Json = None
    """The JSON Schema that another value in its place has to fit."""
    note: str = ""
    """What the person who is asked is told beside it."""


@dataclass(frozen=True, slots=True)
class WaitClosed(Event):
    """What a wait waited for has come; `ref` names the event that brought it."""

    KIND: ClassVar[str] = "wait.closed"
    wait: str
    how: str
    ref: str = ""
    value: Json = None
    by: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class WaitEscalated(Event):
    """A person did not answer in time; the question went to another group."""

    KIND: ClassVar[str] = "wait.escalated"
    approval: str
    group: str


@dataclass(frozen=True, slots=True)
class ChildSpawned(Event):
    """A child run was created in the same transaction."""

    KIND: ClassVar[str] = "child.spawned"
    child: str
    flow: str
    digest: str


@dataclass(frozen=True, slots=True)
class PatchChosen(Event):
    """Which side of `run.patched` this run took, for good."""

    KIND: ClassVar[str] = "patch.chosen"
    active: bool


@dataclass(frozen=True, slots=True)
class MessageDelivered(Event):
    """The owner took note of a message from outside; from here on it is part of the run."""

    KIND: ClassVar[str] = "message.delivered"
    message: str
    ref: str
    by: str = ""
    detail: str = ""


# --- the stream of a team: everyone who is not the owner writes here ---------------------------------------


@dataclass(frozen=True, slots=True)
class SignalSent(Event):
    """Somebody sent a run a message."""

    KIND: ClassVar[str] = "signal.sent"
    run: str
    name: str
    payload: Json
    by: str


@dataclass(frozen=True, slots=True)
class RunControlled(Event):
    """Somebody asked a run to pause, resume, cancel or move to other code."""

    KIND: ClassVar[str] = "run.controlled"
    run: str
    order: str
    by: str
    detail: str = ""
    renames: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class ApprovalDecided(Event):
    """A person answered a question of a run."""

    KIND: ClassVar[str] = "approval.decided"
    run: str
    approval: str
    verdict: str
    by: str
    edited: bool = False
    value: Json = None
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ReceiptLate(Event):
    """A worker that had lost its run reports what its write did."""

    KIND: ClassVar[str] = "receipt.late"
    run: str
    path: str
    name: str
    digest: str
    worker: str
    result: Json = None


@dataclass(frozen=True, slots=True)
class ScheduleSet(Event):
    """A flow is to start by the clock."""

    KIND: ClassVar[str] = "schedule.set"
    schedule: str
    flow: str
    cron: str
    tz: str
    by: str
    input: dict[str, Json] = field(default_factory=dict[str, Json])
    active: bool = True


# --- the stream of the workspace ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class WorkspaceCreated(Event):
    """The log begins."""

    KIND: ClassVar[str] = "workspace.created"
    workspace: str
    version: str


@dataclass(frozen=True, slots=True)
class PrincipalAdded(Event):
    """Somebody may act from now on."""

    KIND: ClassVar[str] = "principal.added"
    principal: str
    team: str
    by: str


@dataclass(frozen=True, slots=True)
class WorkerFenced(Event):
    """A worker was found dead or stalled; its runs belong to another."""

    KIND: ClassVar[str] = "worker.fenced"
    worker: str
    by: str
    why: str
    runs: int


@dataclass(frozen=True, slots=True)
class KeyShredded(Event):
    """A data key was destroyed: what it protected cannot be read again, and every proof still holds."""

    KIND: ClassVar[str] = "key.shredded"
    key: str
    by: str


@dataclass(frozen=True, slots=True)
class BackupMade(Event):
    """A copy of the data, without any key, was written."""

    KIND: ClassVar[str] = "backup.made"
    by: str
    upto: int


@dataclass(frozen=True, slots=True)
class Erased(Event):
    """Stands where an event was whose key is destroyed; it is never written."""

    KIND: ClassVar[str] = ""
    kind: str
