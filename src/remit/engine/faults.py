"""The named points in production code at which a process may die, and a test makes it die.

`reach` does nothing unless a test armed a hook. The names are the contract between the engine and the crash
suites; each marks a gap between two durable facts, which is where systems lose or double things.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

POINTS = (
    "run.created",
    "segment.loaded",
    "step.before",
    "step.performed",
    "step.noted",
    "step.recorded",
    "claim.before",
    "claim.recorded",
    "write.performed",
    "receipt.recorded",
    "unknown.recorded",
    "reconcile.before",
    "reconcile.performed",
    "wait.opened",
    "wait.closed",
    "park.before",
    "park.recorded",
    "child.recorded",
    "scope.decided",
    "generation.recorded",
    "end.before",
    "end.recorded",
    "takeover.recorded",
    "schedule.fired",
)
"""Every point, in the order of a run's life."""

_hook: Callable[[str], None] | None = None


def reach(point: str) -> None:
    """The code has come to `point`."""
    if _hook is not None:
        _hook(point)


def arm(hook: Callable[[str], None] | None) -> None:
    """Let `hook` decide at every point; None disarms."""
    global _hook  # noqa: PLW0603 - one process, one fate
    _hook = hook
