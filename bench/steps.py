"""The cost of a durable step: a no-op with a 1 KB result, on the disk before the next one starts, in 10-step
runs.

It owns who is compared with whom and what was promised. It must not know how a contender works.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.cycles import Cycle, Sample, better, median_of, rates, ratios, take_turns
from bench.environments import peer_python, versions
from bench.protocol import Case, Contender
from bench.stage import Stage
from bench.table import Check, Report, count, spread_of

STEPS = 10
LANES = (1, 50)
DISK = "fdatasync 4 KB"
OURS = "Remit"
SLOW_DISK = (
    "1-run figures rest on this disk: where a flush takes several ms, everyone waits for it, "
    "and the ratio falls towards that of flushes per step."
)


Measured = Callable[[Sample], float | None]


@dataclass(frozen=True, slots=True)
class Entrant:
    """One contender of a store: its name in the table, the environment it runs in, what it is told."""

    label: str
    module: str
    peer: str = ""
    told: dict[str, Any] = field(default_factory=dict[str, Any])
    only_lane: int | None = None


@dataclass(frozen=True, slots=True)
class Rival:
    """One column of the promise: the ways to run this rival (the fastest counts), and the ratio promised."""

    name: str
    ways: tuple[str, ...]
    at_least: dict[int, float]


FLOOR = Entrant(DISK, "fsync", only_lane=1)
GRAPH, TASK = "LangGraph graph", "LangGraph @task"

ENTRANTS = {
    "sqlite": (
        FLOOR,
        Entrant(OURS, "remit_engine"),
        Entrant("DBOS + WAL, sync", "dbos_sqlite", "dbos", {"mode": "sync"}),
        Entrant("DBOS + WAL, async", "dbos_sqlite", "dbos", {"mode": "async"}),
        Entrant("DBOS as it comes", "dbos_sqlite", "dbos", {"mode": "sync", "wal": False}),
        Entrant(GRAPH, "langgraph_graph", "langgraph"),
        Entrant(TASK, "langgraph_task", "langgraph"),
    ),
    "postgres": (
        FLOOR,
        Entrant(OURS, "remit_engine"),
        Entrant("DBOS, sync", "dbos_postgres", "dbos", {"mode": "sync"}),
        Entrant("DBOS, async", "dbos_postgres", "dbos", {"mode": "async"}),
        Entrant(GRAPH, "langgraph_graph", "langgraph"),
        Entrant(TASK, "langgraph_task", "langgraph"),
    ),
}

RIVALS = {
    "sqlite": (
        Rival("DBOS, WAL set", ("DBOS + WAL, sync", "DBOS + WAL, async"), {1: 2.5, 50: 20}),
        Rival(GRAPH, (GRAPH,), {1: 2.5, 50: 15}),
        Rival(TASK, (TASK,), {1: 1.8, 50: 10}),
    ),
    "postgres": (
        Rival("DBOS", ("DBOS, sync", "DBOS, async"), {1: 4, 50: 25}),
        Rival(GRAPH, (GRAPH,), {1: 2.5, 50: 15}),
        Rival(TASK, (TASK,), {1: 1.7, 50: 12}),
    ),
}

COLUMNS = (
    "",
    "steps/s [quartiles]",
    "us/step",
    "CPU us",
    "Postgres us",
    "flushes/step",
    "KB written",
    "Remit is",
)


def measure(stage: Stage) -> list[Report]:
    """Per store, start everyone once; then one run at a time, then fifty at once."""
    reports: list[Report] = []
    for store in stage.stores:
        with ExitStack() as started:
            contenders = _start(stage, store, started)
            reports.extend(_group(stage, store, lanes, contenders) for lanes in LANES)
    return reports


def peer_versions() -> dict[str, dict[str, str]]:
    """The releases that were really measured."""
    return {
        "dbos": versions(peer_python("dbos"), "dbos", "sqlalchemy", "psycopg", "uvloop"),
        "langgraph": versions(
            peer_python("langgraph"),
            *(
                "langgraph",
                "langgraph-checkpoint-sqlite",
                "langgraph-checkpoint-postgres",
                "aiosqlite",
                "psycopg",
                "uvloop",
            ),
        ),
    }


def _start(stage: Stage, store: str, started: ExitStack) -> dict[str, Contender]:
    contenders: dict[str, Contender] = {}
    for number, entrant in enumerate(ENTRANTS[store]):
        settings = stage.settings(store, f"{store}_{number}") | entrant.told
        python = peer_python(entrant.peer) if entrant.peer else None
        contender = stage.start(entrant.label, entrant.module, settings, python=python)
        started.callback(contender.close)
        contenders[entrant.label] = contender
    return contenders


def _group(stage: Stage, store: str, lanes: int, contenders: dict[str, Contender]) -> Report:
    present = {
        entrant.label: contenders[entrant.label]
        for entrant in ENTRANTS[store]
        if entrant.only_lane in {None, lanes}
    }
    postgres = stage.postgres_pid if store == "postgres" else None
    cycles = take_turns(present, Case(runs=lanes, steps=STEPS, seconds=stage.slice), stage.cycles, postgres)
    at_once = "1 run at a time" if lanes == 1 else f"{lanes} runs at once"
    title = f"{store}, {at_once}"
    return Report(
        title=f"Durable steps, {title} ({stage.cycles} cycles of {stage.slice} s slices)",
        columns=COLUMNS,
        rows=[_row(cycles, name) for name in present],
        checks=_checks(cycles, title, RIVALS[store], lanes),
        notes=_notes(cycles, lanes),
        data={name: _data(cycles, name) for name in present},
    )


def _row(cycles: Sequence[Cycle], name: str) -> tuple[str, ...]:
    if name == DISK:
        wait = median_of(cycles, name, lambda sample: sample.tally.p50_us)
        return (name, spread_of(rates(cycles, name)), f"p50 {count(wait)}", "", "", "", "", "")
    costs = [count(_per_step(cycles, name, measured)) for measured in PER_STEP.values()]
    faster = "" if name == OURS else spread_of(ratios(cycles, OURS, name), "x")
    return (name, spread_of(rates(cycles, name)), *costs, faster)


def _per_step(cycles: Sequence[Cycle], name: str, measured: Measured) -> float | None:
    def per_step(sample: Sample) -> float | None:
        value = measured(sample)
        return None if value is None else value / sample.tally.steps

    return median_of(cycles, name, per_step)


def _micro(seconds: float | None) -> float | None:
    return None if seconds is None else seconds * 1e6


def _kilo(size: int | None) -> float | None:
    return None if size is None else size / 1000


PER_STEP: dict[str, Measured] = {
    "us": lambda sample: _micro(sample.tally.seconds),
    "cpu us": lambda sample: _micro(sample.tally.cpu),
    "postgres us": lambda sample: _micro(sample.cost.postgres_cpu),
    "flushes": lambda sample: sample.cost.flushes,
    "KB written": lambda sample: _kilo(sample.cost.bytes_written),
}


def _checks(cycles: Sequence[Cycle], title: str, rivals: Sequence[Rival], lanes: int) -> list[Check]:
    checks: list[Check] = []
    for rival in rivals:
        way = better(cycles, rival.ways)
        measured = ratios(cycles, OURS, way)
        least = rival.at_least[lanes]
        subject = f"{title}, vs {way if len(rival.ways) > 1 else rival.name}"
        checks.append(Check(subject, f">= {least}x", spread_of(measured, "x"), measured.median >= least))
    return checks


def _notes(cycles: Sequence[Cycle], lanes: int) -> list[str]:
    others = [median_of(cycles, name, lambda sample: sample.cost.other_cpu) or 0.0 for name in cycles[0]]
    notes = [f"other load on this machine: {count(sorted(others)[len(others) // 2])} cores (median)"]
    if lanes == 1:
        wait = median_of(cycles, DISK, lambda sample: sample.tally.p50_us)
        notes.append(f"fdatasync p50 of this disk meanwhile: {count(wait)} us. {SLOW_DISK}")
    return notes


def _data(cycles: Sequence[Cycle], name: str) -> dict[str, Any]:
    found: dict[str, Any] = {"steps per second": asdict(rates(cycles, name))}
    if name == DISK:
        return found | {"p50 us": median_of(cycles, name, lambda sample: sample.tally.p50_us)}
    found["per step"] = {label: _per_step(cycles, name, measured) for label, measured in PER_STEP.items()}
    if name != OURS:
        found["remit is times faster"] = asdict(ratios(cycles, OURS, name))
    found["slices"] = [cycle[name].rate for cycle in cycles]
    return found
