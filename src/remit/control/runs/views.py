"""What is answered about runs: one in a line, one as a page with its steps and waits, those that start by the clock.
Plain frozen data that the terminal prints and JSON carries.
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
    cancelled_for: str = ""
    """The reason that somebody gave for cancelling it."""
    source: str = ""
    """Who sent it by OpenTelemetry; empty for runs of this workspace."""


@dataclass(frozen=True, slots=True)
class ActionView:
    """What the gate knows of a step: who acted, on what, under which rules, and what it cost."""

    agent: str = ""
    effect: str = ""
    """What a tool does: read, write or irreversible; empty where no tool acts."""
    model: str = ""
    route: str = ""
    simulated: bool = False
    """The answer is made up by the simulated model, or was recorded at another time."""
    cassette: str = ""
    """The file from which a recorded answer came."""
    tried: tuple[str, ...] = ()
    """Models that were asked and gave no answer: `opus provider_down ×3`."""
    tokens: int = 0
    money: int = 0
    """Micro-dollars."""
    source: str = ""
    """Where the result comes from."""
    decision: str = ""
    rules: tuple[str, ...] = ()
    agreed: dict[str, str] = field(default_factory=dict[str, str])
    """Rules that asked for a person, and who agreed."""
    arguments: Any = None
    edited: dict[str, Any] = field(default_factory=dict[str, Any])
    """Where it was not executed as it was asked for: `by` (empty: a rule), `arguments` as executed, and as `asked`."""
    failure: str = ""
    """Which of the nine classes of failures it was."""
    stages: dict[str, int] = field(default_factory=dict[str, int])
    """Microseconds that each stage of the gate took."""
    guards: tuple[str, ...] = ()
    """What guards found, and what followed: `mails redacted the result (email)`; they are no authority."""
    about: str = ""
    """What it does in words, where the name of the step does not say it: `remembers user:lea/address`."""
    attached: tuple[str, ...] = ()
    """What an agent was handed beside the question: `scan.png (image/png, 12 kB)`."""


@dataclass(frozen=True, slots=True)
class SpentView:
    """What a run used."""

    money: int = 0
    """Micro-dollars."""
    tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    simulated: bool = False
    """Whether any answer came from the simulated model, or from a cassette."""
    recorded: bool = False
    """Whether any came from a cassette."""


@dataclass(frozen=True, slots=True)
class StepView:
    """One node of a run's tree: a step, a wait, a child, or a scope with branches."""

    path: str
    name: str
    kind: Literal["step", "write", "wait", "child", "scope", "branch", "patch", "agent", "model"]
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
    action: ActionView | None = None
    """What the gate knows of it; None for the author's own steps."""


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
    spent: SpentView = field(default_factory=SpentView)
    contracts: tuple[str, ...] = ()
    """What it may do, one line a contract: `clerk: 1 × send_money (contract 1f09…)`."""
    coverage: tuple[str, ...] = ()
    """Of an exchange of an agent that is not ours: what was enforced and what was advised."""


@dataclass(frozen=True, slots=True)
class CoverageView:
    """How far an agent that is not ours is covered, by its last exchanges."""

    agent: str
    """Empty: nobody said which."""
    bound: bool
    """Whether its key is for this agent; else the name is only what it calls itself."""
    models: int
    """Model calls: enforced."""
    tools: int
    """Calls of tools through Remit: enforced."""
    proposed: int
    """Calls of tools in its own process that models proposed to it: advised, not enforced."""
    advised_against: int
    """How many of these were; it may have made them all the same."""


@dataclass(frozen=True, slots=True)
class WaitView:
    """What a run waits for."""

    path: str
    kind: Literal["timer", "signal", "human", "child", "unknown", "retry"]
    name: str
    group: str
    due: int | None
    approval: str
    about: str = ""
    """Why a rule asks, where one does."""


@dataclass(frozen=True, slots=True)
class ScheduleView:
    """A flow that starts by the clock."""

    id: str
    flow: str
    cron: str
    tz: str
    next_at: int | None
    active: bool
