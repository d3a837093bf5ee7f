"""What is answered about what happened: traces in a line, spans in a line, counts. Plain frozen data that the terminal
prints and JSON carries; times are microseconds, money is micro-dollars. No content: that is asked of the run itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which traces are wanted: those that fit everything that is said."""

    flow: str = ""
    agent: str = ""
    status: str = ""
    """running, waiting, succeeded, failed, cancelled"""
    session: str = ""
    principal: str = ""
    purpose: str = ""
    release: str = ""
    source: str = ""
    """A foreign source; empty: any."""
    failure: str = ""
    """A class of failures."""
    error: str = ""
    signature: str = ""
    model: str = ""
    prompt: str = ""
    parent: str = ""
    sort: str = ""
    """task, child, fork, exchange, house"""
    since: int = 0
    """Begun then or later."""
    cost: int = 0
    """At least so much."""
    took: int = 0
    """At least so long."""
    asks: int = 0
    loops: int = 0
    denials: int = 0


@dataclass(frozen=True, slots=True)
class TraceLine:
    """A trace in one line."""

    id: str
    source: str
    team: str
    session: str
    flow: str
    agent: str
    principal: str
    purpose: str
    release: str
    sort: str
    parent: str
    status: str
    error: str
    failure: str
    signature: str
    suspect: str
    started: int
    ended: int | None
    human: int
    """How long people were waited for."""
    spans: int
    model_calls: int
    tool_calls: int
    tool_failures: int
    retries: int
    denials: int
    asks: int
    loops: int
    handoffs: int
    writes: int
    undone: int
    input: int
    cached: int
    cache_written: int
    output: int
    reasoning: int
    cost: int
    simulated: int
    model: str
    prompt: str
    complete: int
    """How much of what it ought to say it says, in millionths."""
    score: int | None


@dataclass(frozen=True, slots=True)
class LagView:
    """How far what is shown trails what happened."""

    events: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TracePage:
    """Some traces, the newest first."""

    traces: list[TraceLine]
    next: str
    """From where the next page goes on; empty: this was the last."""
    behind: LagView


@dataclass(frozen=True, slots=True)
class Facet:
    """How many traces have one value of something."""

    value: str
    count: int


@dataclass(frozen=True, slots=True)
class FacetsView:
    """What there is among the traces that fit, by flow, agent, status, model, source and class of failure."""

    facets: dict[str, list[Facet]]
    counted: int
    capped: bool
    """There are more than were counted, the newest of them."""


@dataclass(frozen=True, slots=True)
class SpanLine:
    """One thing that was done."""

    id: str
    parent: str
    kind: str
    name: str
    started: int
    ended: int | None
    status: str
    error: str
    agent: str
    requested: str
    served: str
    provider: str
    route: str
    input: int
    cached: int
    cache_written: int
    output: int
    reasoning: int
    cost: int
    queued: int | None
    first_token: int | None
    human: int
    prompt: str
    retries: int
    cache: str
    decision: str
    effect: str
    simulated: int
    score: int | None
    integrity: str
    """How far its result may be trusted: T, R, D or U; and where it came from."""
    source: str
    detail: dict[str, Any]
    """Candidates and why they were left out, attempts, times of stages, guards, rules."""
    stream: str
    seq: int
    """With `stream`: the event that completed it."""
    place: str
    """From where the spans after it go on."""
    more: bool
    """Whether there is anything below it."""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class SpanPage:
    """What was done below one place of a trace, in order."""

    spans: list[SpanLine]
    next: str
    """From where it goes on at this place; empty: that was all."""


@dataclass(frozen=True, slots=True)
class EffectLine:
    """A write, and what became of it."""

    span: str
    tool: str
    effect: str
    state: str
    undone_by: str = ""


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """What was decided about something, where that is more than that a rule allowed it."""

    span: str
    at: int
    agent: str
    subject: str
    """The tool or the model."""
    decision: str
    rules: str
    by: str
    """Who decided; empty: a rule."""


@dataclass(frozen=True, slots=True)
class TraceView:
    """A trace as its page begins: what it came to, what it wrote, and the first screenful of what was done."""

    trace: TraceLine
    effects: list[EffectLine]
    decisions: list[DecisionLine]
    spans: list[SpanLine]
    """Down the tree, each with its depth, as far as a screen goes."""
    more: bool
    """Whether there is more than is shown."""
    behind: LagView
    missing: list[str] = field(default_factory=list[str])
    """What it ought to say and does not."""
