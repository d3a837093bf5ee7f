"""What control answers with: plain frozen data that the terminal prints and JSON carries.

No behaviour and no storage types: a view is what a person may see of a thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal


@dataclass(frozen=True, slots=True)
class RunSummary:
    """A run in one line."""

    id: str
    flow: str
    status: str
    reason: str
    created_at: int
    ended_at: int | None
    due: int | None
    error: str
    parent: str | None
    paused: bool
    steps: int
    """Steps recorded so far; from a projection, so it may trail the log by a moment."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One node of a run's tree: a step, a wait, a child, or a scope with branches."""

    path: str
    name: str
    kind: Literal["step", "write", "wait", "child", "scope", "branch", "patch"]
    state: Literal["done", "failed", "waiting", "running", "unknown", "cancelled", "retrying"]
    started_at: int
    ended_at: int | None
    attempts: int
    how: str
    """Empty for the plain case; else how the result came: "reconciled", "late receipt", "simulated", "ada", …"""
    detail: str
    """What a person wants to know: the error, what it waits for, when it is due."""
    result: Any
    replays: int
    """In how many later segments this step was replayed instead of performed."""
    children: list[StepView] = field(default_factory=list["StepView"])


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its page shows it."""

    run: RunSummary
    input: dict[str, Any]
    result: Any
    message: str
    by: str
    segments: int
    generation: int
    events: int
    forked_from: str | None
    simulated: bool
    steps: list[StepView]
    waits: list[WaitView]


@dataclass(frozen=True, slots=True)
class WaitView:
    """What a run waits for."""

    path: str
    kind: Literal["timer", "signal", "human", "child", "unknown", "retry"]
    name: str
    group: str
    due: int | None
    approval: str


@dataclass(frozen=True, slots=True)
class InboxItem:
    """A question that waits for a person."""

    id: str
    kind: Literal["human", "unknown", "write"]
    """A decision of `run.human`; a write whose outcome nobody knows; a write of a live fork."""
    run: str
    flow: str
    path: str
    name: str
    group: str
    asked_at: int
    due: int | None
    value: Any
    approve_means: str
    reject_means: str


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
class Finding:
    """One thing the doctor looked at."""

    name: str
    state: Literal["ok", "warning", "broken"]
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A flow that starts by the clock."""

    id: str
    flow: str
    cron: str
    tz: str
    next_at: int | None
    active: bool
