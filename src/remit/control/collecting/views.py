"""What is answered about telemetry of others: sources with what they sent and how complete it is, and one span as it
came. Plain frozen data that the terminal prints and JSON carries; times are microseconds, shares are millionths.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class SourceLine:
    """One source."""

    source: str
    requests: int
    traces: int
    spans: int
    """As they were sent, those that came twice included."""
    records: int
    metrics: int
    rejected: int
    """Entries that were left out when they came."""
    lost: int
    """Spans that could not be sent, as the source says itself."""
    dropped: int
    """Attributes and events that the source left out."""
    skewed: int
    """Spans with times that cannot be."""
    last: int
    dialects: dict[str, int]
    """How many spans speak each."""
    facts: dict[str, int]
    """Of each fact, the share of its traces that have it."""
    complete: int
    """The mean of these."""


@dataclass(frozen=True, slots=True)
class RawSpan:
    """A span, or an evaluation, with all that its sender said; structures that were written as texts are structures."""

    trace: str
    id: str
    source: str
    dialect: str
    at: int
    """When it was taken."""
    name: str
    parent: str
    started: int
    ended: int | None
    status: str
    message: str
    scope: str
    attributes: dict[str, Json]
    resource: dict[str, Json]
    events: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A log record that was sent with a trace."""

    at: int
    span: str
    """The span that it belongs to; empty: the trace as a whole."""
    severity: str
    """trace, debug, info, warn, error or fatal; empty: its sender does not say."""
    name: str
    """What kind of event it tells, if any."""
    body: Json
    attributes: dict[str, Json]
    source: str


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Some log records of a trace."""

    records: list[RecordLine]
    next: str
    """From where the next page goes on; empty: that was all."""
