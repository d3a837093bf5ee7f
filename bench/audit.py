"""How long the offline verifier takes for a million events, on one core: `python -m bench.audit`. The log is made by
the product's own pen and signed by its own checkpointer; what is timed is a process of the verifier alone.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from remit.control.auditing import audit
from remit.control.ground.ground import Ground, open_ground
from remit.domain.events import RunCreated, RunEnded, StepClaimed, StepDone
from remit.store.database import Commit, Op
from remit.store.pen import Pen

EVENTS, LIMIT_SECONDS = 1_000_000, 60.0
_STEPS = 4
_RUNS_AT_ONCE = 200
_CHECKPOINT_EVERY = 20_000


@dataclass(frozen=True, slots=True)
class Measured:
    """What came out."""

    events: int
    streams: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    outcome: str


def main() -> int:
    """Make a log, export it, verify it, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m bench.audit", description=main.__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--json", type=Path)
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="remit-audit-") as folder:
        place = Path(folder)
        begun = time.perf_counter()
        asyncio.run(_make(place, wanted.events))
        print(f"  made and exported a log of {wanted.events:,} events in {time.perf_counter() - begun:.0f} s")
        measured = _verify(place)
    per_event = measured.cpu_seconds / measured.events * 1_000_000
    met = measured.seconds < LIMIT_SECONDS and measured.outcome == "pass"
    print(
        f"  verified {measured.events:,} events of {measured.streams:,} streams: {measured.seconds:.1f} s "
        f"({measured.cpu_seconds:.1f} s of one core, {per_event:.1f} us an event, {measured.megabytes:.0f} MB)"
    )
    print(
        f"  all four verdicts: {measured.outcome}; under {LIMIT_SECONDS:.0f} s: {'met' if met else 'missed'}"
    )
    if wanted.json:
        wanted.json.write_text(json.dumps({name: getattr(measured, name) for name in Measured.__slots__}))
    return 0 if met else 1


def _verify(place: Path) -> Measured:
    """In a process of its own; it has one thread."""
    command = [sys.executable, "-m", "remit.store.verifying", str(place / "out"), "--json"]
    command += ["--anchor", str(place / "anchor.jsonl")]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begun = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    report = json.loads(done.stdout)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(
        report["events"], report["streams"], seconds, cpu, after.ru_maxrss / 1024, report["outcome"]
    )


async def _make(place: Path, events: int) -> None:
    ground = await open_ground(place, "sqlite:///log.db", "default")
    checkpointer = audit.checkpointer_of(ground, (f"file:{place / 'anchor.jsonl'}",), 1.0, "bench")
    made = checked = 0
    try:
        while made < events:
            made += await _runs(ground, made, min(_RUNS_AT_ONCE, max(1, (events - made) // (2 * _STEPS + 2))))
            if made - checked >= _CHECKPOINT_EVERY:
                checked = made
                await checkpointer.checkpoint()
        await checkpointer.checkpoint()
        await audit.export(ground, place / "out", audit.Scope(), content=False)
    finally:
        await checkpointer.close()
        await ground.database.close()


async def _runs(ground: Ground, made: int, count: int) -> int:
    """Runs of a few writes each, as rows and events; gives how many events."""
    commit = Commit()
    for number in range(count):
        at = ground.clock.now()
        run = f"r-{made + number:010d}"
        key, add_key = ground.keys.new_run_key(run, "default", "", at)
        pen = Pen(f"run:{run}", "default", key)
        commit.events.append(pen.write(RunCreated("flow", {"n": number}, "owner", "pin"), "", at))
        for step in range(_STEPS):
            path = f"pay/{step}"
            commit.events.append(pen.write(StepClaimed("pay", "d", "k", 1, at + 1), path, at))
            commit.events.append(pen.write(StepDone("pay", "d", {"ok": step}, at), path, at))
        commit.events.append(pen.write(RunEnded("succeeded"), "", at))
        row = (run, "default", "flow", "ready", at, 100, None, 0, "pin", None, key.id, "", at)
        commit.ops += [add_key, Op("runs.add", row), Op("runs.finish", (run, "succeeded", "", at))]
    await ground.database.submit(commit)
    return len(commit.events)


if __name__ == "__main__":
    sys.exit(main())
