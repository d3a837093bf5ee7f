"""Telemetry as senders make it: spans by hand, as a request in protobuf or in JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

TRACE = "0af7651916cd43dd8448eb211c80319c"
START = 1_790_000_000_000_000
"""Microseconds since 1970."""


def span(
    number: int, parent: Any = 0, name: Any = "work", *, trace: Any = TRACE, at: Any = 0, lasts: Any = 1000,
    failed: Any = False, events: Any = (), **attributes: Any,
) -> dict[str, Any]:  # fmt: skip
    """A span in OTLP's JSON; underscores in names of attributes stand for points."""
    started = (START + at) * 1000
    found: dict[str, Any] = {
        "traceId": trace, "spanId": f"{number:016x}", "parentSpanId": f"{parent:016x}" if parent else "", "name": name,
        "kind": 1, "startTimeUnixNano": str(started), "attributes": pairs(attributes),
        "endTimeUnixNano": str(started + lasts * 1000) if lasts is not None else "0",
        "events": [
            {"name": event, "timeUnixNano": str(started), "attributes": pairs(said)} for event, said in events
        ],
    }  # fmt: skip
    if failed:
        found["status"] = {"code": 2, "message": "it broke"}
    return found


def pairs(found: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP has them."""
    return [{"key": key, "value": _value(value)} for key, value in found.items()]


def _value(value: Any) -> dict[str, Any]:
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [_value(each) for each in listed]}}
        case _:
            return {"stringValue": value}


def request(*spans: Mapping[str, Any], resource: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Spans as a request in JSON."""
    about = {"attributes": pairs(resource or {"service.name": "shop"})}
    return {
        "resourceSpans": [
            {"resource": about, "scopeSpans": [{"scope": {"name": "by hand"}, "spans": [*spans]}]}
        ]
    }


def as_json(*spans: Mapping[str, Any], resource: Mapping[str, Any] | None = None) -> bytes:
    """The body of a request in JSON."""
    return json.dumps(request(*spans, resource=resource)).encode()


def as_protobuf(*spans: Mapping[str, Any], resource: Mapping[str, Any] | None = None) -> bytes:
    """The same in protobuf, made by another hand than the one that is tested."""
    made = ExportTraceServiceRequest()
    for group in request(*spans, resource=resource)["resourceSpans"]:
        of_group = made.resource_spans.add()
        _put(of_group.resource.attributes, group["resource"]["attributes"])
        for scope in group["scopeSpans"]:
            of_scope = of_group.scope_spans.add()
            of_scope.scope.name = scope["scope"]["name"]
            for each in scope["spans"]:
                _span(of_scope.spans.add(), each)
    return made.SerializeToString()


def _span(message: Any, said: Mapping[str, Any]) -> None:
    message.trace_id = bytes.fromhex(said["traceId"])
    message.span_id = bytes.fromhex(said["spanId"])
    message.parent_span_id = bytes.fromhex(said["parentSpanId"])
    message.name, message.kind = said["name"], said["kind"]
    message.start_time_unix_nano = int(said["startTimeUnixNano"])
    message.end_time_unix_nano = int(said["endTimeUnixNano"])
    _put(message.attributes, said["attributes"])
    for event in said["events"]:
        made = message.events.add(name=event["name"], time_unix_nano=int(event["timeUnixNano"]))
        _put(made.attributes, event["attributes"])
    if "status" in said:
        message.status.code, message.status.message = said["status"]["code"], said["status"]["message"]


def _put(place: Any, attributes: Sequence[Mapping[str, Any]]) -> None:
    for each in attributes:
        _fill(place.add(key=each["key"]).value, each["value"])


def _fill(place: Any, said: Mapping[str, Any]) -> None:
    match said:
        case {"boolValue": value}:
            place.bool_value = value
        case {"intValue": value}:
            place.int_value = int(value)
        case {"doubleValue": value}:
            place.double_value = value
        case {"arrayValue": {"values": values}}:
            for each in values:
                _fill(place.array_value.values.add(), each)
        case _:
            place.string_value = said["stringValue"]
