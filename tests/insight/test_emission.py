"""What is told to others by OpenTelemetry: the words of the conventions, spelled here once more, and nothing lost on
the way. It is decoded with the messages that the makers of OpenTelemetry publish.
"""

from __future__ import annotations

import gzip
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from remit import tool
from remit.agents.agent import Agent
from remit.domain.errors import InvalidSetting
from remit.insight.emission.closed import ClosedSpan
from remit.insight.emission.exporter import Exporter
from remit.insight.emission.receiver import Receiver, Signal, Unreceived, headers_of
from remit.insight.emission.spans import attributes, title, told
from remit.insight.emission.tellings import Tellings
from remit.insight.projector import Projector
from remit.insight.reading import Reading
from remit.insight.tracing.traces import Traces
from remit.testing import Script, Stage, stage
from remit.testing.pytest_plugin import script
from remit.wire.otlp import names
from remit.wire.otlp.sending import Sender

__all__ = ["script"]
WHOLE = ClosedSpan(
    1, "r-1", "triage/model", "triage", "model", "model", 1_000_000, 3_500_000, "ok", "", "support", "triage", "sonnet",
    "sonnet-2026-10", "anthropic", "fast", 100, 40, 10, 50, 5, 1_250_000, 20_000, 700_000, 0, "sha-1", "rel-1", 2, "",
    "allow", "", None, "answer", "session-7", "lea", "refund", "prod", 1,
)  # fmt: skip

REQUIRED: dict[str, dict[str, Any]] = {
    "flow": {
        "gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "answer",
        "gen_ai.conversation.id": "session-7",
    },
    "agent": {
        "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "triage",
        "gen_ai.conversation.id": "session-7",
    },
    "model": {
        "gen_ai.operation.name": "chat", "gen_ai.provider.name": "anthropic", "gen_ai.system": "anthropic",
        "gen_ai.request.model": "sonnet", "gen_ai.response.model": "sonnet-2026-10",
        "gen_ai.conversation.id": "session-7", "gen_ai.usage.input_tokens": 150, "gen_ai.usage.output_tokens": 55,
        "gen_ai.usage.cache_read.input_tokens": 40, "gen_ai.usage.cache_write.input_tokens": 10,
        "gen_ai.usage.cache_creation.input_tokens": 10, "gen_ai.usage.reasoning.output_tokens": 5,
        "gen_ai.response.time_to_first_chunk": 0.7, "llm.cost.total": 1.25, "remit.cost.micros": 1_250_000,
        "remit.prompt.hash": "sha-1", "remit.policy.decision": "allow", "remit.release.id": "rel-1",
    },
    "embedding": {
        "gen_ai.operation.name": "embeddings", "gen_ai.provider.name": "anthropic", "gen_ai.request.model": "sonnet",
    },
    "tool": {
        "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "model", "gen_ai.tool.type": "function",
        "gen_ai.agent.name": "triage",
    },
    "retrieval": {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "model"},
}  # fmt: skip
TITLES = {
    "flow": "invoke_workflow answer",
    "agent": "invoke_agent triage",
    "model": "chat sonnet",
    "tool": "execute_tool model",
}
CLIENTS = {"model", "embedding", "retrieval"}


@pytest.mark.parametrize("kind", REQUIRED)
def test_a_span_says_what_the_conventions_require_of_its_kind(kind: str) -> None:
    span = told(WHOLE._replace(kind=kind))
    assert {key: span.attributes.get(key) for key in REQUIRED[kind]} == REQUIRED[kind]
    assert span.kind == ("client" if kind in CLIENTS else "internal")
    assert title(WHOLE._replace(kind=kind)) == TITLES.get(kind, span.name)
    assert "error.type" not in span.attributes
    failed = told(WHOLE._replace(kind=kind, status="error", error="provider_down"))
    assert (failed.attributes["error.type"], failed.error) == ("provider_down", "provider_down")
    assert "gen_ai.system" not in attributes(WHOLE), (
        "what was renamed stands under its older name only if asked for"
    )


