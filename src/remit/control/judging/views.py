"""What is answered about judges: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.quality.judging.card import Card


@dataclass(frozen=True, slots=True)
class JudgeView:
    """One judge."""

    name: str
    kind: str
    route: str
    models: tuple[str, ...]
    """Those that its route may ask."""
    digest: str
    votes: int
    shows: tuple[str, ...]
    rubric: str
    place: str
    simulated: bool
    """Whether a simulated model answers for it."""
    problem: str
    """Why it cannot be asked; empty: it can."""


@dataclass(frozen=True, slots=True)
class StandingView:
    """Whether a judge may gate, and what it is worth."""

    judge: str
    digest: str
    gates: bool
    problem: str
    """Why it may not gate; empty: it may."""
    card: Card | None


@dataclass(frozen=True, slots=True)
class FaultView:
    """Whose fault it most likely was that a run came out wrong."""

    run: str
    agent: str
    """Empty: nothing points to anybody."""
    step: str
    kind: str
    """Which sign says most, or `judge`."""
    confidence: float
    by: str
    """signs, or the judge that was asked because these say too little."""
    evidence: tuple[tuple[str, tuple[str, ...]], ...]
    """What speaks for it, each with its events."""
    others: tuple[tuple[str, float], ...]
    asked: str = ""
    """The run in which the judge was asked."""


@dataclass(frozen=True, slots=True)
class JudgedView:
    """What a judge says of one thing."""

    matter: str
    said: str
    """pass or fail; better, worse or tie; empty: it gave no verdict."""
    value: float | None
    why: str
    votes: int
    agreeing: int
    """How many of the votes said so."""


@dataclass(frozen=True, slots=True)
class JudgingView:
    """What a judge says of several things, and the runs in which it was asked: one for each subject."""

    judge: str
    digest: str
    runs: tuple[str, ...]
    judged: tuple[JudgedView, ...]
    most_micro: int
    """What it could have cost at most, in millionths of a dollar."""
    simulated: bool
