"""What is read of what happened, at a size where other viewers freeze: `python -m bench.insight`.

A log of real runs is made by the product's own pen: one run of an agent with tools is lived, and its events are sealed
again and again under other runs and keys. It is told by the projector alone, in a process of its own. A million runs
and a trace of 50,000 spans are put into the projection's tables by SQL, as the projection would write them, and asked
for through `control`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench.insight_rows import AGENTS, DAY, ERRORS, FLOWS, MODELS, seed
from remit import Agent, Run, flow, tool
from remit.control.ground.ground import Ground, open_ground
from remit.control.observing.desk import ObservingDesk
from remit.control.observing.views import Wanted
from remit.control.observing.wiring import collect_rarely, observing, projector_of
from remit.control.sections import OtelSettings
from remit.engine.outside import run_stream
from remit.insight.projector import Projector
from remit.insight.reading import Reading
from remit.insight.tracing.traces import Traces
from remit.models.simulation.lines import Line
from remit.models.simulation.lines import Wanted as Call
from remit.store.database import Commit
from remit.store.pen import Pen
from remit.testing import stage

if TYPE_CHECKING:
    from remit.models.simulation.scene import Scene
    from remit.store.log import Entry

RUNS, SPANS, EVENTS = 1_000_000, 50_000, 200_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Check:
    """A promise, and what came out."""

    what: str
    promised: str
    seen: str
    holds: bool


@tool(effect="read")
async def look(word: str) -> dict[str, str]:
    """Look a word up."""
    return {"word": word, "text": "what is known of it, in a sentence or two, as tools tend to say " * 3}


@tool(effect="write")
async def note(word: str, *, idempotency_key: str) -> str:
    """Write a note."""
    return f"{word} {idempotency_key[:4]}"


CLERK = Agent("clerk", prompt="You look words up and write notes.", tools=[look, note])


@flow
async def work(run: Run, word: str) -> str:
    """What one of the runs does."""
    await run.call(look, word=word)
    for _ in range(3):
        await run.ask(CLERK, f"look up {word}")
    return word


def _talk(scene: Scene) -> Line | str:
    if scene.turn < 2:
        return Line(calls=(Call("look", {"word": "a"}), Call("look", {"word": "b"})))
    return Line(calls=(Call("note", {"word": "a"}),)) if scene.turn == 2 else "it is done"


async def make_log(place: Path, events: int) -> int:
    """A log of so many events."""
    async with stage(work, workspace=place, agents=[CLERK]) as on:
        on.platform.simulate(_talk)
        run = await on.start(work, word="hello")
        await run.result()
        journal, _ = await on.platform.ground.log.read(run_stream(run.id))
    ground = await open_ground(place, "", "default")
    try:
        copies = -(-events // len(journal))
        for first in range(0, copies, _AT_ONCE):
            await ground.database.submit(
                _copies(ground, journal, range(first, min(first + _AT_ONCE, copies)))
            )
        return copies * len(journal)
    finally:
        await ground.database.close()


def _copies(ground: Ground, journal: list[Entry], numbers: range) -> Commit:
    commit = Commit()
    for n in numbers:
        run = f"r-{n:016d}"
        key, add = ground.keys.new_run_key(run, "default", "", journal[0].at)
        commit.ops.append(add)
        pen = Pen(run_stream(run), "default", key)
        commit.events += [pen.write(each.event, each.path, each.at + n * 1000) for each in journal]
        commit.blobs += pen.take_blobs()
    return commit


async def tell(place: Path, *, everything: bool) -> None:
    """Read the whole log; printed: events, processor seconds of all threads, seconds."""
    ground = await open_ground(place, "", "default")
    reading = Reading(ground.database, ground.keys)
    traces = Projector(ground.database, reading, ground.clock, (Traces(reading, "dev"),))
    projector = projector_of(ground) if everything else traces
    collect_rarely()
    begun, spent = time.perf_counter(), time.process_time()
    await projector.rebuild()
    figures = [(await projector.cursor()).pos, time.process_time() - spent, time.perf_counter() - begun]
    await ground.database.close()
    print(json.dumps(figures))


@flow
async def stepping(run: Run, steps: int) -> int:
    """Durable steps, one after the other."""
    for n in range(steps):
        await run.call(look, word=str(n))
    return steps


async def step_on(place: Path, steps: int) -> None:
    """Execute steps with nobody observing in this process; printed: steps a second, processor seconds."""
    async with stage(stepping, workspace=place, worker=False) as on:
        await on.platform.start_worker(observes=False)
        begun, spent = time.perf_counter(), time.process_time()
        runs = [await on.start(stepping, steps=steps // 20) for _ in range(20)]
        await asyncio.gather(*(run.result() for run in runs))
        print(json.dumps([steps / (time.perf_counter() - begun), time.process_time() - spent]))


async def observe(place: Path) -> None:
    """Follow the log until standard input closes."""
    os.nice(10)  # as `remit up` starts it
    ground = await open_ground(place, "", "default")
    async with observing(ground, OtelSettings()):
        await asyncio.to_thread(sys.stdin.read)
    await ground.database.close()


# --- asking ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Times:
    """Milliseconds by the clock, and of processor time."""

    clock: list[float]
    processor: list[float]

    def p(self, share: float, *, processor: bool = False) -> float:
        """A quantile of them."""
        ordered = sorted(self.processor if processor else self.clock)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def wanted_of(chance: random.Random, runs: int) -> Wanted:
    """Filters as people choose them: one to three things, common and rare."""
    now = int(time.time() * 1_000_000)
    choices: dict[str, Any] = {
        "flow": chance.choice(FLOWS), "agent": chance.choice(AGENTS),
        "status": chance.choice(["failed", "succeeded"]),
        "session": f"s-{3 * chance.randrange(runs // 15)}", "principal": f"user_{chance.randrange(2000)}",
        "release": f"rel_{chance.randrange(max(1, runs // 20_000))}", "error": chance.choice(ERRORS),
        "model": chance.choice(MODELS), "since": now - chance.randrange(1, 60) * DAY,
        "cost": chance.choice([5000, 20_000]),
        "took": chance.choice([10_000_000, 40_000_000]), "asks": 1, "loops": 1,
        "signature": f"{chance.choice(FLOWS)}/{chance.choice(AGENTS)}/look/{chance.choice(ERRORS)}",
    }  # fmt: skip
    names = chance.sample(sorted(choices), chance.randint(1, 3))
    return Wanted(**{name: choices[name] for name in names})


async def ask(place: Path, runs: int, queries: int) -> dict[str, Times]:
    """Ask for lists, facets, the first screen of the large trace and subtrees of it."""
    ground = await open_ground(place, "", "default")
    desk, chance = ObservingDesk(ground), random.Random(11)
    try:
        asked = [wanted_of(chance, runs) for _ in range(queries)]
        found = {"list": await _timed([desk.traces(each) for each in asked])}
        found["facets"] = await _timed([desk.facets(each) for each in asked[: queries // 4]])
        found["screen"] = await _timed([desk.trace("r-big") for _ in range(20)])
        places = [f"agent#{chance.randrange(1, 101)}" for _ in range(40)]
        found["subtree"] = await _timed([desk.spans("r-big", each) for each in places])
        return found
    finally:
        await ground.database.close()


async def _timed(work: list[Any]) -> Times:
    clock: list[float] = []
    processor: list[float] = []
    for each in work:
        begun, spent = time.perf_counter(), time.process_time()
        await each
        clock.append((time.perf_counter() - begun) * 1000)
        processor.append((time.process_time() - spent) * 1000)
    return Times(clock, processor)


# --- the figures ----------------------------------------------------------------------------------------------------


def main() -> int:
    """Make everything, ask everything, print what came out beside what was promised."""
    parser = argparse.ArgumentParser(prog="python -m bench.insight", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--cycles", type=int, default=7)
    parser.add_argument("--in", dest="parent", type=Path, default=None, help="where the databases are made")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--part", nargs=2, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.part:
        return _part(*wanted.part)
    with tempfile.TemporaryDirectory(prefix="remit-insight-", dir=wanted.parent) as folder:
        checks = _measure(Path(folder), wanted)
    for each in checks:
        print(
            f"  {'met   ' if each.holds else 'missed'}  {each.what}: {each.seen} (promised {each.promised})"
        )
    if wanted.json:
        wanted.json.write_text(
            json.dumps([[each.what, each.promised, each.seen, each.holds] for each in checks])
        )
    return 0 if all(each.holds for each in checks) else 1


def _part(name: str, place: str) -> int:
    parts: dict[str, Any] = {
        "traces": lambda: tell(Path(place), everything=False), "all": lambda: tell(Path(place), everything=True),
        "steps": lambda: step_on(Path(place), 4000), "observe": lambda: observe(Path(place)),
    }  # fmt: skip
    asyncio.run(parts[name]())
    return 0


def _measure(folder: Path, wanted: argparse.Namespace) -> list[Check]:
    log, many, steps = folder / "log", folder / "many", folder / "steps"
    for each in (log, many, steps):
        each.mkdir()
    events = asyncio.run(make_log(log, wanted.events))
    print(f"  made a log of {events:,} events")
    checks = [
        _told(log, "traces", "traces and sums told"),
        _told(log, "all", "everything told, search included"),
    ]
    asyncio.run(seed(many, wanted.runs, SPANS))
    print(f"  put {wanted.runs:,} runs and a trace of {SPANS:,} spans into the tables")
    found = asyncio.run(ask(many, wanted.runs, 400))
    for what, promised in (("list", 50), ("facets", 150), ("screen", 200), ("subtree", 100)):
        times = found[what]
        spent = times.p(0.95, processor=True)
        said = f"p50 {times.p(0.5):.1f}, p95 {times.p(0.95):.1f} ms; processor p95 {spent:.1f} ms"
        checks.append(Check(f"{what}, p95", f"< {promised} ms", said, times.p(0.95) < promised))
    checks.append(_beside(steps, wanted.cycles))
    return checks


def _told(log: Path, part: str, what: str) -> Check:
    events, processor, clock = json.loads(_run(part, log))
    rate = events / clock
    said = f"{rate:,.0f} events/s by the clock, {events / processor:,.0f} for each second of processor time"
    return Check(what, ">= 15,000 events/s", said, rate >= 15_000)


def _beside(place: Path, cycles: int) -> Check:
    """Steps a second with an observer beside them and without, in turns."""
    alone: list[float] = []
    observed: list[float] = []
    for _ in range(cycles):
        alone.append(json.loads(_run("steps", place))[0])
        command = [sys.executable, "-m", "bench.insight", "--part", "observe", str(place)]
        with subprocess.Popen(command, stdin=subprocess.PIPE) as observer:
            observed.append(json.loads(_run("steps", place))[0])
            observer.communicate()
    without, beside = sorted(alone)[cycles // 2], sorted(observed)[cycles // 2]
    slower = 100 * (without - beside) / without
    said = f"{slower:+.1f} % ({without:,.0f} and {beside:,.0f} steps/s, medians of {cycles} turns)"
    return Check("steps are slower beside an observer", "<= 5 %", said, slower <= 5)


def _run(part: str, place: Path) -> str:
    command = [sys.executable, "-m", "bench.insight", "--part", part, str(place)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return done.stdout.strip().splitlines()[-1]


if __name__ == "__main__":
    sys.exit(main())
