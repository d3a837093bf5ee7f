"""Tasks: work that somebody outside gives to an agent of this workspace, as they are told of it. Nouns only: a task is
a run, and how one is started, followed and answered stands in `control`; how a protocol writes it, in `wire`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

Json = Any
MESSAGE = "message"
"""The signal by which a task is told something more: a flow waits for it with `run.signal("message")`."""

FLOW = "task."
"""What the flow of a task is called: this, and the agent or flow that was asked."""
CALLED = "mcp."
"""What a flow is called that somebody outside calls as a tool: this, and its name."""


def behind(flow: str) -> tuple[str, ...]:
    """The names by which a flow is known to halts and budgets: a task is its own, and that of whoever was asked."""
    prefix = next((each for each in (FLOW, CALLED) if flow.startswith(each)), "")
    return (flow, flow.removeprefix(prefix)) if prefix else (flow,)


class TaskState(StrEnum):
    """Where a task stands, as whoever gave it is told."""

    SUBMITTED = "submitted"
    WORKING = "working"
    INPUT_REQUIRED = "input_required"
    """It waits for a person, or for another message of whoever gave it."""
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELED = "canceled"
    REJECTED = "rejected"
    """A rule or a person said no to what it is about."""

    @property
    def ended(self) -> bool:
        """Whether nothing changes any more."""
        return self in _ENDED


_ENDED = frozenset({TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED, TaskState.REJECTED})


@dataclass(frozen=True, slots=True)
class TaskWait:
    """What a task waits for."""

    kind: Literal["message", "person"]
    id: str
    """The question's id; for a message, the place of the wait."""
    about: str
    """In words."""
    group: str = ""
    """The group that is asked."""
    due: int | None = None
    shape: Json = None
    """The JSON Schema that another value in its place has to fit."""


@dataclass(frozen=True, slots=True)
class Task:
    """A task as whoever gave it may see it."""

    id: str
    """The id of its run."""
    agent: str
    context: str
    """What groups tasks, as whoever gave it calls that."""
    state: TaskState
    changed_at: int
    history: tuple[dict[str, Json], ...] = ()
    """What was said: `{"id", "role", "parts"}`, oldest first. Parts are as `wire.tasks` writes them down."""
    result: Json = None
    """What it gave, once it is completed."""
    why: str = ""
    """One sentence on what became of it, where it did not complete."""
    waits: tuple[TaskWait, ...] = ()
