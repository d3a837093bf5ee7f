"""What comes in by OTLP, as its protobuf message whatever form it came in, without the entries that nobody could file:
a span needs a trace and an id. It says how many were left out, and why. What spans mean is not known here.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, cast

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from remit.wire.otlp.json_messages import JsonReader, Unreadable
from remit.wire.otlp.salvage import salvage

if TYPE_CHECKING:
    from collections.abc import Iterator

Signal = Literal["traces", "logs", "metrics"]
SIGNALS: Final[tuple[Signal, ...]] = ("traces", "logs", "metrics")
Form = Literal["protobuf", "json"]
_REQUESTS: dict[str, type[Any]] = {
    "traces": ExportTraceServiceRequest,
    "logs": ExportLogsServiceRequest,
    "metrics": ExportMetricsServiceRequest,
}
_PLACES = {
    "traces": ("resource_spans", "scope_spans", "spans"),
    "logs": ("resource_logs", "scope_logs", "log_records"),
    "metrics": ("resource_metrics", "scope_metrics", "metrics"),
}
_TRACE, _SPAN = 16, 8
_NO_TRACE, _NO_SPAN = bytes(_TRACE), bytes(_SPAN)
_BROKEN = "cannot be decoded"


@dataclass(slots=True)
class Received:
    """A request that was read."""

    signal: Signal
    message: Any
    taken: int = 0
    """Spans, records or metrics that are left."""
    refused: Counter[str] = field(default_factory=Counter[str])
    """How many were left out, by the reason."""
    body: bytes | None = None
    """The message in protobuf, as it came, where nothing had to be left out."""

    @property
    def rejected(self) -> int:
        """How many were left out."""
        return self.refused.total()

    @property
    def why(self) -> str:
        """In one sentence; empty if nothing was left out."""
        if not self.refused:
            return ""
        said = "; ".join(f"{count} {reason}" for reason, count in sorted(self.refused.items()))
        return f"{self.rejected} left out: {said}."

    def encoded(self) -> bytes:
        """The message in protobuf."""
        return self.message.SerializeToString() if self.body is None else self.body

    def changed(self) -> None:
        """The message is not any more what came."""
        self.body = None


def receive(signal: Signal, form: Form, body: bytes) -> Received:
    """Read a request; raises `Unreadable` if nothing of it can be."""
    message = _REQUESTS[signal]()
    received = Received(signal, message)
    if form == "json":
        reader = JsonReader()
        reader.fill(message, body)
        lost = reader.lost
    else:
        lost = _parse(message, body)
        received.body = None if lost else body
    if lost:
        received.refused[_BROKEN] += lost
    _check(received)
    if received.rejected:
        received.changed()
    if lost and not received.taken:
        raise Unreadable("nothing of the body can be decoded")
    return received


def reopen(signal: Signal, body: bytes) -> Any:
    """A message that was kept."""
    return _REQUESTS[signal].FromString(body)


def entries(signal: Signal, message: Any) -> Iterator[tuple[Any, Any, Any]]:
    """Every entry with its resource's group and its scope's, in the order in which they came."""
    groups, scopes, items = _PLACES[signal]
    for group in getattr(message, groups):
        for scope in getattr(group, scopes):
            for item in getattr(scope, items):
                yield group, scope, item


def _parse(message: Any, body: bytes) -> int:
    try:
        message.MergeFromString(body)
    except DecodeError:
        message.Clear()
        return salvage(message, body)
    return 0


def _check(received: Received) -> None:
    """Take out the spans that could never be found again."""
    groups, scopes, items = _PLACES[received.signal]
    for group in getattr(received.message, groups):
        for scope in getattr(group, scopes):
            found = getattr(scope, items)
            received.taken += len(found)
            if received.signal != "traces":
                continue
            wrong = [(n, reason) for n, span in enumerate(found) if (reason := _fault(span))]
            for n, reason in reversed(wrong):
                del found[n]
                received.refused[reason] += 1
            received.taken -= len(wrong)


def _fault(span: Any) -> str:
    trace, identity = cast("bytes", span.trace_id), cast("bytes", span.span_id)
    if len(trace) != _TRACE or trace == _NO_TRACE:
        return "without a valid trace id"
    if len(identity) != _SPAN or identity == _NO_SPAN:
        return "without a valid span id"
    return ""