def test_the_ids_of_a_run_are_the_same_whenever_it_is_told() -> None:
    first, again = told(WHOLE), told(WHOLE._replace(n=7))
    assert (first.trace, first.id, first.parent) == (again.trace, again.id, again.parent)
    above = told(WHOLE._replace(id="triage", parent="", kind="agent"))
    root = told(WHOLE._replace(id="", parent="", kind="flow"))
    assert (first.parent, above.parent, root.parent) == (above.id, root.id, b"")
    assert len({first.id, above.id, root.id}) == 3
    assert told(WHOLE._replace(trace="r-2")).trace != first.trace


def test_headers_are_written_as_everybody_writes_them() -> None:
    assert headers_of("api-key=a%2Cb, x=1,,") == {"api-key": "a,b", "x": "1"}
    with pytest.raises(InvalidSetting, match="key=value"):
        headers_of("nonsense")


# --- on the wire -----------------------------------------------------------------------------------------------------


@dataclass
class Store:
    """A receiver that nobody here wrote the messages of."""

    url: str = ""
    answers: list[web.Response] = field(default_factory=list[web.Response])
    seen: list[tuple[str, dict[str, str], bytes]] = field(
        default_factory=list[tuple[str, dict[str, str], bytes]]
    )

    async def take(self, request: web.Request) -> web.Response:
        answer = self.answers.pop(0) if self.answers else web.Response()
        body = await request.read()
        if answer.status == 200:
            self.seen.append((request.path, dict(request.headers), body))
        return answer

    def told(self, signal: str, message: Any, resources: str, scopes: str, what: str) -> list[Any]:
        """What was received of a signal, out of the layers of its messages."""
        bodies = [message.FromString(body) for path, _, body in self.seen if path == f"/v1/{signal}"]
        parts = [part for body in bodies for part in getattr(body, resources)]
        return [each for part in parts for scope in getattr(part, scopes) for each in getattr(scope, what)]

    def spans(self) -> list[Any]:
        return self.told("traces", ExportTraceServiceRequest, "resource_spans", "scope_spans", "spans")

    def metrics(self) -> dict[str, Any]:
        found = self.told(
            "metrics", ExportMetricsServiceRequest, "resource_metrics", "scope_metrics", "metrics"
        )
        return {metric.name: metric for metric in found}

    def records(self) -> list[Any]:
        return self.told("logs", ExportLogsServiceRequest, "resource_logs", "scope_logs", "log_records")


@asynccontextmanager
async def receiving() -> AsyncGenerator[Store]:
    store = Store()
    app = web.Application()
    app.router.add_post("/v1/{signal}", store.take)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    store.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield store
    finally:
        await runner.cleanup()


@tool(effect="read")
def look(what: str) -> str:
    """Look it up."""
    if what == "nothing":
        raise ValueError("there is nothing")
    return what


CLERK = Agent("clerk", prompt="You look things up.", tools=[look])


@dataclass
class Telling:
    """A platform whose runs are told to a store."""

    stage: Stage
    projector: Projector
    exporter: Exporter

    async def tell(self) -> None:
        await self.projector.catch_up()
        await self.exporter.catch_up()


@asynccontextmanager
async def telling(store: Store, script: Script, tmp_path: Path) -> AsyncGenerator[Telling]:
    async with stage(agents=[CLERK], script=script, workspace=tmp_path) as made:
        ground = made.platform.ground
        reading = Reading(ground.database, ground.keys)
        projector = Projector(ground.database, reading, ground.clock, (Traces(reading, "dev"), Tellings()))
        receiver = Receiver(store.url, {"api-key": "k"})
        sender = Sender({"service.name": "remit"}, "remit", "1", names.SCHEMA_URL)
        exporter = Exporter(ground.database, receiver, sender, tuple(Signal), older=True)
        await exporter.begin()
        try:
            yield Telling(made, projector, exporter)
        finally:
            await receiver.close()


def said(span: Any) -> dict[str, Any]:
    return {each.key: getattr(each.value, each.value.WhichOneof("value")) for each in span.attributes}


