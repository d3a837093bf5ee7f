"""The life of a run: its states, the moves between them, and the row that records where it stands.

The table below is the state machine; the store's checks and the property tests follow it.
"""

from __future__ import annotations

from enum import StrEnum

from remit.domain.value import value


class RunStatus(StrEnum):
    """Where a run stands."""

    READY = "ready"
    """Due, and owned by nobody yet."""
    RUNNING = "running"
    """Owned by one worker, which alone may append to its stream."""
    PARKED = "parked"
    """Waits for a time, a message or a person; costs no memory."""
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def ended(self) -> bool:
        """Whether nothing can happen in this run any more."""
        return self in _ENDED


class ParkReason(StrEnum):
    """What a parked run waits for, the most urgent of its waits first."""

    HUMAN = "human"
    UNKNOWN = "unknown"
    TROUBLE = "trouble"
    CODE_CHANGED = "code_changed"
    NEEDS_RELEASE = "needs_release"
    PAUSED = "paused"
    HALTED = "halted"
    SIGNAL = "signal"
    CHILD = "child"
    TIMER = "timer"


_ENDED = frozenset({RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.CANCELLED})

TRANSITIONS: dict[RunStatus, frozenset[RunStatus]] = {
    RunStatus.READY: frozenset({RunStatus.RUNNING}),
    RunStatus.RUNNING: frozenset({RunStatus.READY, RunStatus.PARKED}) | _ENDED,
    RunStatus.PARKED: frozenset({RunStatus.RUNNING}),
    RunStatus.SUCCEEDED: frozenset(),
    RunStatus.FAILED: frozenset(),
    RunStatus.CANCELLED: frozenset(),
}


@value
class RunRow:
    """A run as its row has it: enough to list and dispatch it, no content."""

    id: str
    team: str
    flow: str
    status: RunStatus
    reason: str
    due: int | None
    priority: int
    owner: str | None
    epoch: int
    pin: str
    parent: str | None
    key_id: str
    base_seq: int
    generation: int
    mail: int
    paused: bool
    error: str
    session: str
    created_at: int
    ended_at: int | None
