"""Histories as the projections tell them, so that hundreds of runs cost no second."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from remit.control.platform import Platform
from remit.insight.tracing.rows import SpanRow, TraceRow, span_number
from remit.store.database import Commit, Op

SECOND = 1_000_000


@dataclass
class Told:
    """A run as it is told."""

    number: int
    good: bool = True
    cost: int = 1000
    prompt: str = "p1"
    served: str = "m-1"
    tools: tuple[str, ...] = ("look",)
    release: str = "c1"
    agent: str = "clerk"
    sort: str = "task"
    flow: str = "desk"
    beside: str = ""
    """Another prompt that the agent was given in the same run."""


async def tell(platform: Platform, *runs: Told, begins: int) -> None:
    """Write them, a second between two."""
    team, ops = platform.ground.principal.team, list[Op]()
    for run in runs:
        name, at = f"r-{run.number:06}", begins + run.number * SECOND
        trace = TraceRow(
            name, team=team, flow=run.flow, agent=run.agent, sort=run.sort, release=run.release,
            status="succeeded" if run.good else "failed", failure="" if run.good else "policy", started=at,
            ended=at + 1, model_calls=1, tool_calls=len(run.tools), cost=run.cost, prompt=run.prompt,
        )  # fmt: skip
        ops.append(Op("insight.put_traces", as_row(trace)))
        spans = [
            SpanRow(
                span_number(run.number + 1, 0), name, "model", "", "model", "model", at, team=team,
                requested="m", served=run.served, prompt=run.prompt,
                agent=run.agent,
            )
        ]  # fmt: skip
        if run.beside:
            aside = SpanRow(
                span_number(run.number + 1, 99), name, "aside", "", "model", "model", at, team=team
            )
            aside.requested, aside.served, aside.prompt, aside.agent = "m", run.served, run.beside, run.agent
            spans.append(aside)
        spans += [
            SpanRow(span_number(run.number + 1, n + 1), name, f"t{n}", "", "tool", tool, at, team=team)
            for n, tool in enumerate(run.tools)
        ]
        ops += [Op("insight.put_spans", as_row(span)) for span in spans]
    await platform.ground.database.submit(Commit(ops=ops))


def as_row(row: Any) -> tuple[Any, ...]:
    """A row of a projection, as its query takes it."""
    return msgspec.structs.astuple(row)
