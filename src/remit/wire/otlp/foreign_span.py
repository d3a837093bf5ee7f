"""A span of an agent that is not ours as it came: ids, times, attributes, what happened in it and around it. What its
attributes mean is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.wire.otlp.receiving import entries
from remit.wire.otlp.values import as_count, attributes, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any
_FAILED = 2
_NANOS = 1000


@dataclass(slots=True)
class Happening:
    """An event of a span, or a log record beside one."""

    name: str
    at: int
    attributes: dict[str, Json]
    body: Json = None


@dataclass(slots=True)
class ForeignSpan:
    """One span; times in microseconds since 1970."""

    trace: str
    id: str
    parent: str
    name: str
    started: int
    ended: int | None
    """None: it goes on."""
    failed: bool
    message: str
    attributes: dict[str, Json]
    resource: dict[str, Json]
    scope: str
    happenings: list[Happening] = field(default_factory=list[Happening])
    links: int = 0
    dropped: int = 0
    """Attributes, events and links that its sender says it left out."""


@dataclass(slots=True)
class ForeignRecord:
    """A log record with the span that it belongs to; both ids are empty where it names none."""

    trace: str
    span: str
    happening: Happening
    resource: dict[str, Json]
    severity: int = 0


def spans_in(message: Any) -> Iterator[ForeignSpan]:
    """The spans of a request, in their order."""
    of_group: Any = None
    resource: dict[str, Json] = {}
    for group, scope, span in entries("traces", message):
        if group is not of_group:
            of_group, resource = group, attributes(group.resource.attributes)
        ended = span.end_time_unix_nano // _NANOS
        happenings = [
            Happening(e.name, e.time_unix_nano // _NANOS, attributes(e.attributes)) for e in span.events
        ]
        yield ForeignSpan(
            span.trace_id.hex(), span.span_id.hex(), span.parent_span_id.hex(), span.name,
            span.start_time_unix_nano // _NANOS, ended or None, span.status.code == _FAILED, span.status.message,
            attributes(span.attributes), resource, scope.scope.name, happenings, len(span.links),
            span.dropped_attributes_count + span.dropped_events_count + span.dropped_links_count,
        )  # fmt: skip


def records_in(message: Any) -> Iterator[ForeignRecord]:
    """The log records of a request, in their order."""
    of_group: Any = None
    resource: dict[str, Json] = {}
    for group, _, record in entries("logs", message):
        if group is not of_group:
            of_group, resource = group, attributes(group.resource.attributes)
        found = attributes(record.attributes)
        at = record.time_unix_nano or record.observed_time_unix_nano
        name = record.event_name or str(found.get("event.name", ""))
        happening = Happening(name, at // _NANOS, found, plain(record.body))
        yield ForeignRecord(
            record.trace_id.hex(), record.span_id.hex(), happening, resource, record.severity_number
        )


def spans_lost_in(message: Any) -> int:
    """How many spans a sender says in its own metrics that it could not send."""
    lost = 0
    for _, _, metric in entries("metrics", message):
        if metric.name not in _PROCESSED:
            continue
        for point in metric.sum.data_points:
            said = attributes(point.attributes)
            if said.get("error.type"):
                lost += as_count(getattr(point, point.WhichOneof("value") or "as_int")) or 0
    return min(lost, MOST_LOST)


MOST_LOST = 10**9
"""Whoever says that more was lost is not believed."""
_PROCESSED = frozenset({"otel.sdk.processor.span.processed", "otel.sdk.exporter.span.exported"})
