"""`python -m bench`: measure Remit beside its rivals and print what came out, promise by promise.

It owns the command line and the order of the sections. It must not measure anything itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from bench import agents, crash, disk, gates, harness, parked, routing, startup, steps, wake
from bench.environments import EnvironmentFailed
from bench.gateway import memory
from bench.gateway import section as gateway
from bench.ingest import section as ingest
from bench.protocol import ContenderFailed
from bench.security import section as security
from bench.stage import Stage, conditions, open_stage
from bench.table import Report, show, show_checks, write_json

SECTIONS: dict[str, Callable[[Stage], list[Report]]] = {
    "steps": steps.measure,
    "disk": disk.measure,
    "parked": parked.measure,
    "wake": wake.measure,
    "crash": crash.measure,
    "startup": startup.measure,
    "routing": routing.measure,
    "agents": agents.measure,
    "gateway": gateway.measure,
    "ingest": ingest.measure,
    "gateway-memory": memory.measure,
    "security": security.measure,
    "gates": gates.measure,
    "harness": harness.measure,
}
RIVALS: dict[str, tuple[str, Callable[[], object]]] = {
    "steps": ("rivals", steps.peer_versions),
    "agents": ("agent frameworks", agents.peer_versions),
    "gateway": ("gateways", gateway.peer_versions),
    "ingest": ("servers", ingest.peer_versions),
    "security": ("worlds", security.peer_versions),
    "harness": ("harnesses", harness.peer_versions),
}
"""Where there are rivals: what they are called, and which of them is really there."""
PART = "gateway-memory"
"""What another section measures as well."""
STORES = ("sqlite", "postgres")
CYCLES, QUICK_CYCLES = 11, 3


def main() -> int:
    wanted = _arguments()
    names = [name for name in SECTIONS if name != PART] if wanted.section == "all" else [wanted.section]
    stores = (wanted.only,) if wanted.only else STORES
    cycles = wanted.cycles or (QUICK_CYCLES if wanted.quick else CYCLES)
    try:
        with open_stage(stores, cycles, wanted.slice, quick=wanted.quick) as stage:
            return _run(stage, names, wanted.json)
    except (ContenderFailed, EnvironmentFailed) as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 5


def _run(stage: Stage, names: list[str], json_file: Path | None) -> int:
    facts = conditions(stage)
    facts |= {said: versions() for name, (said, versions) in RIVALS.items() if name in names}
    for name, value in facts.items():
        print(f"  {name}: {value}")
    reports: list[Report] = []
    for name in names:
        for report in SECTIONS[name](stage):
            show(report)
            reports.append(report)
    show_checks(reports)
    if json_file is not None:
        write_json(json_file, facts, reports)
        print(f"\nwritten to {json_file}")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure Remit beside its rivals.")
    parser.add_argument("section", nargs="?", default="all", choices=[*SECTIONS, "all"])
    parser.add_argument(
        "--cycles", type=int, help=f"turns per contender (default {CYCLES}, quick {QUICK_CYCLES})"
    )
    parser.add_argument(
        "--slice", type=float, default=0.4, metavar="SECONDS", help="length of one turn (default 0.4)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the same numbers here")
    parser.add_argument("--only", choices=STORES, help="measure on one store")
    parser.add_argument(
        "--quick", action="store_true", help="fewer turns and smaller cases: a look, not a measurement"
    )
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
