"""The cost of a gateway: the same mock, the same cores, the same load, slices taken in turn.

It owns the cases and what was promised. A ratio is taken inside a cycle, between neighbours. It must not know how a
gateway is started, nor how load is made.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

from bench.cycles import spread
from bench.environments import EnvironmentFailed, peer_python, versions
from bench.gateway import memory
from bench.gateway.rivals import DIRECT, LITELLM, PORTKEY, REMIT, Gateway, started
from bench.meter import busy_cpu, process_cpu
from bench.protocol import Case, Contender, ContenderFailed
from bench.stage import Stage
from bench.table import Check, Report, count, spread_of

ENTRANTS = (DIRECT, REMIT, LITELLM, PORTKEY)
LANES, RATE, FRAMES, STREAMS = 10, 300, 40, 4
SLICE_SECONDS, QUICK_SECONDS = 3.0, 1.0
QUICK_MANY = 10_000

Found = dict[str, Any]
Cycle = Mapping[str, Found]


def measure(stage: Stage) -> list[Report]:
    """Everyone is started once; then latency, peak and streams in turn; then memory, Remit alone."""
    with ExitStack() as stack:
        mock = stage.start("mock", "gateway_mock", {}, name="gateway_mock")
        stack.callback(mock.close)
        upstream = int(mock.ask(Case())["port"])
        gateways, absent = _start(stage, stack, upstream)
        idle = {name: (each.serving(), each.resident()) for name, each in gateways.items()}
        targets = {name: each.target for name, each in gateways.items()}
        load = stage.start("load", "gateway_load", {"targets": targets}, name="gateway_load")
        stack.callback(load.close)
        runs = _Runs(load, gateways, stage)
        return [
            _peak(runs, absent),
            _open(runs),
            _streams(runs),
            memory.after_start(idle),
            memory.flat(load, gateways[REMIT], runs.seconds, QUICK_MANY if stage.quick else memory.MANY),
        ]


def peer_versions() -> dict[str, str]:
    """The releases that were really measured; without the one that cannot be had here, the others are."""
    try:
        return versions(peer_python("litellm"), "litellm", "uvicorn", "uvloop")
    except EnvironmentFailed as wrong:
        return {LITELLM: f"absent: {' '.join(str(wrong).split())[:200]}"}


def _start(stage: Stage, stack: ExitStack, upstream: int) -> tuple[dict[str, Gateway], list[str]]:
    """Whoever cannot be started is named, and the others are measured."""
    gateways: dict[str, Gateway] = {}
    absent: list[str] = []
    for name in ENTRANTS:
        try:
            folder = stage.directory / f"gateway_{name}"
            gateways[name] = stack.enter_context(started(name, folder, upstream))
        except (ContenderFailed, EnvironmentFailed) as wrong:
            if name == REMIT:
                raise
            absent.append(f"{name} is not in the table: {wrong}")
    return gateways, absent


class _Runs:
    """Slices in turn, with the processor time each gateway took for one."""

    def __init__(self, load: Contender, gateways: dict[str, Gateway], stage: Stage) -> None:
        self.load = load
        self.gateways = gateways
        self._stage = stage
        self.seconds = QUICK_SECONDS if stage.quick else SLICE_SECONDS

    def turns(self, work: str, case: Callable[[str], Case]) -> tuple[list[Cycle], list[str]]:
        """One slice each per cycle, in an order that rotates; one first that does not count. Whoever cannot do the work
        at all is named, and left out of it.
        """
        names, unable = list(self.gateways), list[str]()
        for name in self.gateways:
            try:
                self._slice(case(f"{work} {name}"), name)
            except ContenderFailed as wrong:
                if name in {REMIT, DIRECT}:
                    raise
                names.remove(name)
                unable.append(" ".join(str(wrong).split())[:300])
        return [
            {name: self._slice(case(f"{work} {name}"), name) for name in names[turn:] + names[:turn]}
            for turn in (number % len(names) for number in range(self._stage.cycles))
        ], unable

    def _slice(self, case: Case, name: str) -> Found:
        pids = self.gateways[name].pids()
        before, busy = sum(map(process_cpu, pids)), busy_cpu()
        found = self.load.ask(case)
        if "failed" in found:
            raise ContenderFailed(f"{name} did not do its work: {found['failed']}")
        spent = sum(map(process_cpu, pids)) - before
        return {**found, "cpu": spent, "busy": busy_cpu() - busy}


# --- reports ------------------------------------------------------------------------------------------------------


def _peak(runs: _Runs, absent: list[str]) -> Report:
    cycles, unable = runs.turns("peak", lambda work: Case(work=work, runs=LANES, seconds=runs.seconds))

    def rate(found: Found) -> float:
        return found["requests"] / found["seconds"]

    rows: list[tuple[str, ...]] = []
    for name in cycles[0]:
        ratio = spread([rate(cycle[REMIT]) / rate(cycle[name]) for cycle in cycles])
        cpu = _median([cycle[name]["cpu"] / cycle[name]["requests"] * 1e6 for cycle in cycles])
        rows.append(
            (
                name,
                spread_of(spread([rate(cycle[name]) for cycle in cycles])),
                count(_median([cycle[name]["p50"] for cycle in cycles])),
                count(_median([cycle[name]["p99"] for cycle in cycles])),
                count(cpu) if name != DIRECT else "",
                spread_of(ratio, "x") if name not in {REMIT, DIRECT} else "",
            )
        )
    ours = _median([rate(cycle[REMIT]) for cycle in cycles])
    checks = [Check(f"peak, {LANES} at once", ">= 1,500/s", f"{count(ours)}/s", ours >= 1500)]
    for rival, least in ((LITELLM, 15.0), (PORTKEY, 1.0)):
        if rival in cycles[0]:
            ratio = spread([rate(cycle[REMIT]) / rate(cycle[rival]) for cycle in cycles])
            target = f">= {least:g}x"
            checks.append(Check(f"peak vs {rival}", target, spread_of(ratio, "x"), ratio.median >= least))
    return Report(
        title=f"Gateway, peak: {LANES} connections, whole answers, {len(cycles)} cycles of {runs.seconds:g} s",
        columns=("", "requests/s [quartiles]", "p50 ms", "p99 ms", "CPU us", "Remit is"),
        rows=rows,
        checks=checks,
        notes=[*NOTES, *absent, *unable, _load(cycles)],
        data={name: [cycle[name] for cycle in cycles] for name in cycles[0]},
    )


NOTES = (
    "Remit: key with a budget, the policy of `remit new`, ledger and log on SQLite, `remit up` as it ships;",
    "  LiteLLM: a master key, a worker for each core, errors only; Portkey: as its package starts it, no key",
    "mock, load generator and gateway share the cores",
)


def _open(runs: _Runs) -> Report:
    cycles, unable = runs.turns("open", lambda work: Case(work=work, runs=RATE, seconds=runs.seconds))

    def added(name: str, which: str) -> list[float]:
        return [cycle[name][which] - cycle[DIRECT][which] for cycle in cycles]

    rows = [
        (name, *(count(_median([cycle[name][which] for cycle in cycles])) for which in ("p50", "p99")))
        + (() if name == DIRECT else tuple(spread_of(spread(added(name, which))) for which in ("p50", "p99")))
        + (("", "") if name == DIRECT else ())
        for name in cycles[0]
    ]
    p50, p99 = _median(added(REMIT, "p50")), _median(added(REMIT, "p99"))
    checks = [
        Check(f"added p50 at {RATE}/s", "<= 1.5 ms", f"{p50:.2f} ms", p50 <= 1.5),
        Check(f"added p99 at {RATE}/s", "<= 8 ms", f"{p99:.2f} ms", p99 <= 8),
    ]
    if LITELLM in cycles[0]:
        share = spread(
            [
                ours / max(theirs, 0.001)
                for ours, theirs in zip(added(REMIT, "p50"), added(LITELLM, "p50"), strict=True)
            ]
        )
        checks.append(Check("added p50 vs LiteLLM", "<= 1/10", spread_of(share, "x"), share.median <= 0.1))
    if PORTKEY in cycles[0]:
        ratio = spread([cycle[PORTKEY]["p99"] / cycle[REMIT]["p99"] for cycle in cycles])
        checks.append(Check("p99 vs Portkey", ">= 1x better", spread_of(ratio, "x"), ratio.median >= 1))
    return Report(
        title=f"Gateway, open loop: {RATE} requests/s whoever waits, {len(cycles)} cycles of {runs.seconds:g} s",
        columns=("", "p50 ms", "p99 ms", "added p50 ms", "added p99 ms"),
        rows=rows,
        checks=checks,
        notes=["latency counts from when a request was due", *unable, _load(cycles)],
        data={name: [cycle[name] for cycle in cycles] for name in cycles[0]},
    )


def _streams(runs: _Runs) -> Report:
    cycles, unable = runs.turns(
        "streams", lambda work: Case(work=work, runs=STREAMS, steps=FRAMES, seconds=runs.seconds)
    )

    def added(name: str, part: str, which: str = "p50") -> float:
        return _median([cycle[name][part][which] - cycle[DIRECT][part][which] for cycle in cycles])

    rows = [
        (
            name,
            *(count(_median([cycle[name]["first"][which] for cycle in cycles])) for which in ("p50", "p99")),
            "" if name == DIRECT else count(added(name, "first")),
            *("" if name == DIRECT else f"{added(name, 'frame', which):.3f}" for which in ("p50", "p99")),
        )
        for name in cycles[0]
    ]
    first, frame = added(REMIT, "first"), added(REMIT, "frame")
    return Report(
        title=f"Gateway, streams: {STREAMS} at once, {FRAMES} frames 4 ms apart, {len(cycles)} cycles",
        columns=("", "first ms p50", "p99", "added to first", "added to a frame p50", "p99"),
        rows=rows,
        checks=[
            Check("time to first token, added p50", "<= 3 ms", f"{first:.2f} ms", first <= 3),
            Check("a text frame, added p50", "<= 0.2 ms", f"{frame:.3f} ms", frame <= 0.2),
        ],
        notes=[
            "each frame carries the moment it left the mock; added = what it took more than without a gateway",
            *unable,
        ],
        data={name: [cycle[name] for cycle in cycles] for name in cycles[0]},
    )


def _median(values: Sequence[float]) -> float:
    return statistics.median(values)


def _load(cycles: Sequence[Cycle]) -> str:
    busy = [found["busy"] / found["seconds"] for cycle in cycles for found in cycle.values()]
    return f"cores busy during a slice: {count(_median(busy))} (median, everything on this machine)"