async def test_a_run_arrives_whole_in_all_three_signals(script: Script, tmp_path: Path) -> None:
    script(CLERK).calls("look", what="a bill").calls("look", what="nothing").replies("done")
    async with receiving() as store, telling(store, script, tmp_path) as house:
        run = await house.stage.start("clerk", question="where is it?")
        await run.result()
        await house.tell()
    spans = {(span.name, span.start_time_unix_nano): span for span in store.spans()}
    assert len(spans) == len(store.spans())
    by_id = {span.span_id: span for span in spans.values()}
    (root,) = (span for span in by_id.values() if not span.parent_span_id)
    assert root.name == "invoke_workflow clerk"
    assert all(span.parent_span_id in by_id for span in by_id.values() if span is not root), (
        "every parent was sent"
    )
    assert len({span.trace_id for span in by_id.values()}) == 1
    operations = sorted(said(span).get("gen_ai.operation.name", "") for span in by_id.values())
    assert operations == ["chat"] * 3 + ["execute_tool"] * 2 + ["invoke_agent", "invoke_workflow"]
    (failed,) = (
        span
        for span in by_id.values()
        if said(span).get("gen_ai.operation.name") == "execute_tool" and span.status.code
    )
    assert said(failed)["error.type"] == "ValueError"
    assert b"there is nothing" not in b"".join(body for _, _, body in store.seen), (
        "the words of an error are content"
    )
    (record,) = store.records()
    assert (record.event_name, record.severity_number, record.span_id) == (
        "gen_ai.execute_tool.exception",
        13,
        failed.span_id,
    )
    metrics = store.metrics()
    assert (
        sum(point.count for point in metrics["gen_ai.client.inference.duration"].histogram.data_points) == 3
    )
    assert (
        sum(point.count for point in metrics["gen_ai.client.operation.duration"].histogram.data_points) == 3
    )
    assert sum(point.count for point in metrics["gen_ai.execute_tool.duration"].histogram.data_points) == 2
    for name, unit, calls in (("inference_calls", "{inference_call}", 3), ("tool_calls", "{tool_call}", 2)):
        counted = metrics[f"gen_ai.invoke_agent.{name}"]
        (point,) = counted.histogram.data_points
        assert (counted.unit, point.count, point.sum) == (unit, 1, calls)
        assert list(point.explicit_bounds) == [1, 2, 4, 8, 16, 32, 64, 128]
    assert {path for path, _, _ in store.seen} == {"/v1/traces", "/v1/logs", "/v1/metrics"}
    assert all(
        headers["api-key"] == "k" and headers["Content-Encoding"] == "gzip" for _, headers, _ in store.seen
    )


async def test_a_receiver_that_was_away_misses_nothing_and_one_that_refuses_holds_nobody_up(
    script: Script, tmp_path: Path
) -> None:
    for _ in range(3):
        script(CLERK).replies("done")
    async with receiving() as store, telling(store, script, tmp_path) as house:
        traces = house.exporter._tell
        await (await house.stage.start("clerk", question="one")).result()
        await house.projector.catch_up()
        store.answers = [web.Response(status=503, headers={"retry-after": "7"})]
        with pytest.raises(Unreceived) as away:
            await traces(Signal.TRACES)
        assert away.value.pause == 7
        assert store.spans() == []
        await (await house.stage.start("clerk", question="two")).result()
        await house.tell()
        assert len([span for span in store.spans() if not span.parent_span_id]) == 2
        before = len(store.spans())
        store.answers = [web.Response(status=400)]
        await (await house.stage.start("clerk", question="three")).result()
        await house.tell()
        assert len(store.spans()) == before, "what a receiver will never take is not sent for ever"
        await house.tell()
        assert len(store.spans()) == before


async def test_what_a_receiver_did_not_take_is_said(
    script: Script, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    script(CLERK).replies("done")
    partly = ExportTraceServiceResponse()
    partly.partial_success.rejected_spans, partly.partial_success.error_message = 2, "too old"
    async with receiving() as store, telling(store, script, tmp_path) as house:
        await (await house.stage.start("clerk", question="one")).result()
        store.answers = [web.Response(body=partly.SerializeToString())]
        await house.tell()
    assert "2 were refused: too old" in caplog.text


def test_a_packed_body_is_what_it_says() -> None:
    sender = Sender({"service.name": "remit"}, "remit", "1", names.SCHEMA_URL)
    body = gzip.decompress(gzip.compress(sender.spans([told(WHOLE._replace(name="half a pair \ud800"))])))
    (part,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert (part.schema_url, part.scope_spans[0].spans[0].name) == (names.SCHEMA_URL, "chat sonnet")
