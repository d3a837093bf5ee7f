"""A scope: one line of control inside a run, with its own names, its own order and its own cancellation (S12).

The flow's body is the root scope; every branch of a gather, race or timeout is a scope of its own. A step's path
is the scope's path, the step's name and its ordinal there, so branches may replay in any order.
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NoReturn

from remit.domain.errors import Cancelled, ForeignTask

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

_current: ContextVar[Scope | None] = ContextVar("remit_scope", default=None)


class Scope:
    """One line of control."""

    __slots__ = (
        "cancelled",
        "counts",
        "interruptible",
        "last_at",
        "loop",
        "owner",
        "path",
        "shielded",
        "step",
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
        self.step = ""
        """The path of the step whose code is running now: code of the author's own, and no place for another step."""
        self.turn = 0
        """How many of the scope's recorded steps were replayed."""
        self.task: asyncio.Task[object] | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.stopping = False
        """A cancel is to be delivered at the next point that has no recorded outcome."""
        self.cancelled = False
        """The cancel was delivered; what follows is cleaning up."""
        self.interruptible = True
        """Whether the task may be interrupted where it stands, rather than at its next step."""
        self.shielded = False
        """A write in it was claimed and nobody knows the outcome yet: its branch is not cancelled before (S12)."""

    def next_path(self, name: str) -> str:
        """The path of the next thing called `name` in this scope."""
        count = self.counts.get(name, 0) + 1
        self.counts[name] = count
        place = name if count == 1 else f"{name}#{count}"
        return f"{self.path}/{place}" if self.path else place

    def enter(self) -> None:
        """Make this the scope of the running task and of nothing else."""
        self.loop = asyncio.get_running_loop()
        self.task = asyncio.current_task(self.loop)
        _current.set(self)

    def stop(self) -> None:
        """Ask for the cancel to be delivered."""
        if not self.cancelled:
            self.stopping = True

    def leave(self) -> NoReturn:
        """Deliver the cancel, once; what the code does after it is cleaning up."""
        self.stopping, self.cancelled = False, True
        raise Cancelled


def current_scope(owner: object) -> Scope:
    """The scope of the running task, which must be one that this run started."""
    scope = _current.get()
    if scope is None or scope.owner is not owner or scope.task is not asyncio.current_task(scope.loop):
        raise ForeignTask(
            "a step of the run was called from a task that the run did not start, so a replay could not place it.",
            "Use run.gather, run.race or run.as_completed instead of asyncio.gather, create_task or wait_for.",
        )
    if scope.step:
        raise ForeignTask(
            f"the run was used inside of the step {scope.step}, whose code is not executed again in a replay.",
            "Call steps from the flow itself, one after the other.",
        )
    return scope


@contextmanager
def inside(owner: Any, name: str) -> Generator[Scope]:
    """A scope within the running one, in the same task: what happens in it has names of its own."""
    parent = current_scope(owner)
    scope = Scope(owner, parent.next_path(name), parent.last_at)
    scope.loop, scope.task = parent.loop, parent.task
    if parent.stopping:
        scope.stop()
    owner.scopes.add(scope)
    parent.interruptible = False  # it is this scope now that stands where the task stands
    token = _current.set(scope)
    try:
        yield scope
    finally:
        _current.reset(token)
        owner.scopes.discard(scope)
        parent.interruptible = True
        parent.last_at = max(parent.last_at, scope.last_at)
        if scope.cancelled:
            parent.stopping, parent.cancelled = False, True


def with_branches(chosen: Iterable[Scope], alive: Iterable[Scope]) -> list[Scope]:
    """Scopes with the branches that run inside of them, except those that are part of cleaning up."""
    tops = {scope.path for scope in chosen}
    cleaning = {scope.path for scope in alive if scope.cancelled}
    found: list[Scope] = []
    for scope in alive:
        above = next((path for path in _lineage(scope.path) if path in tops or path in cleaning), None)
        if above is not None and above not in cleaning:
            found.append(scope)
    return found


def parent_path(path: str) -> str:
    """The scope in which a path stands."""
    return path.rpartition("/")[0]


def _lineage(path: str) -> Iterator[str]:
    """A path, and every path above it."""
    yield path
    while path:
        path = parent_path(path)
        yield path
