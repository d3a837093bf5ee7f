"""What a review of a design finds: faults by kind, and questions that somebody has to have an answer to. Nouns only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    """What can be wrong with a design."""

    UNGUARDED_WRITE = "unguarded-write"
    """What nobody trusts can lead to a write, and no contract, no rule and no person stands before it."""
    ENDLESS = "endless"
    NO_FAILURE_POLICY = "no-failure-policy"
    NO_OVERRIDE = "no-override"
    WORST_COST = "worst-cost"
    WORST_STEPS = "worst-steps"
    WORST_TIME = "worst-time"
    SLOW = "slow"
    """The estimate does not meet the declared objective."""
    NEEDLESS_MODEL = "needless-model"
    WARM_LOGIC = "warm-logic"
    """A model that is told to vary its answers decides what happens next."""
    BROAD_TOOL = "broad-tool"
    NO_UNDO = "no-undo"
    SMALL_SUITE = "small-suite"

    @property
    def harm(self) -> bool:
        """Whether it lets a run do harm or never end, which is an error in prod; the others are advice there."""
        return self in _HARM


_HARM = frozenset({
    FaultKind.UNGUARDED_WRITE, FaultKind.ENDLESS, FaultKind.NO_FAILURE_POLICY, FaultKind.NO_OVERRIDE,
    FaultKind.WORST_COST, FaultKind.WORST_STEPS, FaultKind.WORST_TIME, FaultKind.NO_UNDO,
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them, where it stands, and what to do."""

    kind: FaultKind
    about: str
    """A flow, an agent, a tool or a suite, by name."""
    place: str
    """File and line."""
    message: str
    fix: str
    accepted: str = ""
    """Why somebody accepts it, if somebody does."""

    @property
    def open(self) -> bool:
        """Whether it is neither mended nor accepted."""
        return not self.accepted


@dataclass(frozen=True, slots=True)
class Answer:
    """What there is to say on one question about one flow."""

    question: str
    flow: str
    said: str
    by: str = ""
    """Where it is said: file and line; empty where it follows from the code."""
    open: bool = False
    """Whether nobody has said it."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a run of a flow may use, and how long it usually takes; None: nothing bounds it."""

    flow: str
    steps: int | None
    cost_micro: int | None
    seconds: float | None
    """Without the time that people take."""
    p95: float
    hops: int
    known: int = 0
    """Of how many hops the time is known rather than supposed."""
    bounds: tuple[str, ...] = ()
    """What is not bounded, and why."""


@dataclass(frozen=True, slots=True)
class Review:
    """A whole design, looked at."""

    faults: tuple[Fault, ...]
    answers: tuple[Answer, ...]
    estimates: tuple[Estimate, ...]
    notes: tuple[str, ...] = ()
    """What could not be looked at, and acceptances that nothing needs."""

    @property
    def open_faults(self) -> tuple[Fault, ...]:
        """Those that are neither mended nor accepted."""
        return tuple(fault for fault in self.faults if fault.open)

    @property
    def accepted(self) -> tuple[Fault, ...]:
        """Those that somebody accepts."""
        return tuple(fault for fault in self.faults if not fault.open)

    @property
    def open_answers(self) -> tuple[Answer, ...]:
        """Questions that nobody has answered."""
        return tuple(answer for answer in self.answers if answer.open)

    @property
    def ok(self) -> bool:
        """Whether nothing is left open."""
        return not self.open_faults and not self.open_answers
