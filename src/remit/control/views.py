"""What control answers with: plain frozen data that the terminal prints and JSON carries.

No behaviour and no storage types: a view is what a person may see of a thing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from remit.control.people_views import NoteView


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


@dataclass(frozen=True, slots=True)
class ActionView:
    """What the gate knows of a step: who acted, on what, under which rules, and what it cost."""

    agent: str = ""
    effect: str = ""
    """What a tool does: read, write or irreversible; empty where no tool acts."""
    model: str = ""
    route: str = ""
    simulated: bool = False
    """The answer is made up by the simulated model."""
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


@dataclass(frozen=True, slots=True)
class SpentView:
    """What a run used."""

    money: int = 0
    """Micro-dollars."""
    tokens: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    simulated: bool = False
    """Whether any answer came from the simulated model."""


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
class InboxItem:
    """A question that waits for a person."""

    id: str
    kind: Literal["human", "unknown", "write", "approval", "proposal"]
    """A decision of `run.human`; a write whose outcome nobody knows; a write of a live fork; an
    action that a rule holds; a change that one person alone may not make."""
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
    requester: str = ""
    """On whose behalf it would be done; who proposes it."""
    assignee: str = ""
    """The one person it was handed to."""
    needed: int = 1
    """How many different people have to agree."""
    agreed: list[str] = field(default_factory=list[str])
    edited_by: str = ""
    """Who changed the arguments since it was asked; somebody else has to agree."""
    notes: list[NoteView] = field(default_factory=list["NoteView"])
    """What was asked back, and answered."""
    digest: str = ""
    """Names exactly what is decided about."""
    mine: bool = False
    """Whether it is asked of whoever looks."""


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
class ToolView:
    """A tool of the workspace."""

    name: str
    description: str
    effect: str
    source: str
    place: str
    undo: str
    """none, restore or inverse."""
    best_effort: str
    keyed: bool
    owner: str
    secrets: tuple[str, ...]
    digest: str
    state: Literal["accepted", "quarantined"]
    changes: tuple[str, ...]
    """What is different from what was accepted, in words."""
    parameters: dict[str, Any]
    roles: dict[str, str]
    proposal: str = ""
    """The proposal to accept it, where one person alone may not."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model of the workspace's catalog."""

    name: str
    provider: str
    window: int | None
    capabilities: tuple[str, ...]
    regions: tuple[str, ...]
    retention: int | None
    input: int | None
    """Micro-dollars per million tokens; None: nobody knows."""
    output: int | None
    simulated: bool
    resting: float
    """Seconds for which nobody calls it, because it failed."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route, and whom it would ask now."""

    name: str
    models: tuple[str, ...]
    fallbacks: tuple[str, ...]
    order: tuple[str, ...]
    eliminated: tuple[str, ...]
    """Why models may not serve, a sentence each."""


@dataclass(frozen=True, slots=True)
class ModelsView:
    """Everything about models."""

    models: list[ModelView]
    routes: list[RouteView]
    book: str


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


@dataclass(frozen=True, slots=True)
class MemoryView:
    """One thing that is remembered."""

    scope: str
    key: str
    value: Any
    integrity: str
    """How far it is trusted: untrusted, typed, endorsed, literal."""
    readers: tuple[str, ...] | None
    """Who may see it; None is everybody."""
    sources: tuple[str, ...]
    run: str
    """The run that remembered it."""
    at: int
    expires: int | None


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
