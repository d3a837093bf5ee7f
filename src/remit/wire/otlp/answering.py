"""What a sender of OTLP is told: how many entries were left out and why, or what was wrong, in the form it sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceResponse
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

if TYPE_CHECKING:
    from remit.wire.otlp.receiving import Form, Signal

MEDIA: dict[str, Form] = {"application/x-protobuf": "protobuf", "application/json": "json"}
MEDIA_OF: dict[Form, str] = {form: media for media, form in MEDIA.items()}
_RESPONSES: dict[str, tuple[type[Any], str, str]] = {
    "traces": (ExportTraceServiceResponse, "rejected_spans", "rejectedSpans"),
    "logs": (ExportLogsServiceResponse, "rejected_log_records", "rejectedLogRecords"),
    "metrics": (ExportMetricsServiceResponse, "rejected_data_points", "rejectedDataPoints"),
}
_CODES = {400: 3, 401: 16, 403: 7, 404: 12, 405: 12, 409: 10, 413: 3, 415: 3, 429: 8, 503: 14}
"""The codes of gRPC, which a failure carries in its body."""
_INTERNAL = 13
_encode = msgspec.json.Encoder().encode


def accepted(signal: Signal, form: Form, rejected: int = 0, why: str = "") -> bytes:
    """The body of a success, whole or in part."""
    response, field, name = _RESPONSES[signal]
    if form == "json":
        said: dict[str, Any] = {}
        if rejected:  # 64-bit numbers are texts in JSON
            said = {"partialSuccess": {name: str(rejected), "errorMessage": why}}
        return _encode(said)
    message = response()
    if rejected:
        setattr(message.partial_success, field, rejected)
        message.partial_success.error_message = why
    return message.SerializeToString()


def failed(form: Form, status: int, sentence: str) -> bytes:
    """The body of a failure: `google.rpc.Status`, without whose package two fields can be written by hand."""
    code = _CODES.get(status, _INTERNAL)
    if form == "json":
        return _encode({"code": code, "message": sentence})
    text = sentence.encode("utf-8", "replace")
    return bytes((0x08, code, 0x12)) + _varint(len(text)) + text


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 0x7F:  # noqa: PLR2004 - seven bits to a byte
        found.append(number & 0x7F | 0x80)
        number >>= 7
    found.append(number)
    return bytes(found)
