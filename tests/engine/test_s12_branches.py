"""S12: branches are decided once. What wins, fails first or comes next is in the journal, and so is every cancel."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit import Run, TimedOut, flow
from remit.domain.errors import RunFailed, StepFailed
from remit.domain.events import ScopeDecided, StepDone, WaitClosed
from tests.engine.places import Place, TickingClock, ended, events, in_memory, journal, parked, until
from tests.engine.steps import OUTSIDE, fail, keyed, look, look_behind, write, write_behind


@flow
async def two_branches(run: Run) -> list[str]:
    async def branch(door: str) -> str:
        first = await run.step(look_behind, door)
        return f"{first} {await run.step(look, door)}"

    results = await run.gather(branch("left"), branch("right"))
    await run.signal("go")
    return results


async def test_s12_branches_with_swapped_latencies_get_their_own_results_back(place: Place) -> None:
    async with place.stage(two_branches) as stage:
        run = await stage.start(two_branches)
        await OUTSIDE.until(lambda: len(OUTSIDE.happened) == 2)
        OUTSIDE.door("right").set()
        await OUTSIDE.until(lambda: ("look", "right") in OUTSIDE.happened)
        OUTSIDE.door("left").set()
        await parked(run, "signal")
        await stage.crash_and_restart()
        await run.signal("go")
        assert await run.result() == ["left left", "right right"]
    assert len(OUTSIDE.happened) == 4


@flow
async def nested_losers(run: Run) -> str:
    async def deep() -> list[Any]:
        return await run.gather(run.sleep("4h"), run.race(run.signal("never"), run.step(look_behind, "shut")))

    return await run.race(deep(), run.step(look_behind, "fast"))


async def test_s12_a_cancelled_branch_takes_the_branches_inside_it_along(place: Place) -> None:
    async with place.stage(nested_losers) as stage:
        run = await stage.start(nested_losers)
        await OUTSIDE.until(lambda: ("at", "shut") in OUTSIDE.happened)
        OUTSIDE.door("fast").set()
        assert await run.result() == "fast"
        assert {c.how for c in await events(stage, run.id, WaitClosed)} == {"cancelled"}
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@flow
async def cut_short(run: Run) -> str:
    try:
        await run.timeout("1h", run.gather(run.sleep("4h"), run.signal("never")))
    except TimedOut:
        return "in time for tea"
    return "never"


async def test_s12_a_timeout_ends_everything_inside_it(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(cut_short, clock=clock) as stage:
        run = await stage.start(cut_short)
        await parked(run)
        await clock.advance(3601)
        assert await run.result() == "in time for tea"


@flow
async def shielded(run: Run) -> list[str]:
    found: list[str] = []

    async def writer() -> None:
        found.append(await run.step(write_behind, "slow"))
        found.append(await run.step(write, "not any more"))

    found.append(await run.race(writer(), run.step(look_behind, "fast")))
    return found


async def test_s12_a_claimed_write_is_not_cancelled_before_its_receipt(place: Place) -> None:
    async with place.stage(shielded) as stage:
        run = await stage.start(shielded)
        await OUTSIDE.until(lambda: len(OUTSIDE.happened) == 2)
        OUTSIDE.door("fast").set()

        async def decided() -> bool:
            return bool(await events(stage, run.id, ScopeDecided))

        await until(decided)
        OUTSIDE.door("slow").set()
        assert await run.result() == ["fast"], "the cancel comes right after the receipt"
        assert OUTSIDE.count(("write", "slow")) == 1
        assert ("write", "not any more") not in OUTSIDE.happened
        paths = [e.path for e in await journal(stage, run.id) if isinstance(e.event, StepDone)]
        assert "race/0/write_behind" in paths
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@flow
async def cleans_up(run: Run) -> str:
    async def loser() -> None:
        try:
            await run.sleep("4h")
        finally:
            await run.gather(run.step(write, "close"), run.step(keyed, "ticket"))

    winner = await run.race(loser(), run.step(look_behind, "fast"))
    await run.signal("go")
    return winner


async def test_s12_cleaning_up_after_a_cancel_happens_once(place: Place) -> None:
    async with place.stage(cleans_up) as stage:
        run = await stage.start(cleans_up)
        OUTSIDE.door("fast").set()
        await parked(run, "signal")
        await stage.crash_and_restart()
        await run.signal("go")
        assert await run.result() == "fast"
    assert OUTSIDE.count(("write", "close")) == 1
    assert len([h for h in OUTSIDE.happened if h[:2] == ("keyed", "ticket")]) == 1


@flow
async def takes_the_first(run: Run) -> str:
    taken = ""
    async for result in run.as_completed(
        run.step(look_behind, "first"), run.step(write_behind, "late"), run.sleep("4h")
    ):
        taken = result
        break
    await run.sleep("1h")
    return taken


async def test_s12_who_stops_reading_as_completed_cancels_the_rest_and_parks_only_when_it_has_ended(
    place: Place,
) -> None:
    clock = TickingClock()
    async with place.stage(takes_the_first, clock=clock) as stage:
        run = await stage.start(takes_the_first)
        await OUTSIDE.until(lambda: ("at", "late") in OUTSIDE.happened)
        OUTSIDE.door("first").set()

        async def opened() -> bool:
            return any(e.path == "sleep" for e in await journal(stage, run.id))

        await until(opened)
        assert in_memory(stage, run.id).active > 0, "the run may not leave while a write is under way"
        OUTSIDE.door("late").set()
        await parked(run, "timer")
        await clock.advance(3601)
        assert await run.result() == "first"
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@flow
async def reads_one_by_one(run: Run) -> list[str]:
    found: list[str] = []
    try:
        async for result in run.as_completed(
            run.step(look_behind, "b"),
            run.step(look_behind, "a"),
            run.step(fail),
            run.step(look_behind, "never"),
        ):
            found.append(result)  # noqa: PERF401 - what came before the failure counts  # noqa: PERF401 - what came before the failure counts
    except StepFailed:
        found.append("failed")
    await run.signal("go")
    return found


async def test_s12_as_completed_gives_the_recorded_order_again(place: Place) -> None:
    async with place.stage(reads_one_by_one) as stage:
        run = await stage.start(reads_one_by_one)
        OUTSIDE.door("a").set()
        OUTSIDE.door("b").set()
        await parked(run, "signal")
        before = [d.winner for d in await events(stage, run.id, ScopeDecided)]
        await stage.crash_and_restart()
        await run.signal("go")
        result = await run.result()
        assert result[-1] == "failed"
        assert before[-1] == -1, "what was left is cancelled on record"
        assert [d.winner for d in await events(stage, run.id, ScopeDecided)] == before
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@flow
async def tells_the_time(run: Run) -> list[str]:
    moments: list[str] = []

    def tell() -> None:
        moments.append(f"{run.now().isoformat()} {run.random().random()} {run.uuid()}")

    tell()
    await run.race(run.step(look, 1), run.sleep(50))
    tell()
    try:
        await run.gather(run.step(fail), run.sleep(50))
    except StepFailed:
        tell()
    async for _ in run.as_completed(run.step(look, 2), run.step(look, 3)):
        tell()
    try:
        await run.timeout(5, run.gather(run.sleep(10), run.sleep(20)))
    except TimedOut:
        tell()
    await run.signal("go")
    tell()
    return moments


async def test_s12_now_random_and_uuid_repeat_themselves_after_every_kind_of_decision(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(tells_the_time, clock=clock) as stage:
        run = await stage.start(tells_the_time)
        await parked(run, "timer")
        await clock.advance(6)
        await parked(run, "signal")
        await run.signal("go")
        told = await run.result()
        assert len(set(told)) == len(told)
        report = await stage.platform.replay(run.id)
        assert report.verdict == "equal", report.message


@flow
async def race_of_none(run: Run) -> None:
    await run.race()


async def test_s12_a_race_of_nobody_is_refused_rather_than_waited_for(on_sqlite: Place) -> None:
    async with on_sqlite.stage(race_of_none) as stage:
        with pytest.raises(RunFailed, match="at least one"):
            await (await stage.start(race_of_none)).result()


@flow
async def many(run: Run, count: int) -> int:
    async def branch(number: int) -> int:
        got = await run.step(look, number)
        await run.sleep(60)
        return got

    return sum(await run.gather(*(branch(n) for n in range(count))))


async def test_s12_a_thousand_branches_wait_and_come_back(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(many, clock=clock) as stage:
        run = await stage.start(many, count=1000)
        await parked(run, "timer")
        await clock.advance(61)
        assert await run.result() == sum(range(1000))
    assert len(OUTSIDE.happened) == 1000


@flow
async def deep(run: Run, depth: int) -> int:
    async def down(level: int) -> int:
        if level == 0:
            return await run.step(look, "bottom") == "bottom"
        return 1 + (await run.gather(down(level - 1)))[0]

    found = await down(depth)
    await run.signal("go")
    return found


async def test_s12_branches_nest_deep(on_sqlite: Place) -> None:
    async with on_sqlite.stage(deep) as stage:
        run = await stage.start(deep, depth=40)
        await parked(run, "signal")
        await stage.crash_and_restart()
        await run.signal("go")
        assert await run.result() == 41
    assert OUTSIDE.count(("look", "bottom")) == 1


@flow
async def left_behind(run: Run, again: bool) -> str:
    leftovers = run.as_completed(run.step(look, 1), run.step(look_behind, "never"))
    async for _ in leftovers:
        break
    if again:
        run.continue_as(again=False)
    return "done"


async def test_s12_no_branch_outlives_its_generation(on_sqlite: Place) -> None:
    async with on_sqlite.stage(left_behind) as stage:
        run = await stage.start(left_behind, again=True)
        assert await run.result() == "done"
        paths = [e.path for e in await journal(stage, run.id) if e.path]
        assert set(paths) == {"as_completed", "as_completed/0/look"}
        await asyncio.sleep(0)
        assert await ended(run) == "succeeded"
