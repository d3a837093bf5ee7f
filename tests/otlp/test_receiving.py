"""What comes in by OTLP is read whatever its form, and what cannot be read costs no more than itself."""

from __future__ import annotations

import json
from typing import Any

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from remit.wire.otlp.answering import accepted, failed
from remit.wire.otlp.foreign_span import spans_in
from remit.wire.otlp.json_messages import Unreadable
from remit.wire.otlp.receiving import SIGNALS, Signal, receive
from remit.wire.otlp.values import undone
from tests.otlp.sent import TRACE, as_json, as_protobuf, request, span

SAID: dict[str, Any] = {"a": "text", "b": 7, "c": 1.5, "d": True, "e": ["x", 2]}
GOOD = [
    span(1, name="root", **SAID),
    span(2, 1, events=[("exception", {"exception.type": "KeyError"})], failed=True),
]


def test_both_forms_say_the_same() -> None:
    by_json, by_protobuf = (
        receive("traces", "json", as_json(*GOOD)),
        receive("traces", "protobuf", as_protobuf(*GOOD)),
    )
    assert by_json.message == by_protobuf.message
    assert (by_json.taken, by_json.rejected, by_protobuf.taken) == (2, 0, 2)
    root, child = spans_in(by_json.message)
    assert root.attributes == SAID
    assert (root.trace, root.id, root.parent, child.parent) == (TRACE, f"{1:016x}", "", f"{1:016x}")
    assert (child.failed, child.happenings[0].attributes) == (True, {"exception.type": "KeyError"})
    assert root.resource == {"service.name": "shop"}


def test_json_is_read_as_senders_write_it() -> None:
    """The JS SDK writes numbers where the specification has texts, and enums by number; others the other way."""
    body = request(span(1))
    first = body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    first |= {
        "kind": "SPAN_KIND_CLIENT", "flags": 257, "unknown": {"deep": [1]},
        "startTimeUnixNano": 1_700_000_000_000_000_000,
        "attributes": [{"key": "n", "value": {"intValue": 3}}, {"key": "none", "value": {}}],
        "status": {"code": "STATUS_CODE_ERROR"}, "droppedAttributesCount": 2,
    }  # fmt: skip
    snake = json.loads(
        json.dumps(body).replace("resourceSpans", "resource_spans").replace("scopeSpans", "scope_spans")
    )
    for said in (body, snake):
        received = receive("traces", "json", json.dumps(said).encode())
        (found,) = spans_in(received.message)
        assert (found.attributes, found.failed, found.dropped) == ({"n": 3}, True, 2)
        assert found.started == 1_700_000_000_000_000


def test_a_broken_span_costs_no_other() -> None:
    body = request(span(1), span(2), span(3), span(4), span(5))
    spans = body["resourceSpans"][0]["scopeSpans"][0]["spans"]
    spans[0]["startTimeUnixNano"] = "yesterday"
    spans[1]["traceId"] = "0" * 32
    spans[2]["spanId"] = "abcd"
    spans[3]["attributes"] = [
        {"key": "big", "value": {"intValue": str(2**70)}},
        {"key": "ok", "value": {"intValue": 1}},
    ]
    received = receive("traces", "json", json.dumps(body).encode())
    assert [found.id for found in spans_in(received.message)] == [f"{4:016x}", f"{5:016x}"]
    assert received.rejected == 3
    assert (
        received.why
        == "3 left out: 1 cannot be decoded; 1 without a valid span id; 1 without a valid trace id."
    )
    kept = next(iter(spans_in(received.message)))
    assert (kept.attributes, kept.dropped) == ({"ok": 1}, 1)


@given(st.data())
def test_protobuf_that_was_damaged_is_read_as_far_as_it_goes(data: st.DataObject) -> None:
    """Whatever happens to a span's own bytes, the spans beside it arrive as they were."""
    spans = [span(n + 1, name=f"span {n}", text="x" * 20) for n in range(4)]
    body = bytearray(as_protobuf(*spans))
    start = bytes(body).index(b"span 2")
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, 25))
        body[start + at] = data.draw(st.integers(0, 255))
    received = receive("traces", "protobuf", bytes(body))
    found = {each.id: each for each in spans_in(received.message)}
    for n in (0, 1, 3):
        assert found[f"{n + 1:016x}"].name == f"span {n}"
    assert received.taken + received.rejected == 4


def test_a_body_that_was_cut_off_is_read_up_to_there() -> None:
    body = as_protobuf(*[span(n + 1) for n in range(10)])
    with pytest.raises(DecodeError):
        ExportTraceServiceRequest.FromString(body[:-30])
    received = receive("traces", "protobuf", body[:-30])
    assert (received.taken, received.rejected) == (9, 1)
    assert ExportTraceServiceRequest.FromString(received.encoded()) == received.message


@given(st.sampled_from(SIGNALS), st.sampled_from(["protobuf", "json"]), st.binary(max_size=200))
def test_no_bytes_are_worse_than_unreadable(signal: Signal, form: Any, body: bytes) -> None:
    try:
        receive(signal, form, body)
    except Unreadable:
        return


_names = st.sampled_from([
    "resourceSpans", "scopeSpans", "spans", "resource", "attributes", "key", "value", "stringValue", "intValue",
    "traceId", "spanId", "events", "status", "kvlistValue", "arrayValue", "values", "kind", "bytesValue",
])  # fmt: skip
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=4),
    max_leaves=20,
)


@given(st.sampled_from(SIGNALS), st.dictionaries(_names, anything, max_size=4))
def test_no_json_is_worse_than_unreadable(signal: Signal, said: dict[str, Any]) -> None:
    try:
        receive(signal, "json", json.dumps(said).encode())
    except Unreadable:
        return


def test_what_is_nested_without_end_is_left_out() -> None:
    deep: dict[str, Any] = {"stringValue": "end"}
    for _ in range(200):
        deep = {"arrayValue": {"values": [deep]}}
    body = request(span(1), span(2))
    body["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["attributes"] = [{"key": "deep", "value": deep}]
    received = receive("traces", "json", json.dumps(body).encode())
    assert (received.taken, received.rejected) == (1, 1) or received.taken == 2
    for opener in (b"[", b'{"a":'):
        with pytest.raises(Unreadable):
            receive("traces", "json", opener * 100_000)


def test_an_empty_request_is_fine() -> None:
    assert receive("traces", "protobuf", b"").taken == 0
    assert receive("logs", "json", b"{}").taken == 0
    with pytest.raises(Unreadable, match="no JSON"):
        receive("metrics", "json", b"")


def test_what_a_sender_is_told_is_what_others_read() -> None:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    told = ExportTraceServiceResponse.FromString(accepted("traces", "protobuf", 3, "why"))
    assert (told.partial_success.rejected_spans, told.partial_success.error_message) == (3, "why")
    assert accepted("traces", "protobuf") == b""
    assert json.loads(accepted("traces", "json")) == {}
    assert json.loads(accepted("logs", "json", 1, "w"))["partialSuccess"]["rejectedLogRecords"] == "1"
    from google.rpc.status_pb2 import Status

    status = Status.FromString(failed("protobuf", 429, "later " * 40))
    assert (status.code, status.message) == (8, "later " * 40)


@pytest.mark.parametrize(
    ("said", "meant"), [('{"a": 1}', {"a": 1}), ("[1]", [1]), ("{a}", "{a}"), ("7", "7"), (3, 3)]
)
def test_json_in_a_text_is_undone(said: Any, meant: Any) -> None:
    assert undone(said) == meant
