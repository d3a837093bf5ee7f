"""Durable facts about telemetry of agents that are not ours: a request that was taken, and the prices by which their
model calls are reckoned. Part of the closed vocabulary of `events`; the same rules hold: a released class is never
edited. All of them stand in the stream of the team. What was sent is a blob beside the event, sealed with the key of
its source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from remit.domain.event import Event, Json


@dataclass(frozen=True, slots=True)
class SpansTaken(Event):
    """Spans of a source were taken."""

    KIND: ClassVar[str] = "otlp.traces"
    source: str
    key: str
    blob: str
    taken: int
    rejected: int = 0
    size: int = 0
    book: str = ""


@dataclass(frozen=True, slots=True)
class RecordsTaken(Event):
    """Log records of a source were taken; evaluations are among them."""

    KIND: ClassVar[str] = "otlp.logs"
    source: str
    key: str
    blob: str
    taken: int
    rejected: int = 0
    size: int = 0


@dataclass(frozen=True, slots=True)
class PointsTaken(Event):
    """Metrics of a source were taken; `lost` is how many spans they say could not be sent."""

    KIND: ClassVar[str] = "otlp.metrics"
    source: str
    key: str
    blob: str
    taken: int
    rejected: int = 0
    size: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class PricesNoted(Event):
    """The prices by which model calls of such sources are reckoned from here on."""

    KIND: ClassVar[str] = "otlp.prices"
    book: str
    prices: Json
