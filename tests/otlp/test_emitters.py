"""The SDK of OpenTelemetry for Python, as its makers ship it: what it sends is taken, packed or not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from remit.control.collecting import sparing
from remit.control.observing.wiring import projector_of
from tests.gateway.front import Front, front
from tests.otlp.test_projection import AGENT, CHAT, TOOL


@pytest.fixture(scope="module")
async def door(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Front]:
    async with front(tmp_path_factory.mktemp("door"), http=True) as made:
        yield made


@pytest.mark.parametrize("packing", [Compression.Gzip, Compression.NoCompression])
async def test_the_python_sdk(door: Front, packing: Compression) -> None:
    def work() -> str:
        headers = {"authorization": f"Bearer {door.key}"}
        exporter = OTLPSpanExporter(f"{door.url}/v1/traces", headers=headers, compression=packing, timeout=60)
        provider = TracerProvider(resource=Resource({"service.name": "shop", "service.version": "7"}))
        provider.add_span_processor(BatchSpanProcessor(exporter))
        tracer = provider.get_tracer("hand")
        with tracer.start_as_current_span("desk", attributes=AGENT) as root:
            with tracer.start_as_current_span("chat", kind=SpanKind.CLIENT, attributes=CHAT):
                pass
            with (
                pytest.raises(ValueError, match="refund"),
                tracer.start_as_current_span("tool", attributes=TOOL),
            ):
                list[str]().index("refund")
            root.set_status(StatusCode.ERROR)
            trace = f"{root.get_span_context().trace_id:032x}"
        assert provider.force_flush(60_000)
        provider.shutdown()
        return trace

    trace = await asyncio.to_thread(work)
    await projector_of(door.platform.ground).catch_up()
    view = await door.platform.observing.trace(f"o{trace}")
    assert (view.trace.source, view.trace.agent, view.trace.spans, view.missing) == ("bot", "desk", 3, [])
    assert (view.trace.status, view.trace.input, view.trace.tool_failures) == ("failed", 600, 1)
    assert [(each.kind, each.status, each.error) for each in view.spans] == [
        ("agent", "error", "error"), ("model", "ok", ""), ("tool", "error", "ValueError")
    ]  # fmt: skip
    assert view.trace.signature.endswith("refund/value_error")


def test_every_name_that_must_not_come_in_is_looked_for() -> None:
    names = (*sparing.PERSONAL, *sparing.SECRET)
    assert all(any(hint in name.encode() for hint in sparing.HINTS) for name in names)
