"""The load on a server that takes telemetry: spans made by the Python SDK of OpenTelemetry and encoded by its exporter,
sent by several senders at once, each request with traces of its own.

It owns the senders. A reply that is no success is counted, never timed as one. It must not know whose server it is.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from http.client import HTTPConnection
from typing import Any

from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor, SpanExporter, SpanExportResult

from bench.protocol import Answer, Case, options, serve

TRACES, SPANS_EACH = 32, 16
A_REQUEST = TRACES * SPANS_EACH
"""512 spans: what the exporter of the SDK sends at once."""
TEXT = "The customer asks where the refund of order 4812 is, which was promised a week ago. " * 4
CHAT = {
    "openinference.span.kind": "LLM", "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o", "gen_ai.response.model": "gpt-4o-2024-08-06", "gen_ai.usage.input_tokens": 812,
    "gen_ai.usage.output_tokens": 120, "llm.model_name": "gpt-4o", "llm.token_count.prompt": 812,
    "llm.token_count.completion": 120, "input.value": TEXT, "output.value": TEXT,
}  # fmt: skip
TOOL = {"openinference.span.kind": "TOOL", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "get_order",
        "input.value": '{"id": 4812}', "output.value": TEXT}  # fmt: skip


class _Kept(SpanExporter):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def export(self, spans: Any) -> SpanExportResult:
        self.spans += spans
        return SpanExportResult.SUCCESS


def template() -> tuple[bytes, list[bytes]]:
    """A request, and the trace ids in it that every sender replaces."""
    kept, provider = (
        _Kept(),
        TracerProvider(resource=Resource({"service.name": "desk", "service.version": "7"})),
    )
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracer = provider.get_tracer("bench")
    for _ in range(TRACES):
        with tracer.start_as_current_span("desk", attributes={"gen_ai.operation.name": "invoke_agent",
                                                              "openinference.span.kind": "AGENT"}):  # fmt: skip
            for n in range(SPANS_EACH - 1):
                with tracer.start_as_current_span(
                    "chat" if n % 2 else "get_order", attributes=CHAT if n % 2 else TOOL
                ):
                    pass
    contexts = [span.context for span in kept.spans if span.context is not None]
    ids = {context.trace_id.to_bytes(16, "big") for context in contexts}
    return encode_spans(kept.spans).SerializeToString(), sorted(ids)


@dataclass
class Sent:
    """What came of it, over all senders."""

    taken: int = 0
    refused: int = 0
    failed: str = ""
    took: list[float] = field(default_factory=list[float])
    lock: threading.Lock = field(default_factory=threading.Lock)


def send(
    target: dict[str, Any], lanes: int, requests: int, request: bytes, ids: list[bytes]
) -> dict[str, Any]:
    """So many senders, each with one request at a time, until so many were sent in all."""
    sent, turns = Sent(), iter(range(requests))

    def lane() -> None:
        connection = HTTPConnection(target["host"], target["port"], timeout=120)
        headers = {"content-type": "application/x-protobuf", **target["headers"]}
        try:
            while next(turns, None) is not None:
                body = request
                for each in ids:
                    body = body.replace(each, os.urandom(16))
                began = time.monotonic()
                connection.request("POST", "/v1/traces", body, headers)
                reply = connection.getresponse()
                reply.read()
                _note(sent, reply.status, time.monotonic() - began)
        except OSError as wrong:
            sent.failed = str(wrong)
        finally:
            connection.close()

    began = time.monotonic()
    senders = [threading.Thread(target=lane) for _ in range(lanes)]
    for each in senders:
        each.start()
    for each in senders:
        each.join()
    ranked = sorted(sent.took) or [0.0]
    return {
        "spans": sent.taken, "refused": sent.refused, "seconds": time.monotonic() - began, "failed_with": sent.failed,
        "p50": ranked[len(ranked) // 2] * 1e3, "p99": ranked[min(len(ranked) - 1, int(0.99 * len(ranked)))] * 1e3,
    }  # fmt: skip


def _note(sent: Sent, status: int, took: float) -> None:
    with sent.lock:
        if status == 200:
            sent.taken += A_REQUEST
            sent.took.append(took)
        else:
            sent.refused += 1
    if status != 200:
        time.sleep(0.05)


def main() -> None:
    request, ids = template()
    targets: dict[str, Any] = options()["targets"]

    def handle(case: Case) -> Answer:
        return send(targets[case.work], case.runs, case.steps, request, ids)

    serve(handle)


if __name__ == "__main__":
    main()
