"""What a waiting run costs: memory and tasks after ten thousand runs have parked on a signal.

It owns the count and the promise. Ten thousand runs that wait for days must leave nothing in the process but
rows.
"""

from __future__ import annotations

from bench.protocol import Case
from bench.stage import Stage
from bench.table import Check, Report, count

RUNS, QUICK_RUNS = 10_000, 2_000
MOST_MEGABYTES = 20


def measure(stage: Stage) -> list[Report]:
    return [_on(stage, store) for store in stage.stores]


def _on(stage: Stage, store: str) -> Report:
    runs = QUICK_RUNS if stage.quick else RUNS
    contender = stage.start("Remit", "remit_parked", stage.settings(store, f"parked_{store}"))
    found = contender.ask(Case(work="park", runs=50, steps=runs))
    contender.close()
    grown, tasks = found["grown"] / 1e6, found["tasks left"]
    subject = f"{found['parked']:,} parked runs on {store}"
    return Report(
        title=f"Parked runs, {store}",
        columns=("", "RSS before MB", "growth MB", "KB per run", "tasks left", "runs/s started"),
        rows=[
            (
                subject,
                count(found["before"] / 1e6),
                count(grown),
                count(found["grown"] / 1e3 / runs),
                str(tasks),
                count(runs / found["seconds"]),
            )
        ],
        checks=[
            Check(f"{subject}: all of them", f"= {runs:,}", f"{found['parked']:,}", found["parked"] == runs),
            Check(f"{subject}: memory", f"< {MOST_MEGABYTES} MB", f"{grown:.1f} MB", grown < MOST_MEGABYTES),
            Check(f"{subject}: tasks left", "= 0", str(tasks), tasks == 0),
        ],
        data=dict(found),
    )
