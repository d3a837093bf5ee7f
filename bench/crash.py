"""From a killed worker to its run going on elsewhere: two workers on one host, `kill -9` for the one that has
the run.

It owns the killing. The clock starts before the signal is sent and stops inside the step that the surviving
worker executes again.
"""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path

from bench.protocol import Case, Contender, ContenderFailed
from bench.stage import Stage
from bench.table import Check, Report, count

KILLS, QUICK_KILLS = 10, 3
LIMIT_SECONDS = 2.0
PATIENCE_SECONDS = 60.0
ANNOUNCEMENTS = "announcements.jsonl"


def measure(stage: Stage) -> list[Report]:
    return [_on(stage, store) for store in stage.stores]


def _on(stage: Stage, store: str) -> Report:
    settings = stage.settings(store, f"crash_{store}")
    kills = QUICK_KILLS if stage.quick else KILLS
    workers: list[Contender] = []
    try:
        waits = [_one_death(stage, settings, workers, number) for number in range(kills)]
    finally:
        for worker in workers:
            worker.kill()
    worst = max(waits)
    subject = f"killed worker to resumed run, {store}"
    return Report(
        title=f"Recovery after kill -9, {store}",
        columns=("", "median s", "best s", "worst s", "kills"),
        rows=[(subject, count(statistics.median(waits)), count(min(waits)), count(worst), str(kills))],
        checks=[
            Check(
                f"{subject}: worst of {kills}",
                f"< {LIMIT_SECONDS:g} s",
                f"{worst:.2f} s",
                worst < LIMIT_SECONDS,
            )
        ],
        data={"seconds": waits},
    )


def _one_death(stage: Stage, settings: dict[str, str], workers: list[Contender], number: int) -> float:
    """Two live workers; the one that executes the new run dies; the other is waited for."""
    while len(workers) < 2:
        name = f"{Path(settings['directory']).name}_{number}_{len(workers)}"
        workers.append(stage.start("Remit worker", "remit_worker", settings, name=name))
    run = workers[0].ask(Case(work="start"))["run"]
    first = _announced(settings, run, 1)
    victim = next(worker for worker in workers if worker.pid == first["pid"])
    killed = time.monotonic()
    victim.kill()
    workers.remove(victim)
    return _announced(settings, run, 2)["at"] - killed


def _announced(settings: dict[str, str], run: str, nth: int) -> dict[str, float]:
    """The nth time this run's step was executed. Looked for every millisecond; the time is the step's own."""
    path = Path(settings["directory"]) / ANNOUNCEMENTS
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
        mine = [said for said in map(json.loads, lines) if said["run"] == run]
        if len(mine) >= nth:
            return mine[nth - 1]
        time.sleep(0.001)
    raise ContenderFailed(f"No worker executed run {run} a {nth}. time within {PATIENCE_SECONDS:g} s.")
