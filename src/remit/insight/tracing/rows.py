"""The rows of traces and spans, as their tables have them: the order of the fields is that of the columns.

Whoever tells traces of another origin makes the same rows. They hold no content: numbers, digests, identifiers of code.
"""

from __future__ import annotations

from typing import Final

from msgspec import Struct


class TraceRow(Struct, gc=False):
    """One trace: a run, or what a foreign source sent as one. Times are microseconds, money is millionths."""

    id: str
    source: str = ""
    """Empty: a run of this workspace."""
    team: str = ""
    session: str = ""
    flow: str = ""
    agent: str = ""
    """The first that was asked."""
    principal: str = ""
    purpose: str = ""
    """The action of a user that it serves: what a client says, else the flow."""
    release: str = ""
    environment: str = ""
    sort: str = ""
    parent: str = ""
    """The trace that spawned it."""
    key_id: str = ""
    status: str = "running"
    """running, waiting, succeeded, failed, cancelled; `ended`: how is not known any more."""
    error: str = ""
    failure: str = ""
    """Which class of failures it was."""
    signature: str = ""
    """The same for failures of the same kind at the same step."""
    suspect: str = ""
    """The place of that step."""
    started: int = 0
    ended: int | None = None
    human: int = 0
    """How long people were waited for."""
    spans: int = 0
    model_calls: int = 0
    tool_calls: int = 0
    tool_failures: int = 0
    retries: int = 0
    denials: int = 0
    asks: int = 0
    loops: int = 0
    handoffs: int = 0
    writes: int = 0
    undone: int = 0
    """How many of its writes were taken back."""
    input: int = 0
    cached: int = 0
    cache_written: int = 0
    output: int = 0
    reasoning: int = 0
    cost: int = 0
    simulated: int = 0
    prompt: str = ""
    """The prompt of its first call of a model."""
    model: str = ""
    """The model that answered it."""
    missing: int = 0
    """Facts that it ought to have and has not: bits of `missing`."""
    score: int | None = None
    """Millionths, where it was judged."""


class SpanRow(Struct, gc=False):
    """One thing that was done."""

    n: int
    trace: str
    id: str
    """Its structural path; of a foreign one 16 hexadecimal digits."""
    parent: str = ""
    kind: str = "other"
    """agent, model, tool, delegate, memory, retrieval, embedding, guard, human, wait, scope, step, flow, evaluation"""
    name: str = ""
    started: int = 0
    ended: int | None = None
    status: str = "open"
    """open, ok, error, unknown, denied, cancelled"""
    error: str = ""
    team: str = ""
    agent: str = ""
    requested: str = ""
    """The model that was asked, by its name here."""
    served: str = ""
    """The model that answered, as its provider says, version included."""
    provider: str = ""
    route: str = ""
    input: int = 0
    cached: int = 0
    cache_written: int = 0
    output: int = 0
    reasoning: int = 0
    cost: int = 0
    queued: int | None = None
    first_token: int | None = None
    human: int = 0
    prompt: str = ""
    release: str = ""
    retries: int = 0
    cache: str = ""
    """`hit` where an answer was given again."""
    decision: str = ""
    effect: str = ""
    simulated: int = 0
    score: int | None = None
    detail: str = ""
    """JSON without content: candidates and why they were left out, attempts, times of stages, guards, rules."""
    stream: str = ""
    seq: int = 0
    """With `stream`: the event that completed it, in which its content stands."""
    key_id: str = ""


class Missing:
    """Bits for what a trace ought to say and does not."""

    START: Final = 1
    END: Final = 2
    """A span that nobody ended, in a trace that is over."""
    PARENT: Final = 4
    MODEL: Final = 8
    USAGE: Final = 16
    COST: Final = 32
    PROMPT: Final = 64
    RELEASE: Final = 128
    AGENT: Final = 256
    TOOL: Final = 512
    CONTENT: Final = 1024
    """Erased since."""
    PROVIDER: Final = 2048
    DROPPED: Final = 4096
    """Its sender says that it left something out."""
    ALL: Final = (
        START, END, PARENT, MODEL, USAGE, COST, PROMPT, RELEASE, AGENT, TOOL, CONTENT, PROVIDER, DROPPED,
    )  # fmt: skip


def completeness(missing: int) -> int:
    """How much of what a trace ought to say it says, in millionths."""
    absent = sum(bool(missing & bit) for bit in Missing.ALL)
    return 1_000_000 - absent * 1_000_000 // len(Missing.ALL)


def span_number(pos: int, place: int) -> int:
    """The number of a span: where the event that began it stands, and which one of those that it began."""
    return (pos << 20) | place
