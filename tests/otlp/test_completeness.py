"""How complete a source is: gaps that are planted are found, each under its name, and nothing else is."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from remit.control.collecting.desk import FACTS
from remit.control.collecting.keeping import destroy_old
from remit.control.collecting.views import SourceLine
from remit.control.observing.views import Wanted
from remit.control.protecting import protection
from remit.domain.errors import Shredded, UnknownRun
from remit.domain.fronting import KeyScope
from remit.insight.tracing.rows import SpanRow
from remit.testing.clock import ManualClock
from tests.gateway.front import front
from tests.otlp.sent import START, pairs, span
from tests.otlp.test_projection import AGENT, CHAT, TOOL, Given, story

WHOLE = 1_000_000
DAY = 86_400_000_000
ASKS: dict[str, Any] = {"gen_ai.response.finish_reasons": ["tool_calls"]}


@pytest.fixture(scope="module")
async def given(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Given]:
    async with front(tmp_path_factory.mktemp("given")) as made:
        yield Given(made)


def without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in CHAT.items() if not name.startswith(names)}


ROOT: dict[str, Any] = span(1, name="desk", lasts=9_000, **AGENT)
GAPS: dict[str, list[dict[str, Any]]] = {
    "root": [span(2, 1, **TOOL)],
    "end": [ROOT, span(2, 1, lasts=None, **TOOL)],
    "parents": [ROOT, span(2, 7, **TOOL)],
    "tools": [ROOT, span(2, 1, **CHAT, **ASKS)],
    "model": [ROOT, span(2, 1, **without("gen_ai.request.model"), **{"llm.cost.total": 0.1})],
    "provider": [ROOT, span(2, 1, **without("gen_ai.provider"))],
    "tokens": [ROOT, span(2, 1, **without("gen_ai.usage"), **{"llm.cost.total": 0.1})],
    "cost": [ROOT, span(2, 1, **CHAT | {"gen_ai.request.model": "of-our-own"})],
    "prompt": [ROOT, span(2, 1, **without("gen_ai.system_instructions"))],
    "whole": [ROOT, span(2, 1, **TOOL) | {"droppedAttributesCount": 3}],
}


async def sent_by(given: Given, name: str, *traces: list[dict[str, Any]]) -> SourceLine:
    key = await given.front.another(KeyScope(name))
    caller = await given.front.platform.fronts.caller(key)
    for n, spans in enumerate(traces):
        trace = hashlib.sha256(f"{name} {n}".encode()).hexdigest()[:32]
        body = {"resourceSpans": [{
            "resource": {"attributes": pairs({"service.version": "1"})},
            "scopeSpans": [{"spans": [each | {"traceId": trace} for each in spans]}],
        }]}  # fmt: skip
        await given.collector.take(caller, "traces", "json", json.dumps(body).encode())
    await given.projector.catch_up()
    return next(each for each in await given.front.platform.collecting.sources() if each.source == name)


def test_every_fact_has_a_gap() -> None:
    assert GAPS.keys() == FACTS.keys()


@pytest.mark.parametrize("gap", GAPS)
async def test_a_planted_gap_is_found_and_no_other(given: Given, gap: str) -> None:
    whole = story("0" * 32)
    found = await sent_by(given, f"lacks-{gap}", GAPS[gap], whole, whole, whole)
    assert found.traces == 4
    assert found.facts == {name: 750_000 if name == gap else WHOLE for name in FACTS}
    assert found.complete == (9 * WHOLE + 750_000) // 10


async def test_spans_that_never_came_count_against_a_source(given: Given) -> None:
    """Its SDK says itself what it could not send; what was left out here is known anyway."""
    found = await sent_by(given, "lossy", story("0" * 32))
    assert (found.complete, found.dialects) == (WHOLE, {"gen_ai": 4})
    caller = await given.front.platform.fronts.caller(await given.front.another(KeyScope("lossy")))
    points = [
        {"asInt": 3, "attributes": pairs({"error.type": "queue_full"})},
        {"asInt": 900, "attributes": pairs({"otel.component.name": "all is well"})},
    ]
    metric = {"name": "otel.sdk.processor.span.processed", "sum": {"dataPoints": points}}
    body = {"resourceMetrics": [{"scopeMetrics": [{"metrics": [metric]}]}]}
    await given.collector.take(caller, "metrics", "json", json.dumps(body).encode())
    bad = {"resourceSpans": [{"scopeSpans": [{"spans": [span(0)]}]}]}
    await given.collector.take(caller, "traces", "json", json.dumps(bad).encode())
    await given.projector.catch_up()
    found = next(each for each in await given.front.platform.collecting.sources() if each.source == "lossy")
    assert (found.spans, found.lost, found.rejected, found.metrics) == (4, 3, 1, 1)
    assert found.facts["whole"] == WHOLE // 2, "four of eight arrived"


@pytest.mark.parametrize("said", [float("nan"), float("inf"), 1e300, 2**63 - 1, -5])
async def test_a_counter_that_says_nonsense_costs_no_account(given: Given, said: float) -> None:
    """What a sender says that it lost is a number of its own making: whatever it is, the rest is accounted for."""
    name = f"raving-{said}".replace("+", "")
    caller = await given.front.platform.fronts.caller(await given.front.another(KeyScope(name)))
    made = ExportMetricsServiceRequest()
    for lost in (said, said, 2):
        metric = made.resource_metrics.add().scope_metrics.add().metrics.add()
        metric.name = "otel.sdk.exporter.span.exported"
        point = metric.sum.data_points.add()
        point.attributes.add(key="error.type").value.string_value = "timeout"
        if isinstance(lost, float):
            point.as_double = lost
        else:
            point.as_int = lost
    await given.collector.take(caller, "metrics", "protobuf", made.SerializeToString())
    await given.projector.catch_up()
    found = next(each for each in await given.front.platform.collecting.sources() if each.source == name)
    assert (found.metrics, found.lost) == (3, 2)


async def test_a_clock_that_is_wrong_puts_nothing_above_everything_for_years(given: Given) -> None:
    """From the future is when it came; what takes less than no time, or half a century, takes none."""
    now = given.ground.clock.now()
    future, years = now - START + 365 * DAY, 50 * 365 * DAY
    found = await sent_by(
        given, "ahead",
        [span(1, at=future, lasts=9_000), span(2, 1, at=future + 5, lasts=70)],
        [span(1, at=0, lasts=-5), span(2, 1, lasts=years), span(3, 1, at=future, lasts=None)],
    )  # fmt: skip
    assert found.skewed == 5
    listed = await given.front.platform.observing.traces(Wanted(source="ahead"))
    rows = [
        row for each in listed.traces for row in (await given.front.platform.observing.trace(each.id)).spans
    ]
    soon = now + 60 * 1_000_000
    assert all(row.started <= soon and (row.ended or 0) <= soon for row in rows)
    took = sorted(row.ended - row.started for row in rows if row.ended is not None)
    assert took == [0, 0, 70, 9_000]


async def test_evaluations_are_scores(given: Given) -> None:
    """They come as log records, sometimes before what they judge, and count once however often they are sent."""
    trace = "ee" * 16
    records = [
        {
            "traceId": trace, "spanId": f"{judged:016x}", "timeUnixNano": str(START * 1000),
            "eventName": "gen_ai.evaluation.result",
            "attributes": pairs({"gen_ai.evaluation.name": "kind", "gen_ai.evaluation.score.value": score}),
        }
        for judged, score in ((1, 0.75), (2, 0.5))
    ]  # fmt: skip
    body = json.dumps({"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}).encode()
    caller = await given.front.platform.fronts.caller(given.front.key)
    await given.collector.take(caller, "logs", "json", body)
    await given.send(*story(trace))
    await given.collector.take(caller, "logs", "json", body)
    await given.projector.catch_up()
    row = await given.trace(trace)
    assert (row["spans"], row["score"]) == (6, 750_000), "of the whole, what was said of its root"
    rows = [SpanRow(*row) for row in await given.ground.database.fetch("insight.spans", f"o{trace}")]
    spans = {row.id: row.score for row in rows}
    assert (spans[f"{1:016x}"], spans[f"{2:016x}"]) == (750_000, 500_000)
    (judged,) = (name for name, score in spans.items() if score == 500_000 and name != f"{2:016x}")
    raw = await given.front.platform.collecting.raw(trace, judged)
    assert raw.attributes == {"gen_ai.evaluation.name": "kind", "gen_ai.evaluation.score.value": 0.5}


async def test_a_span_can_be_read_as_it_came(given: Given) -> None:
    trace, text = "dd" * 16, "x" * 5_000_000
    key = await given.front.another(KeyScope("writer"))
    said = {"large": text, "input.value": json.dumps({"deep": [1, "two"]}), "plain": 7}
    await given.send(span(1, trace=trace, **said), key=key)
    raw = await given.front.platform.collecting.raw(trace, f"{1:016x}")
    assert raw.attributes == {"large": text, "input.value": {"deep": [1, "two"]}, "plain": 7}
    assert (raw.source, raw.resource["service.name"], raw.scope) == ("writer", "shop", "by hand")
    with pytest.raises(UnknownRun, match="nobody sent"):
        await given.front.platform.collecting.raw(trace, "no such")
    assert await protection.delete(given.ground, "source:writer")
    with pytest.raises(Shredded):
        await given.front.platform.collecting.raw(trace, f"{1:016x}")


async def test_s07_telemetry_goes_when_its_time_has_come(given: Given) -> None:
    """A week at a time, a legal hold excepted; what is younger stays."""
    ground = given.ground
    old = replace(ground, clock=ManualClock(ground.clock.now() + 12 * DAY))
    key = await given.front.another(KeyScope("aged"))
    await given.send(span(1, trace="a9" * 16), key=key)
    assert await given.trace("a9" * 16)
    assert await destroy_old(old, 6, "remit") == 0, "its week is not over for six days"
    await protection.hold(ground, "source:aged", "case 17")
    later = replace(ground, clock=ManualClock(ground.clock.now() + 14 * DAY))
    await destroy_old(later, 6, "remit")
    assert await given.trace("a9" * 16), "a hold wins"
    await protection.release(ground, "source:aged", "closed")
    assert await destroy_old(later, 6, "remit") == 1
    await given.projector.catch_up()
    assert not await given.trace("a9" * 16)
