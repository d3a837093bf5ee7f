"""What gateways keep in memory after their first answer; and what Remit's data plane keeps of very many requests, and
for readers that stopped reading.

It owns the cases and what was promised of memory. It must not know how a gateway is started, nor how load is made.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from bench.gateway.rivals import DIRECT, REMIT, Gateway, started
from bench.protocol import Case, Contender, ContenderFailed
from bench.table import Check, Report, count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bench.stage import Stage

MANY, QUICK_MANY, LOOKS = 200_000, 20_000, 5
LANES = 10
SLOW_READERS, SLOW_SIZE = 50, 10_000
MB = 1e6
FLAT_SHARE, FLAT_BYTES = 0.10, 10e6
"""Room for noise in what is said to be flat: a tenth of what it was, or 10 MB."""


def measure(stage: Stage) -> list[Report]:
    """Remit alone: minutes instead of an hour, and what others use of the machine changes nothing."""
    with ExitStack() as stack:
        mock = stage.start("mock", "gateway_mock", {}, name="memory_mock")
        stack.callback(mock.close)
        upstream = int(mock.ask(Case())["port"])
        remit = stack.enter_context(started(REMIT, stage.directory / "memory_remit", upstream))
        idle = {REMIT: (remit.serving(), remit.resident())}
        load = stage.start("load", "gateway_load", {"targets": {REMIT: remit.target}}, name="memory_load")
        stack.callback(load.close)
        return [after_start(idle), flat(load, remit, 1.0, QUICK_MANY if stage.quick else MANY)]


def after_start(idle: Mapping[str, tuple[int, int]]) -> Report:
    """By gateway, the process that holds the port, and everything it started."""
    serving, everything = (size / MB for size in idle[REMIT])
    return Report(
        title="Gateway, memory after the first answer",
        columns=("", "serving process MB", "everything MB"),
        rows=[
            (name, count(own / MB), count(whole / MB))
            for name, (own, whole) in idle.items()
            if name != DIRECT
        ],
        checks=[
            Check("idle memory, data plane", "<= 90 MB", f"{serving:.1f} MB", serving <= 90),
            Check("idle memory, everything", "<= 220 MB", f"{everything:.0f} MB", everything <= 220),
        ],
        data={name: {"serving": own, "everything": whole} for name, (own, whole) in idle.items()},
    )


def flat(load: Contender, remit: Gateway, seconds: float, requests: int) -> Report:
    """Remit under many requests, then with readers that stopped reading."""
    sizes = list[float]()
    for _ in range(LOOKS):
        found = load.ask(Case(work=f"many {REMIT}", runs=LANES, steps=requests // LOOKS))
        if "failed" in found:
            raise ContenderFailed(f"Remit did not do its work: {found['failed']}")
        sizes.append(remit.serving())
    # the first part warms caches that are bounded, so growth is counted from its end
    grown = sizes[-1] - sizes[0]
    load.ask(Case(work=f"slow {REMIT}", runs=SLOW_READERS, steps=SLOW_SIZE))
    served = load.ask(Case(work=f"peak {REMIT}", runs=2, seconds=seconds))
    held = remit.serving() - sizes[-1]
    load.ask(Case(work=f"end {REMIT}"))
    room = max(FLAT_BYTES, FLAT_SHARE * sizes[0])
    said = ", ".join(count(size / MB) for size in sizes)
    return Report(
        title=f"Gateway, memory of Remit's data plane over {requests:,} requests, and with {SLOW_READERS} slow readers",
        columns=("", "MB or count"),
        rows=[
            (f"after each {requests // LOOKS:,} requests", said),
            ("slow readers add", count(held / MB)),
            ("beside them, requests served a second", count(served["requests"] / served["seconds"])),
        ],
        checks=[
            Check(f"memory over {requests:,} requests", "flat", f"{grown / MB:+.1f} MB", grown <= room),
            Check(f"memory with {SLOW_READERS} slow readers", "flat", f"{held / MB:+.1f} MB", held <= room),
        ],
        notes=[f"each slow reader asked for {SLOW_SIZE * 1000 / MB:g} MB and reads nothing of it"],
        data={"sizes": sizes, "slow": held},
    )
