"""Telemetry taken in: the same spans, the same exporter, slices in turn, each server on SQLite.

It owns the cases and what was promised. A span counts when it is durable: with Remit and MLflow that is their answer,
with Phoenix, which answers first and writes later, when it stands in its table. How a server is started is not known
here.
"""

from __future__ import annotations

import statistics
import time
from contextlib import ExitStack
from typing import Any

from bench.cycles import spread
from bench.environments import EnvironmentFailed, peer_python, versions
from bench.ingest.rivals import MLFLOW, PHOENIX, REMIT, Server, started
from bench.meter import process_cpu
from bench.protocol import Case, Contender, ContenderFailed
from bench.stage import Stage
from bench.table import Check, Report, count, spread_of

LANES, CROWD = 2, 64
REQUESTS = {REMIT: 60, PHOENIX: 2, MLFLOW: 6}
"""What each gets in one slice, so that slices take about as long."""
MANY = 60
DRAIN_SECONDS, QUIET_SECONDS = 120.0, 40.0
PROMISED = {PHOENIX: 10.0, MLFLOW: 5.0}
MB = 1e6
FLAT_SHARE, FLAT_BYTES = 0.10, 20e6
Found = dict[str, Any]


def measure(stage: Stage) -> list[Report]:
    """Everyone is started once, slices are taken in turn; then a crowd before Remit alone."""
    with ExitStack() as stack:
        servers, absent = _start(stage, stack)
        targets = {
            name: {"host": "127.0.0.1", "port": each.port, "headers": dict(each.headers)}
            for name, each in servers.items()
        }
        load = stage.start("load", "ingest_load", {"targets": targets}, name="ingest_load")
        stack.callback(load.close)
        more = 1 if stage.quick else 3
        names = list(servers)
        cycles: list[dict[str, Found]] = []
        for number in range(stage.cycles):
            turn = number % len(names)
            cycles.append({
                name: _slice(load, servers[name], LANES, REQUESTS[name] * more) for name in names[turn:] + names[:turn]
            })  # fmt: skip
        return [_beside(cycles, absent), _crowd(load, servers[REMIT], MANY * more, stage.cycles)]


def peer_versions() -> dict[str, str]:
    """The releases that were really measured."""
    return versions(peer_python("phoenix"), "arize-phoenix") | versions(peer_python("mlflow"), "mlflow")


def _start(stage: Stage, stack: ExitStack) -> tuple[dict[str, Server], list[str]]:
    """Whoever cannot be started is named, and the others are measured."""
    servers: dict[str, Server] = {}
    absent: list[str] = []
    for name in (REMIT, PHOENIX, MLFLOW):
        try:
            servers[name] = stack.enter_context(started(name, stage.directory / f"ingest_{name}"))
        except (ContenderFailed, EnvironmentFailed) as wrong:
            if name == REMIT:
                raise
            absent.append(f"{name} is not in the table: {' '.join(str(wrong).split())[:300]}")
    return servers, absent


def _slice(load: Contender, server: Server, lanes: int, requests: int) -> Found:
    """One slice, and what became of what was sent in it."""
    pids, before = server.pids(), server.rows()
    cpu, began = sum(map(process_cpu, pids)), time.monotonic()
    found = dict(load.ask(Case(work=server.label, runs=lanes, steps=requests)))
    if found["failed_with"] or not found["spans"]:
        raise ContenderFailed(f"{server.label} did not take what was sent: {found}")
    found["cpu_answered"] = sum(map(process_cpu, pids)) - cpu
    found["told"] = _drained(server, before + found["spans"]) - began
    found["rows"] = server.rows() - before
    found["cpu"] = sum(map(process_cpu, pids)) - cpu
    found["resident"] = server.resident()
    durable = found["told"] if server.label == PHOENIX else found["seconds"]
    spans = max(found["rows"], 1) if server.label == PHOENIX else found["spans"]
    found["rate"] = spans / durable
    return found


def _drained(server: Server, rows: int) -> float:
    """When everything stands in its table, or nothing more comes."""
    deadline, last, since = time.monotonic() + DRAIN_SECONDS, -1, time.monotonic()
    while time.monotonic() < deadline:
        now = server.rows()
        if now != last:
            last, since = now, time.monotonic()
        if now >= rows or time.monotonic() - since > QUIET_SECONDS:
            return since
        time.sleep(0.1)
    return since


def _beside(cycles: list[dict[str, Found]], absent: list[str]) -> Report:
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    for name in cycles[0]:
        mine = [cycle[name] for cycle in cycles]
        ratio = spread([cycle[REMIT]["rate"] / cycle[name]["rate"] for cycle in cycles])
        rows.append((
            name, spread_of(spread([each["rate"] for each in mine])), count(_median(mine, "p50")),
            count(_median(mine, "p99")),
            count(statistics.median(each["cpu_answered"] / each["spans"] * 1e6 for each in mine)),
            count(statistics.median(each["cpu"] / each["spans"] * 1e6 for each in mine)),
            count(statistics.median(each["rows"] / each["told"] for each in mine)),
            count(_median(mine, "resident") / MB), spread_of(ratio, "x") if name != REMIT else "",
        ))  # fmt: skip
        if name in PROMISED:
            target = f">= {PROMISED[name]:g}x"
            checks.append(
                Check(
                    f"spans durable, vs {name}", target, spread_of(ratio, "x"), ratio.median >= PROMISED[name]
                )
            )
    return Report(
        title=f"Telemetry: {LANES} senders, 512 spans a request, {len(cycles)} cycles",
        columns=(
            "", "spans durable/s [quartiles]", "p50 ms", "p99 ms", "CPU us/span", "with its rows", "rows/s", "MB",
            "Remit is",
        ),
        rows=rows, checks=checks, notes=[*NOTES, *absent], data={name: [c[name] for c in cycles] for name in cycles[0]},
    )  # fmt: skip


def _crowd(load: Contender, server: Server, requests: int, cycles: int) -> Report:
    """Far more than it can take: what a sender waits, what is shed, and whether memory stays where it is."""
    found = [_slice(load, server, CROWD, requests) for _ in range(max(cycles, 3))]
    first, last = found[0]["resident"], found[-1]["resident"]
    flat = last <= first * (1 + FLAT_SHARE) + FLAT_BYTES
    rows = [
        (str(n), count(each["rate"]), count(each["p50"]), count(each["p99"]), count(each["refused"]),
         count(each["resident"] / MB))
        for n, each in enumerate(found)
    ]  # fmt: skip
    return Report(
        title=f"Back-pressure: {CROWD} senders at once, Remit alone",
        columns=("slice", "spans durable/s", "p50 ms", "p99 ms", "shed", "MB"),
        rows=rows,
        checks=[Check("memory under a crowd", "flat", f"{first / MB:.0f} -> {last / MB:.0f} MB", flat)],
        data={"slices": found},
    )


def _median(found: list[Found], name: str) -> float:
    return statistics.median(each[name] for each in found)


NOTES = [
    "durable: Remit and MLflow answer when it is on disk; Phoenix answers before, and counts when its rows are there",
    "rows: spans in the table that a page reads, until all of the slice stand there",
    "each gets as many requests as it does in about the same time; the ratio is of spans a second",
    "senders and servers share the machine; processor time is of the server and all its processes",
]
