"""What leaves by OTLP: spans, log records and histograms as plain data, and their messages in protobuf. It decides
neither what is sent nor under which names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

Value = str | bool | int | float | Sequence[str]
Attributes = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class SentSpan:
    """One span; times in microseconds since 1970."""

    trace: bytes
    id: bytes
    parent: bytes
    name: str
    kind: Literal["internal", "client", "server"]
    started: int
    ended: int
    attributes: Attributes = field(default_factory=dict[str, Value])
    error: str = ""
    """Empty: it went well."""


@dataclass(frozen=True, slots=True)
class SentRecord:
    """One log record: an event that has a name."""

    at: int
    name: str
    severity: Literal["info", "warn", "error"]
    trace: bytes
    span: bytes
    attributes: Attributes = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class SentHistogram:
    """What was measured since the last time, counted in buckets."""

    name: str
    unit: str
    bounds: Sequence[float]
    counts: Sequence[int]
    total: float
    attributes: Attributes = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class SentSum:
    """What was counted since the last time."""

    name: str
    unit: str
    total: int
    attributes: Attributes = field(default_factory=dict[str, Value])


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: the resource and the scope of every message."""

    resource: Attributes
    scope: str
    version: str
    schema: str

    def spans(self, spans: Iterable[SentSpan]) -> bytes:
        """The body of a request to `/v1/traces`."""
        request = ExportTraceServiceRequest()
        message = self._scoped(request.resource_spans.add(), "scope_spans")
        for each in spans:
            _span(message.spans.add(), each)
        return request.SerializeToString()

    def records(self, records: Iterable[SentRecord]) -> bytes:
        """The body of a request to `/v1/logs`."""
        request = ExportLogsServiceRequest()
        message = self._scoped(request.resource_logs.add(), "scope_logs")
        for each in records:
            _record(message.log_records.add(), each)
        return request.SerializeToString()

    def metrics(self, since: int, until: int, measured: Iterable[SentHistogram | SentSum]) -> bytes:
        """The body of a request to `/v1/metrics`: what happened between two times."""
        request = ExportMetricsServiceRequest()
        message = self._scoped(request.resource_metrics.add(), "scope_metrics")
        metrics: dict[str, Any] = {}
        for each in measured:
            if each.name not in metrics:
                metrics[each.name] = message.metrics.add(name=each.name, unit=each.unit)
            _point(metrics[each.name], each, since, until)
        return request.SerializeToString()

    def _scoped(self, of_resource: Any, scopes: str) -> Any:
        _put(of_resource.resource.attributes, self.resource)
        of_resource.schema_url = self.schema
        scoped = getattr(of_resource, scopes).add()
        scoped.scope.name, scoped.scope.version, scoped.schema_url = self.scope, self.version, self.schema
        return scoped


def _span(message: Any, span: SentSpan) -> None:
    message.trace_id, message.span_id, message.parent_span_id = span.trace, span.id, span.parent
    message.name, message.kind, message.flags = span.name, _KINDS[span.kind], _SAMPLED
    message.start_time_unix_nano, message.end_time_unix_nano = span.started * 1000, span.ended * 1000
    _put(message.attributes, span.attributes)
    if span.error:
        message.status.code, message.status.message = _FAILED, span.error


def _record(message: Any, record: SentRecord) -> None:
    message.time_unix_nano = message.observed_time_unix_nano = record.at * 1000
    message.severity_number, message.severity_text = _SEVERITIES[record.severity], record.severity.upper()
    message.event_name = record.name
    message.trace_id, message.span_id, message.flags = record.trace, record.span, _SAMPLED
    _put(message.attributes, record.attributes)


def _point(metric: Any, measured: SentHistogram | SentSum, since: int, until: int) -> None:
    if isinstance(measured, SentHistogram):
        metric.histogram.aggregation_temporality = _DELTA
        point = metric.histogram.data_points.add(
            count=sum(measured.counts), sum=measured.total, bucket_counts=measured.counts,
            explicit_bounds=measured.bounds,
        )  # fmt: skip
    else:
        metric.sum.aggregation_temporality, metric.sum.is_monotonic = _DELTA, True
        point = metric.sum.data_points.add(as_int=measured.total)
    point.start_time_unix_nano, point.time_unix_nano = since * 1000, until * 1000
    _put(point.attributes, measured.attributes)


def _put(attributes: Any, values: Attributes) -> None:
    for key, value in values.items():
        place = attributes.add(key=key).value
        if isinstance(value, bool):
            place.bool_value = value
        elif isinstance(value, int):
            place.int_value = value
        elif isinstance(value, float):
            place.double_value = value
        elif isinstance(value, str):
            place.string_value = _text(value)
        else:
            for each in value:
                place.array_value.values.add(string_value=_text(each))


def _text(value: str) -> str:
    """Protobuf takes no half of a surrogate pair, and what somebody wrote may hold one."""
    return value.encode("utf-8", "replace").decode("utf-8")


_KINDS = {"internal": 1, "server": 2, "client": 3}
_SEVERITIES = {"info": 9, "warn": 13, "error": 17}
_FAILED = 2
_DELTA = 1
_SAMPLED = 1
