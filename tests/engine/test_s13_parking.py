"""S13: parking is not unwinding. Frames of a run that left memory append nothing, perform nothing, and are gone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncGenerator
from typing import Any

import pytest

from remit import Run, flow
from remit.domain.errors import Evicted, RunWasCancelled
from remit.engine.execution import Execution
from tests.engine.places import Place, TickingClock, holds, in_memory, journal, parked, until
from tests.engine.steps import OUTSIDE, look, look_behind, write


@flow
async def with_finally(run: Run) -> str:
    try:
        return await run.signal("go")
    finally:
        OUTSIDE.note("unwound")
        await run.gather(run.step(write, "close"), run.step(look, "again"))


@flow
async def with_manager(run: Run) -> str:
    @contextlib.asynccontextmanager
    async def ticket() -> AsyncGenerator[None]:
        try:
            yield
        finally:
            OUTSIDE.note("unwound")
            await run.step(write, "close")

    async with ticket():
        return await run.signal("go")


@flow
async def with_base_exception(run: Run) -> str:
    said = "nothing"
    try:
        said = await run.signal("go")
    except BaseException as all_of_them:
        OUTSIDE.note("unwound")
        OUTSIDE.note(type(all_of_them))
        for attempt in (
            lambda: run.sleep(1),
            lambda: run.step(write, "close"),
            lambda: run.spawn(with_finally),
        ):
            with contextlib.suppress(Evicted):
                await attempt()
        run.uuid()
        raise
    await run.step(write, "close")
    return said


@flow
async def with_branches(run: Run) -> str:
    async def branch(closing: str) -> str:
        try:
            return await run.signal("go")
        finally:
            OUTSIDE.note("unwound")
            await run.step(write, closing)

    return (await run.gather(branch("close"), branch("close the other")))[0]


def _writes() -> list[Any]:
    return [each for each in OUTSIDE.happened if isinstance(each, tuple) and each[0] == "write"]


ALL = [with_finally, with_manager, with_base_exception, with_branches]


@pytest.mark.parametrize("flow_", ALL, ids=lambda f: f.name)
async def test_s13_what_parking_unwinds_neither_appends_nor_performs(place: Place, flow_: Any) -> None:
    async with place.stage(*ALL) as stage:
        run = await stage.start(flow_)
        await parked(run, "signal")
        await OUTSIDE.until(lambda: "unwound" in OUTSIDE.happened)
        at_rest = [type(e.event).__name__ for e in await journal(stage, run.id)]
        assert at_rest[-1] == "RunParked"
        assert not _writes()
        assert ("look", "again") not in OUTSIDE.happened
        await run.signal("go", "gone")
        if flow_ is with_branches:
            await run.signal("go", "gone")
        assert await run.result() == "gone"
        assert len(_writes()) == (2 if flow_ is with_branches else 1)
        gc.collect()  # a coroutine that nobody awaited would complain here


@flow
async def one_busy_one_waiting(run: Run) -> list[Any]:
    return await run.gather(run.step(look_behind, "door"), run.signal("go"))


async def test_s13_a_run_parks_only_when_every_branch_waits(place: Place) -> None:
    async with place.stage(one_busy_one_waiting) as stage:
        run = await stage.start(one_busy_one_waiting)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        await until(lambda: len(in_memory(stage, run.id).waits) == 1)
        assert await run.status() == "running"
        OUTSIDE.door("door").set()
        await parked(run, "signal")
        await run.signal("go", 1)
        assert await run.result() == ["door", 1]
        assert OUTSIDE.count(("at", "door")) == 1


@flow
async def waits_for_long(run: Run, ballast: str) -> int:
    await run.gather(run.sleep("4h"), run.signal("go"), run.human("bosses", len(ballast)))
    return len(ballast)


_OF_THE_WORKER = {"Event.wait", "SqliteDatabase.wait_for_change", "RunFacts.go_on"}
"""What a worker without a single run does: it waits for a hint, or for another process, each time in a new task."""


def _code(task: asyncio.Task[Any]) -> str:
    return getattr(task.get_coro(), "__qualname__", "")


async def test_s13_a_parked_run_leaves_no_task_no_timer_and_no_memory(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(waits_for_long, clock=clock) as stage:
        before = set(asyncio.all_tasks())
        runs = [await stage.start(waits_for_long, ballast="x" * 1000) for _ in range(50)]
        for run in runs:
            await parked(run, "human")
        worker = stage.platform.worker
        assert worker is not None
        await until(lambda: not worker._executions)
        await until(lambda: not {_code(task) for task in asyncio.all_tasks() - before} - _OF_THE_WORKER)
        assert not worker._held
        assert not worker._watchers
        assert not worker.services.tasks
        assert not [key for key in worker.services.keys._known if key.startswith("k-r-")]
        gc.collect()
        assert not [each for each in gc.get_objects() if type(each) is Execution]
        await runs[0].cancel()
        with pytest.raises(RunWasCancelled):
            await runs[0].result()
        assert not holds(stage, runs[0].id)


@flow
async def lingers(run: Run) -> str:
    try:
        await run.signal("go")
    finally:
        with contextlib.suppress(BaseException):
            await asyncio.Event().wait()
    return "done"


async def test_s13_a_frame_that_will_not_go_does_not_keep_the_run_from_going_on(on_sqlite: Place) -> None:
    async with on_sqlite.stage(lingers) as stage:
        run = await stage.start(lingers)
        await parked(run, "signal")
        await run.signal("go")
        await until(lambda: run.id in stage.platform.worker._executions)  # type: ignore[union-attr]
        await run.cancel()
        with pytest.raises(RunWasCancelled):
            await run.result()
