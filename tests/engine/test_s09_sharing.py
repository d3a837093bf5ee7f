"""S9 and S35, as far as the engine goes: several processes on one database share the work, and no run is done twice."""

from __future__ import annotations

import asyncio
from collections import Counter

from remit import Run, flow
from remit.control.settings import Settings, WorkerSettings
from remit.domain.events import RunResumed
from tests.engine.places import Place, TickingClock, ended, events, in_memory, until
from tests.engine.steps import OUTSIDE, keyed, look, look_behind, write

SMALL = Settings(worker=WorkerSettings(concurrency=8))


@flow
async def works(run: Run, number: int) -> int:
    await run.step(look, number)
    await run.step(write, number)
    await run.step(keyed, number)
    await run.sleep(0.2)
    return number


async def test_s09_two_processes_share_the_runs_of_one_database_and_do_each_once(place: Place) -> None:
    async with (
        place.stage(works, worker=False) as starter,
        place.stage(works, chosen=SMALL) as one,
        place.stage(works, chosen=SMALL) as two,
    ):
        runs = await asyncio.gather(*(starter.start(works, number=n) for n in range(60)))
        assert await asyncio.gather(*(run.result() for run in runs)) == list(range(60))
        counted = Counter(happened[:2] for happened in OUTSIDE.happened)
        assert set(counted.values()) == {1}
        assert len(counted) == 180
        workers = Counter[str]()
        for run in runs:
            resumed = await events(starter, run.id, RunResumed)
            assert len({r.epoch for r in resumed}) == len(resumed), "no two segments under one claim"
            workers.update({r.worker for r in resumed})
        assert set(workers) == {one.platform.worker_id, two.platform.worker_id}


@flow
async def stands(run: Run) -> str:
    await run.step(write, "once")
    return await run.step(look_behind, "door")


async def test_s09_the_runs_of_a_dead_process_go_on_elsewhere_and_writes_are_not_repeated(
    place: Place,
) -> None:
    clock = TickingClock()
    async with place.stage(stands, clock=clock) as one, place.stage(stands, clock=clock) as two:
        run = await one.start(stands)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        one.die()

        async def taken_over() -> bool:
            await clock.advance(0.5)
            return two.platform.worker is not None and two.platform.worker.holds(run.id)

        await until(taken_over)
        OUTSIDE.door("door").set()
        assert await two.run(run.id).result() == "door"
        assert OUTSIDE.count(("write", "once")) == 1


async def test_s09_a_message_from_another_process_reaches_a_run_in_memory(place: Place) -> None:
    async with place.stage(stands) as one, place.stage(stands, worker=False) as other:
        run = await one.start(stands)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        await other.platform.cancel(run.id)
        await until(lambda: in_memory(one, run.id).cancelling or True)
        assert await ended(other.run(run.id)) == "cancelled"


@flow
async def other_work(run: Run) -> str:
    return await run.step(look, "other")


async def test_s14_a_run_whose_flow_is_gone_stays_for_a_worker_that_has_it(place: Place) -> None:
    async with place.stage(stands, worker=False) as starter, place.stage(other_work) as lacking:
        run = await starter.start(stands)
        busy = await lacking.start(other_work)
        assert await busy.result() == "other", "what cannot be taken keeps nobody from other work"
        assert await run.status() == "ready"
        async with place.stage(stands):
            OUTSIDE.door("door").set()
            assert await run.result() == "door"
