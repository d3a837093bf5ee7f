"""Cancel, pause and resume, at every kind of place where a run may stand."""

from __future__ import annotations

from typing import Any

import pytest

from remit import Backoff, Retry, Run, flow, step
from remit.domain.errors import RunWasCancelled, WrongState
from remit.domain.events import MessageDelivered, StepClaimed
from tests.engine.places import Place, TickingClock, ended, events, in_memory, parked, until
from tests.engine.steps import OUTSIDE, look, look_behind, write, write_behind


@step(effect="read", retry=Backoff(attempts=9, first=3600))
async def never_yet() -> None:
    raise Retry("not yet", after=3600)


@flow
async def sleeper(run: Run) -> None:
    await run.sleep("4h")


@flow
async def stands_at(run: Run, where: str) -> str:
    try:
        match where:
            case "sleep":
                await run.sleep("4h")
            case "signal":
                await run.signal("never")
            case "human":
                await run.human("bosses", {"amount": 1})
            case "retry":
                await run.step(never_yet)
            case "child":
                await (await run.spawn(sleeper)).result()
            case "read":
                await run.step(look_behind, "shut")
            case "write":
                await run.step(write_behind, "shut")
            case _:
                await run.gather(run.sleep("4h"), run.race(run.signal("never"), run.sleep("5h")))
    except Exception:  # noqa: BLE001 - the point: a cancel is no Exception
        OUTSIDE.note("swallowed")
    finally:
        await run.step(write, "cleaned up")
    return "went on"


PLACES = ["sleep", "signal", "human", "retry", "child", "read", "write", "branches"]


@pytest.mark.parametrize("where", PLACES)
async def test_cancel_takes_hold_everywhere_cleans_up_once_and_cannot_be_swallowed(
    place: Place, where: str
) -> None:
    async with place.stage(stands_at, sleeper, clock=TickingClock()) as stage:
        run = await stage.start(stands_at, where=where)
        if where in {"read", "write"}:
            await OUTSIDE.until(lambda: ("at", "shut") in OUTSIDE.happened)
        else:
            await parked(run)
        await run.cancel("enough")
        if where == "write":
            await until(lambda: in_memory(stage, run.id).cancelling)
            OUTSIDE.door("shut").set()
        with pytest.raises(RunWasCancelled):
            await run.result()
        assert OUTSIDE.count(("write", "cleaned up")) == 1
        assert "swallowed" not in OUTSIDE.happened
        assert OUTSIDE.count(("write", "shut")) == (where == "write")
        assert await stage.inbox() == []
        for child in await stage.platform.runs(flow="sleeper"):
            assert await ended(stage.run(child.id)) == "cancelled"
        (order,) = await events(stage, run.id, MessageDelivered)
        assert (order.message, order.detail) == ("cancel", "enough")
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        with pytest.raises(WrongState, match="has ended"):
            await run.cancel()


@flow
async def two_steps(run: Run) -> str:
    await run.step(look_behind, "first")
    return await run.step(write, "second")


@pytest.mark.parametrize("restarts", [False, True])
async def test_pause_lets_the_step_finish_and_takes_no_further_one_until_resume(
    place: Place, restarts: bool
) -> None:
    async with place.stage(two_steps) as stage:
        run = await stage.start(two_steps)
        await OUTSIDE.until(lambda: ("at", "first") in OUTSIDE.happened)
        await stage.platform.pause(run.id)
        await until(lambda: in_memory(stage, run.id).holding)
        OUTSIDE.door("first").set()
        await parked(run, "paused")
        if restarts:
            await stage.crash_and_restart()
        assert ("write", "second") not in OUTSIDE.happened
        await stage.platform.resume(run.id)
        assert await run.result() == "second"
        with pytest.raises(WrongState):
            await stage.platform.resume(run.id)


@flow
async def one_busy_one_held(run: Run) -> str:
    async def then_writes() -> str:
        await run.step(look_behind, "first")
        return await run.step(write, "held")

    await run.gather(then_writes(), run.step(look_behind, "busy"))
    return "done"


