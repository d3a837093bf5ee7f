"""What was taken is told as traces: on both databases, in any order and any portions, again after a rebuild, and
without what was erased."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from remit.control.observing.wiring import projections
from remit.control.protecting import protection
from remit.control.telemetry import collector_of
from remit.domain.fronting import Attribution, KeyScope
from remit.insight.foreign.records import Records
from remit.insight.foreign.writing import TABLES
from remit.insight.projector import Projector
from remit.insight.reading import Reading
from remit.insight.tracing.rows import Missing, TraceRow
from tests.gateway.front import Front, front
from tests.otlp.sent import as_protobuf, span
from tests.postgres import PostgresServer

CHAT: dict[str, Any] = {
    "gen_ai.operation.name": "chat", "gen_ai.provider.name": "openai", "gen_ai.request.model": "gpt-4o",
    "gen_ai.usage.input_tokens": 1_000, "gen_ai.usage.output_tokens": 200, "gen_ai.usage.cache_read.input_tokens": 400,
    "gen_ai.system_instructions": "You are kind.",
}  # fmt: skip
TOOL: dict[str, Any] = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "refund"}
AGENT: dict[str, Any] = {
    "gen_ai.operation.name": "invoke_agent",
    "gen_ai.agent.name": "desk",
    "gen_ai.conversation.id": "talk",
}
SERVICE: dict[str, Any] = {"service.name": "shop", "service.version": "7"}
OTHER = "1" * 32


def story(trace: str) -> list[dict[str, Any]]:
    """An agent that asks a model twice and calls a tool between."""
    return [
        span(1, name="desk", trace=trace, lasts=9_000, **AGENT),
        span(2, 1, "chat", trace=trace, at=10, **CHAT, **{"gen_ai.response.finish_reasons": ["tool_calls"]}),
        span(3, 1, "tool", trace=trace, at=1_100, **TOOL),
        span(4, 1, "chat", trace=trace, at=3_000, **CHAT),
    ]


class Given:
    """A platform that takes telemetry, and what is told of it."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.ground = front.platform.ground
        self.collector = collector_of(front.platform)
        self.projector = self.projecting()

    def projecting(self, batch: int = 500) -> Projector:
        reading = Reading(self.ground.database, self.ground.keys)
        return Projector(
            self.ground.database, reading, self.ground.clock, projections(self.ground, reading), batch
        )

    async def send(self, *spans: dict[str, Any], key: str = "", told: bool = True) -> None:
        caller = await self.front.platform.fronts.caller(key or self.front.key, Attribution())
        await self.collector.take(caller, "traces", "protobuf", as_protobuf(*spans, resource=SERVICE))
        if told:
            await self.projector.catch_up()

    async def trace(self, trace: str) -> dict[str, Any]:
        rows = await self.ground.database.fetch("insight.trace", f"o{trace}")
        return msgspec.structs.asdict(TraceRow(*rows[0])) if rows else {}

    async def tables(self) -> dict[str, list[Any]]:
        """Every row of every table that is told from it."""
        found: dict[str, list[Any]] = {}
        async with self.ground.database.snapshot() as snapshot:
            for table in (*TABLES, *Records.tables):
                columns = await snapshot.columns(table)
                rows = [tuple(row) async for page in snapshot.rows(table, columns) for row in page]
                found[table] = sorted(map(repr, rows))
        return found


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
async def given(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, postgres: PostgresServer
) -> AsyncIterator[Given]:
    name = f"test_{uuid4().hex}"
    url = postgres.create_database(name) if request.param == "postgres" else ""
    async with front(tmp_path_factory.mktemp("given"), database=url) as made:
        yield Given(made)
    if url:
        postgres.drop_database(name)


