"""How soon a parked run goes on after its signal, in the same process, by the length of its journal.

It owns the lengths and the limits. The clock starts before the signal is sent and stops in the flow's own
code behind the wait: the durable signal, the claim, the load of the journal and its replay all lie between.
"""

from __future__ import annotations

from bench.protocol import Case
from bench.stage import Stage
from bench.table import Check, Report, count

# Journal length -> how many runs, and the p95 that is promised in ms. A wait adds a few events each time.
JOURNALS = {0: (20, 20.0), 50: (20, 20.0), 200: (20, 20.0), 20_000: (2, 500.0)}
WAKES_PER_RUN = 10
# The engine refuses a run of 20,000 events by name; the longest journal leaves room for its waits.
ROOM_BELOW_THE_LIMIT = 200
LONGEST = 20_000


def measure(stage: Stage) -> list[Report]:
    return [_on(stage, store) for store in stage.stores]


def _on(stage: Stage, store: str) -> Report:
    contender = stage.start("Remit", "remit_wake", stage.settings(store, f"wake_{store}"))
    rows: list[tuple[str, ...]] = []
    checks: list[Check] = []
    data: dict[str, object] = {}
    for length, (runs, limit) in JOURNALS.items():
        steps = length - ROOM_BELOW_THE_LIMIT if length == LONGEST else length
        found = contender.ask(Case(work="wake", runs=runs, steps=steps, seconds=WAKES_PER_RUN))
        subject = f"wake on {store}, journal of {length:,}"
        rows.append(
            (subject, count(found["p50"]), count(found["p95"]), count(found["worst"]), str(found["wakes"]))
        )
        checks.append(
            Check(f"{subject}: p95", f"< {limit:g} ms", f"{found['p95']:.1f} ms", found["p95"] < limit)
        )
        data[str(length)] = found
    contender.close()
    columns = ("", "p50 ms", "p95 ms", "worst ms", "wakes")
    return Report(f"Wake from a signal, {store}", columns, rows, checks, data=data)
