"""A scope: one line of control inside a run, with its own names, its own order and its own cancellation (S12).

The flow's body is the root scope; every branch of a gather, race or timeout is a scope of its own. A step's path
is the scope's path, the step's name and its ordinal there, so branches may replay in any order.
"""

from __future__ import annotations

import asyncio
from contextvars import ContextVar

from remit.domain.errors import ForeignTask

_current: ContextVar[Scope | None] = ContextVar("remit_scope", default=None)


class Scope:
    """One line of control."""

    __slots__ = (
        "cancelled",
        "counts",
        "interruptible",
        "last_at",
        "owner",
        "path",
        "stopping",
        "task",
        "turn",
    )

    def __init__(self, owner: object, path: str, last_at: int) -> None:
        self.owner = owner
        """The execution it belongs to."""
        self.path = path
        self.last_at = last_at
        """When the last thing happened that this line of control has seen: its `now()`."""
        self.counts: dict[str, int] = {}
        self.turn = 0
        """How many of the scope's recorded steps were replayed."""
        self.task: asyncio.Task[object] | None = None
        self.stopping = False
        """A cancel is to be delivered at the next point that has no recorded outcome."""
        self.cancelled = False
        """The cancel was delivered; what follows is cleaning up."""
        self.interruptible = True
        """Whether the task may be interrupted where it stands, rather than at its next step."""

    def next_path(self, name: str) -> str:
        """The path of the next thing called `name` in this scope."""
        count = self.counts.get(name, 0) + 1
        self.counts[name] = count
        place = name if count == 1 else f"{name}#{count}"
        return f"{self.path}/{place}" if self.path else place

    def enter(self) -> None:
        """Make this the scope of the running task and of nothing else."""
        self.task = asyncio.current_task()
        _current.set(self)

    def stop(self) -> None:
        """Ask for the cancel to be delivered."""
        if not self.cancelled:
            self.stopping = True


def current_scope(owner: object) -> Scope:
    """The scope of the running task, which must be one that this run started."""
    scope = _current.get()
    if scope is None or scope.owner is not owner or scope.task is not asyncio.current_task():
        raise ForeignTask(
            "a step of the run was called from a task that the run did not start, so a replay could not place it.",
            "Use run.gather, run.race or run.as_completed instead of asyncio.gather, create_task or wait_for.",
        )
    return scope


def parent_path(path: str) -> str:
    """The scope in which a path stands."""
    return path.rpartition("/")[0]