async def test_a_trace_of_others_stands_beside_ours(given: Given) -> None:
    await given.send(*story(OTHER))
    row = await given.trace(OTHER)
    assert (row["source"], row["agent"], row["flow"], row["session"]) == ("bot", "desk", "desk", "talk")
    assert (row["status"], row["spans"], row["model_calls"], row["tool_calls"]) == ("succeeded", 4, 2, 1)
    assert (row["input"], row["cached"], row["output"]) == (1_200, 800, 400), "parts do not overlap"
    assert (row["release"], row["sort"], row["missing"]) == ("7", "exchange", 0)
    assert row["cost"] == 2 * (600 * 25 + 400 * 12.5 + 200 * 100) / 10, (
        "at the prices of gpt-4o, in micro-dollars"
    )
    assert row["prompt"], "of the instructions, a digest"
    assert row["ended"] - row["started"] == 9_000


async def test_rebuilt_tables_are_the_same_to_the_byte(given: Given) -> None:
    """Whatever came twice, late, in parts or under the id of another source; read by one event or by many."""
    other = await given.front.another(KeyScope("other"))
    dice = random.Random(7)
    spans = [one for n in range(1, 7) for one in story(f"aa{n:030x}")]
    dice.shuffle(spans)
    for first in range(0, len(spans), 5):
        await given.send(*spans[first : first + 5], told=dice.random() < 0.5)
    await given.send(*spans[:4])
    await given.send(span(2, 1, "stolen", trace=spans[0]["traceId"], **CHAT), key=other)
    await given.send(span(9, trace=spans[0]["traceId"], lasts=None), key=other, told=False)
    await given.projector.catch_up()
    live = await given.tables()
    assert sum("'oaa" in row for row in live["spans"]) == 25
    assert "stolen" not in str(live["spans"])
    for batch in (1, 3, 500):
        await given.projecting(batch).rebuild()
        assert await given.tables() == live


async def test_s07_what_a_source_sent_is_gone_with_its_key(given: Given) -> None:
    """What is told of the rest is what would be told if nothing else had ever come; a rebuild gives the same."""
    gone = await given.front.another(KeyScope("vanished"))
    shared, alone = "b2" * 16, "b3" * 16
    await given.send(*story(shared)[:2], key=gone)
    await given.send(*story(shared)[1:])
    await given.send(*story(alone), key=gone)
    assert (await given.trace(shared))["spans"] == 4
    assert await protection.delete(given.ground, "source:vanished")
    await given.projector.catch_up()
    row = await given.trace(shared)
    assert (row["source"], row["spans"], row["missing"] & Missing.START) == ("bot", 3, Missing.START)
    assert not await given.trace(alone)
    live = await given.tables()
    assert "vanished" not in str(live)
    await given.projecting(2).rebuild()
    assert await given.tables() == live


async def test_a_later_and_more_complete_span_replaces_an_earlier_one(given: Given) -> None:
    """Long-open spans are sent when they begin, and again when they are over; sums follow."""
    trace, days = "c1" * 16, {"agent": "lone", "models": "gpt-4o-mini"}
    agent, chat = AGENT | {"gen_ai.agent.name": "lone"}, CHAT | {"gen_ai.request.model": "gpt-4o-mini"}
    chat |= {"gen_ai.agent.name": "lone"}
    await given.send(span(1, name="open", trace=trace, lasts=None, **agent))
    assert (await given.trace(trace))["status"] == "running"
    await given.send(span(2, 1, trace=trace, **{"gen_ai.request.model": "gpt-4o-mini"}))
    await given.send(span(2, 1, trace=trace, **chat))
    await given.send(span(2, 1, "less", trace=trace, **{"gen_ai.request.model": "gpt-4o-mini"}))
    await given.send(
        span(1, name="over", trace=trace, lasts=5_000, failed=True, **agent, **{"error.type": "KeyError"})
    )
    row = await given.trace(trace)
    assert (row["status"], row["error"], row["flow"], row["model_calls"]) == ("failed", "KeyError", "over", 1)
    assert row["signature"]
    tables = await given.tables()
    for table, name in (("usage_days", days["models"]), ("run_days", days["agent"])):
        (found,) = (each for each in tables[table] if f"'{name}'" in each)
        assert "'lone', 'over'" in found
    await given.projecting().rebuild()
    assert await given.tables() == tables


