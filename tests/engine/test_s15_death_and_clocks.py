"""S15: on one host death is a released lock; leases know no wall clock; whoever was declared dead writes nothing."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import apsw
import asyncpg
import pytest

from remit import Run, flow, step
from remit.control.settings import Settings, WorkerSettings
from remit.domain.events import RunEnded, RunResumed, StepDone, WorkerFenced
from remit.engine.outside import WORKSPACE_STREAM
from remit.testing import ManualClock, Stage
from tests.engine.places import Place, ended, events, journal, parked, until
from tests.engine.steps import OUTSIDE, look, look_behind

DAY = 24 * 3600.0


@flow
async def busy(run: Run) -> int:
    await run.step(look, 1)
    await run.step(look_behind, "door")
    return await run.step(look, 2)


@asynccontextmanager
async def pair(place: Place, clock: ManualClock) -> AsyncGenerator[tuple[Stage, Stage]]:
    """Two workers on one database; they wait for nobody when they leave, for their clock may stand still."""
    chosen = Settings(worker=WorkerSettings(drain_seconds=0))
    async with (
        place.stage(busy, clock=clock, chosen=chosen) as first,
        place.stage(busy, clock=clock, chosen=chosen) as second,
    ):
        yield first, second


async def look_after_others(stage: Stage) -> int:
    """What every worker does twice a second: find who is dead. Gives how many runs that set free."""
    worker = stage.platform.worker
    assert worker is not None
    return await worker._rescue.look()


async def fenced(stage: Stage) -> list[WorkerFenced]:
    entries, _ = await stage.platform.ground.log.read(WORKSPACE_STREAM)
    return [e.event for e in entries if isinstance(e.event, WorkerFenced)]


async def run_out(place: Place, worker: str) -> None:
    """Let the lease of a worker have ended, as if it had been silent for long."""
    change = "UPDATE workers SET lease_until = -1 WHERE id = $1"
    if place.database:
        connection = await asyncpg.connect(place.database)
        try:
            await connection.execute(change, worker)
        finally:
            await connection.close()
        return
    connection: Any = apsw.Connection(str(place.folder / ".remit" / "remit.db"))
    connection.set_busy_timeout(10_000)  # its workers write meanwhile
    try:
        connection.execute(change, (worker,))
    finally:
        connection.close()


@pytest.mark.parametrize("jump", [DAY, -DAY])
async def test_s15_a_wall_clock_that_jumps_kills_nobody(place: Place, jump: float) -> None:
    clock = ManualClock()
    async with pair(place, clock) as (first, second):
        run = await first.start(busy)
        await OUTSIDE.until(lambda: OUTSIDE.count(("at", "door")) == 1)
        clock.jump(jump)
        assert [await look_after_others(each) for each in (first, second)] == [0, 0]
        await clock.advance(1)
        assert [await look_after_others(each) for each in (first, second)] == [0, 0]
        assert await fenced(second) == []
        OUTSIDE.door("door").set()
        assert await run.result() == 2
        assert await events(first, run.id, RunResumed) == [], "nobody took it over"


async def test_s15_a_released_lock_is_death_at_once_whatever_the_clocks_say(place: Place) -> None:
    clock = ManualClock()
    async with pair(place, clock) as (first, second):
        run = await first.start(busy)
        await OUTSIDE.until(lambda: OUTSIDE.count(("at", "door")) == 1)
        worker = first.platform.worker_id
        assert await look_after_others(second) == 0
        first.die()
        assert await look_after_others(second) == 1
        (event,) = await fenced(second)
        assert (event.worker, event.why, event.runs) == (worker, "its process has ended", 1)
        OUTSIDE.door("door").set()
        second.platform.dispatcher.submit("")
        assert await ended(second.run(run.id)) == "succeeded"
    assert OUTSIDE.happened == [("look", 1), ("at", "door"), ("at", "door"), ("look", 2)]


async def test_s15_a_worker_whose_lease_ran_out_is_fenced_and_writes_nothing_more(place: Place) -> None:
    clock = ManualClock()
    async with pair(place, clock) as (first, second):
        run = await first.start(busy)
        await OUTSIDE.until(lambda: OUTSIDE.count(("at", "door")) == 1)
        silent = first.platform.worker_id
        await run_out(place, silent)
        assert await look_after_others(second) == 1
        assert [(event.worker, event.why) for event in await fenced(second)] == [
            (silent, "its lease ran out")
        ]
        second.platform.dispatcher.submit("")
        await OUTSIDE.until(lambda: OUTSIDE.count(("at", "door")) == 2)
        OUTSIDE.door("door").set()
        assert await ended(second.run(run.id)) == "succeeded"
        entries = await journal(second, run.id)
        (resumed,) = await events(second, run.id, RunResumed)
        assert resumed.worker != silent, "the other, or the same process as a new worker"
        facts = (RunResumed, StepDone, RunEnded)
        written = [type(entry.event) for entry in entries if isinstance(entry.event, facts)]
        assert written == [StepDone, RunResumed, StepDone, StepDone, RunEnded], "each once, by its owner"
        assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
        again = await first.start(busy)  # before it knows: what a fenced worker is given is not lost

        async def over() -> bool:
            await clock.advance(0.5)
            return await again.status() == "succeeded"

        await until(over)


GATE = threading.Event()


@step(effect="read")
def blocking() -> int:
    """Blocks its thread until the loop, which must be free meanwhile, opens the gate."""
    OUTSIDE.note("blocking")
    assert GATE.wait(20)
    return threading.get_ident()


@flow
async def blocked(run: Run) -> int:
    return await run.step(blocking)


async def test_s15_blocking_code_never_holds_the_loop(on_sqlite: Place) -> None:
    GATE.clear()
    async with on_sqlite.stage(blocked) as stage:
        run = await stage.start(blocked)
        await OUTSIDE.until(lambda: OUTSIDE.count("blocking") == 1)
        asyncio.get_running_loop().call_soon(GATE.set)
        assert await run.result() != threading.get_ident()


@flow
async def sleeper(run: Run) -> str:
    await run.sleep("1h")
    return "slept"


async def test_s15_a_durable_timer_survives_death_and_comes_at_its_time(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(sleeper, clock=clock) as stage:
        run = await stage.start(sleeper)
        await parked(run, "timer")
        await clock.advance(3500)
        await stage.crash_and_restart()
        await parked(run, "timer")
        await clock.advance(99)
        assert await run.status() == "parked"
        await clock.advance(1)
        assert await run.result() == "slept"