async def test_cancel_while_paused_performs_nothing_that_was_held(place: Place) -> None:
    async with place.stage(one_busy_one_held) as stage:
        run = await stage.start(one_busy_one_held)
        await OUTSIDE.until(lambda: len(OUTSIDE.happened) == 2)
        await stage.platform.pause(run.id)
        await until(lambda: in_memory(stage, run.id).holding)
        OUTSIDE.door("first").set()
        await until(lambda: any("held" in wait.path for wait in in_memory(stage, run.id).waits))
        await run.cancel()
        assert await ended(run) == "cancelled"
        assert ("write", "held") not in OUTSIDE.happened
        assert not await events(stage, run.id, StepClaimed)


async def test_cancel_of_a_parked_and_paused_run_ends_it(place: Place) -> None:
    async with place.stage(stands_at, sleeper) as stage:
        run = await stage.start(stands_at, where="signal")
        await parked(run)
        await stage.platform.pause(run.id)
        await run.cancel()
        assert await ended(run) == "cancelled"
        assert OUTSIDE.count(("write", "cleaned up")) == 1


@flow
async def spawns_late(run: Run) -> None:
    await run.step(look_behind, "door")
    child = await run.spawn(sleeper)
    await child.result()


async def test_cancel_reaches_a_child_that_is_born_while_the_order_is_followed(on_sqlite: Place) -> None:
    async with on_sqlite.stage(spawns_late, sleeper) as stage:
        run = await stage.start(spawns_late)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        log = stage.platform.ground.log
        original = log.read_one

        async def read_slowly(stream: str, seq: int) -> Any:
            entry = await original(stream, seq)
            if stream.startswith("team:"):
                OUTSIDE.door("door").set()

                async def born() -> bool:
                    return bool(await stage.platform.runs(flow="sleeper"))

                await until(born)
            return entry

        log.read_one = read_slowly
        await run.cancel()
        assert await ended(run) == "cancelled"
        (child,) = await stage.platform.runs(flow="sleeper")
        assert await ended(stage.run(child.id)) == "cancelled"


@flow
async def parks_soon(run: Run) -> None:
    await run.step(look_behind, "door")
    await run.signal("never")


async def test_an_order_that_is_read_while_the_run_parks_is_not_lost(on_sqlite: Place) -> None:
    async with on_sqlite.stage(parks_soon) as stage:
        run = await stage.start(parks_soon)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        log = stage.platform.ground.log
        original = log.read_one

        async def read_slowly(stream: str, seq: int) -> Any:
            execution = in_memory(stage, run.id)
            log.read_one = original
            OUTSIDE.door("door").set()
            await until(lambda: execution.sealed)
            return await original(stream, seq)

        log.read_one = read_slowly
        await run.cancel()
        assert await ended(run) == "cancelled"


@flow
async def starts_over_and_over(run: Run, turn: int) -> None:
    await run.step(look, turn)
    run.continue_as(turn=turn + 1)


@flow
async def passes_by(run: Run) -> None:
    await run.step(write, "passes by")


async def test_a_flow_that_only_continues_can_be_paused_and_cancelled(on_sqlite: Place) -> None:
    async with on_sqlite.stage(starts_over_and_over, passes_by) as stage:
        run = await stage.start(starts_over_and_over, turn=0)
        await OUTSIDE.until(lambda: len(OUTSIDE.happened) > 3)
        await stage.platform.pause(run.id)
        await parked(run, "paused")
        before = list(OUTSIDE.happened)
        await (await stage.start(passes_by)).result()
        assert OUTSIDE.happened == [*before, ("write", "passes by")], "the worker had room, and left it alone"
        await run.cancel()
        assert await ended(run) == "cancelled"


@flow
async def listens(run: Run, count: int) -> list[int]:
    return [await run.signal("number") for _ in range(count)]


async def test_s01_a_storm_of_signals_arrives_whole_and_in_order(place: Place) -> None:
    async with place.stage(listens) as stage:
        run = await stage.start(listens, count=300)
        for first in range(0, 300, 50):
            for number in range(first, first + 50):
                await run.signal("number", number)
            if first == 100:
                await stage.crash_and_restart()
        assert await run.result() == list(range(300))
        assert (await stage.platform.replay(run.id)).verdict == "equal"
