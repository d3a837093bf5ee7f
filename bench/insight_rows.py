"""Rows as the projection of traces writes them: many runs over 90 days, one very large trace, sums of usage; made by
SQL, for a log of that size would take a day to live.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from msgspec.structs import astuple

from remit.control.ground.ground import open_ground
from remit.insight.tracing.rows import SpanRow, TraceRow, span_number
from remit.insight.tracing.sums import day_of
from remit.store.databases.sqlite_driver import connect
from remit.store.queries import queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DAY = 86_400_000_000
TEAM = "default"
FLOWS, AGENTS = [f"flow_{n}" for n in range(20)], [f"agent_{n}" for n in range(40)]
MODELS, ERRORS = ["opus", "sonnet", "fast", "cheap"], ["step_failed", "model_failed", "denied", "timed_out"]


async def seed(place: Path, runs: int, spans: int) -> None:
    """Rows as the projection writes them: so many runs over 90 days, and one trace of so many spans."""
    ground = await open_ground(place, "", "default")
    await ground.database.close()
    sql = {name: query.sql for name, query in queries("sqlite").items()}
    connection = connect(place / ".remit" / "remit.db")
    connection.pragma("synchronous", "off")
    now = int(time.time() * 1_000_000)
    with connection:
        connection.executemany(sql["insight.put_traces"], (astuple(row) for row in _traces(runs, now)))
        connection.executemany(
            sql["insight.put_spans"], (astuple(row) for row in _spans("r-big", spans, now))
        )
        connection.execute(sql["insight.put_traces"], astuple(_trace(0, now, random.Random(0), name="r-big")))
        connection.executemany(sql["insight.add_usage_days"], _usage(now))
    connection.close()


def _traces(runs: int, now: int) -> Iterator[Any]:
    chance = random.Random(7)
    for n in range(runs):
        yield _trace(n, now - 90 * DAY + n * (90 * DAY // runs), chance)


def _trace(n: int, at: int, chance: random.Random, name: str = "") -> TraceRow:
    failed = chance.random() < 0.03
    error = chance.choice(ERRORS) if failed else ""
    which = chance.choice(FLOWS)
    agent = AGENTS[min(int(chance.expovariate(0.15)), 39)]
    cost = int(chance.expovariate(1 / 4000))
    return TraceRow(
        name or f"r-{n:016d}", team=TEAM, session=f"s-{n // 5}" if n % 3 == 0 else "", flow=which, agent=agent,
        principal=f"user_{chance.randrange(2000)}", purpose=which, release=f"rel_{n // 20_000}", environment="dev",
        sort="task", key_id=f"k-r-{n:016d}", status="failed" if failed else "succeeded", error=error,
        failure="tool" if failed else "", signature=f"{which}/{agent}/look/{error}" if failed else "", started=at,
        ended=at + int(chance.expovariate(1 / 9e6)), spans=12, model_calls=4, tool_calls=5, asks=int(n % 50 == 0),
        loops=int(n % 400 == 0), input=4000, output=600, cost=cost, prompt=f"p{n // 50_000}",
        model=chance.choice(MODELS),
    )  # fmt: skip


def _spans(trace: str, spans: int, now: int) -> Iterator[Any]:
    """A wide and deep trace: agents with turns, each turn with a gather of tools."""
    chance, n = random.Random(3), 0
    made = ["", *(f"agent#{k}" for k in range(1, 101))]
    for k in range(1, 101):
        yield SpanRow(
            span_number(k, 0),
            trace,
            f"agent#{k}",
            "",
            "agent",
            "agent",
            now + k,
            now + k + 9,
            "ok",
            team=TEAM,
        )
    while n < spans - 100:
        parent = chance.choice(made)
        n += 1
        place = f"{parent}/step#{n}" if parent else f"step#{n}"
        yield SpanRow(
            span_number(1000 + n, 0), trace, place, parent, "tool", "step", now + n, now + n + 5, "ok", team=TEAM,
            detail='{"policy":"9ef2ab44289147e8","rules":["own-tools"],"stages":{"decide":212,"perform":6285}}',
            stream=f"run:{trace}", seq=n,
        )  # fmt: skip
        if n % 20 == 0 and place.count("/") < 6:
            made.append(place)


def _usage(now: int) -> Iterator[Any]:
    for day in range(90):
        for flow_name in FLOWS:
            for agent in AGENTS[:10]:
                for model in MODELS:
                    yield (
                        day_of(now - day * DAY), "default", agent, flow_name, flow_name, model, "p", "p0", "rel_0", 0,
                        100, 3, 4, 400_000, 0, 0, 60_000, 0, 400_000,
                    )  # fmt: skip