async def test_two_teams_may_use_one_id(given: Given) -> None:
    """A trace id is chosen by whoever sends it, so nobody is let into another team's trace by knowing it."""
    trace = "d1" * 16
    await given.send(*story(trace))
    caller = replace(await given.front.platform.fronts.caller(given.front.key), team="rivals")
    body = as_protobuf(span(8, 1, trace=trace), resource=SERVICE)
    await given.collector.take(caller, "traces", "protobuf", body)
    await given.projector.catch_up()
    assert (await given.trace(trace))["spans"] == 4
    live = await given.tables()
    assert sum("rivals" in row for row in live["traces"]) == 1
    await given.projecting(1).rebuild()
    assert await given.tables() == live


HOSTILE: list[list[dict[str, Any]]] = [
    [span(1, 2), span(2, 3), span(3, 1), span(4, 1)],
    [span(1, 1)],
    [span(1, name="\x00\x1b[2J\u202e<script>", text="x" * 1_000_000)],
    [span(1, lasts=-5), span(2, 1, at=10**15), span(3, 1, at=-1_790_000_000_000_000)],
    [span(1, **CHAT | {"gen_ai.usage.input_tokens": 2**62, "gen_ai.usage.output_tokens": -5})],
    [span(n, n - 1) for n in range(1, 600)],
    [span(1, **{"gen_ai.operation.name": "unheard of", "openinference.span.kind": 7, "": ""})],
]


async def test_no_span_is_lost_whatever_stands_beside_it(given: Given) -> None:
    """Circles, texts that steer terminals, wrong clocks, absurd numbers, long chains: told, and the good as ever."""
    for n, hostile in enumerate(HOSTILE):
        trace = f"e{n}" * 16
        good = f"f{n}" * 16
        await given.send(*[each | {"traceId": trace} for each in hostile], *story(good))
        assert (await given.trace(trace))["spans"] == len(hostile)
        assert (await given.trace(good))["missing"] == 0
        spans = await given.ground.database.fetch("insight.spans", f"o{trace}")
        parents = {each[2]: each[3] for each in spans}
        for start in parents:
            at, steps = start, 0
            while at and steps <= len(parents):
                at, steps = parents[at], steps + 1
            assert not at, "from every span a way leads up"
    live = await given.tables()
    await given.projecting(1).rebuild()
    assert await given.tables() == live


async def test_a_trace_that_never_ends_has_an_end_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sender that uses one trace for all its life takes no more memory and time than a large trace does: what is
    beyond stays in the log, the trace says so, and its root is told whenever it comes.
    """
    monkeypatch.setattr("remit.insight.foreign.trace.MOST", 6)
    trace = "9c" * 16
    async with front(tmp_path) as made:
        given = Given(made)
        for first in (2, 6, 10):
            await given.send(
                *(span(n, 1, "step", trace=trace, at=n, **TOOL) for n in range(first, first + 4))
            )
        row = await given.trace(trace)
        assert (row["spans"], row["missing"] & Missing.DROPPED) == (6, Missing.DROPPED)
        given.projector = given.projecting()  # another process, which reads what is written
        await given.send(span(3, 1, "step", trace=trace, at=3, failed=True, note="more is said", **TOOL))
        await given.send(span(1, name="desk", trace=trace, lasts=9_000, **AGENT))
        row = await given.trace(trace)
        assert (row["spans"], row["status"], row["tool_failures"]) == (7, "succeeded", 1)
        assert row["missing"] & (Missing.DROPPED | Missing.START) == Missing.DROPPED
        live = await given.tables()
        for batch in (1, 500):
            await given.projecting(batch).rebuild()
            assert await given.tables() == live
