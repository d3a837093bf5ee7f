"""What is answered about containment, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class HaltView:
    """A halt as it is listed."""

    id: str
    scope: str
    target: str
    mode: Literal["halt", "quarantine"]
    state: Literal["standing", "ended", "lifted"]
    reason: str
    by: str
    at: int
    until: int | None
    lifted_at: int | None
    lifted_by: str
    evidence: object = None
    """What a breaker saw."""
    warning: str = ""
    """Why the name may be wrong, told to whoever has just made it; it stands all the same."""


@dataclass(frozen=True, slots=True)
class HeldView:
    """A call that is held back."""

    id: str
    """Of the question that answers itself."""
    run: str
    path: str
    tool: str
    at: int
    due: int
    """When it is done, unless it is called back."""


@dataclass(frozen=True, slots=True)
class DescendantView:
    """An effect that comes from a bad source, and what undo would do about it."""

    run: str
    path: str
    tool: str
    objects: tuple[str, ...]
    at: int
    possible: bool
    why: str
    how: str = "exposure"
    """`label`: a label names the source; `exposure`: it was in sight; `other labels`: it was in sight, and the labels
    of the arguments name other sources only."""


@dataclass(frozen=True, slots=True)
class MessageView:
    """What somebody may have read."""

    run: str
    path: str
    kind: Literal["answer", "question"]
    at: int
    how: str


@dataclass(frozen=True, slots=True)
class RecallView:
    """All that comes from a bad source."""

    source: str
    runs: dict[str, str]
    """The runs that had it in sight, and where each has it from."""
    memory: dict[str, str]
    """What is remembered of it, and the run that wrote it."""
    effects: tuple[DescendantView, ...]
    """What was changed, the newest run first."""
    messages: tuple[MessageView, ...]
    """Answers and questions that somebody may have read."""
    living: tuple[str, ...]
    """Runs that did not end yet."""
