"""What is answered about rehearsing and undoing: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """What a replay found: the same steps, or where the code went another way."""

    run: str
    verdict: Literal["equal", "diverged"]
    steps: int
    """Recorded steps in all."""
    replayed: int
    at: str
    message: str


@dataclass(frozen=True, slots=True)
class UndoView:
    """One write of a run, and what undo would do about it."""

    path: str
    tool: str
    objects: tuple[str, ...]
    at: int
    possible: bool
    """Whether it can be taken back as things stand now."""
    exact: bool
    why: str
    """Why not, or why not exactly."""
    difference: tuple[dict[str, Any], ...] = ()
    """Where somebody changed it since: `field`, and how it was `before`, how we left it (`after`), how it is `now`."""
    asks: str = ""
    """The group whose consent a rule asks for first."""
    done: bool = False
    """It is as it was before already."""
