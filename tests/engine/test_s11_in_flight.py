"""S11: two equal writes that are under way at the same moment are one write and a refusal, also from a child."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit import Retry, Run, TimedOut, ToolFailed, flow, step
from remit.domain.errors import RunFailed, StepFailed, UnresolvedEffect
from remit.domain.events import StepDone
from tests.engine.places import Place, TickingClock, events, parked, until
from tests.engine.steps import OUTSIDE


@step(timeout=3)
async def pay(cents: int) -> int:
    OUTSIDE.note(("pay", cents))
    await OUTSIDE.door("bank").wait()
    return cents


@flow
async def pays_below(run: Run) -> int:
    return await run.step(pay, 5)


async def _tried(paying: Any) -> str:
    try:
        return str(await paying)
    except (UnresolvedEffect, RunFailed) as refused:
        return "refused" if "still unknown, or under way" in str(refused) else str(refused)


@flow
async def pays_twice_at_once(run: Run) -> list[str]:
    async def below() -> str:
        await run.signal("paying")
        return await _tried((await run.spawn(pays_below)).result())

    async def beside() -> str:
        await run.signal("paying")
        said = await _tried(run.step(pay, 5))
        OUTSIDE.note("beside")
        return said

    return list(await run.gather(_tried(run.step(pay, 5)), beside(), below()))


@pytest.mark.parametrize("dies", [False, True])
async def test_s11_an_equal_write_beside_or_below_one_that_is_under_way_is_refused(
    place: Place, dies: bool
) -> None:
    async with place.stage(pays_twice_at_once, pays_below) as stage:
        run = await stage.start(pays_twice_at_once)
        await OUTSIDE.until(lambda: ("pay", 5) in OUTSIDE.happened)
        if dies:  # the claim alone is left of the first one
            await stage.crash_and_restart()
            await parked(run, "unknown")
        await run.signal("paying")
        await run.signal("paying")
        await OUTSIDE.until(lambda: "beside" in OUTSIDE.happened)

        async def child_is_over() -> bool:
            return any(each.status == "failed" for each in await stage.platform.runs())

        await until(child_is_over)
        OUTSIDE.door("bank").set()
        if dies:
            await parked(run, "unknown")
            await run.approve(5)
        assert await run.result() == ["5", "refused", "refused"]
        assert OUTSIDE.count(("pay", 5)) == 1
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@step(timeout=3)
async def declined(cents: int) -> int:
    OUTSIDE.note(("declined", cents))
    if OUTSIDE.count(("declined", cents)) == 1:
        raise ToolFailed("the card was declined")
    if OUTSIDE.count(("declined", cents)) == 2:
        raise Retry("not now", after=7200)
    return cents


@flow
async def tries_again(run: Run) -> int:
    try:
        await run.step(declined, 5)
    except StepFailed:
        OUTSIDE.note("told")
    try:
        return await run.timeout("1h", run.step(declined, 5))
    except TimedOut:
        return await run.step(declined, 5)


async def test_s11_after_a_definite_answer_an_equal_write_may_be_performed(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(tries_again, clock=clock) as stage:
        run = await stage.start(tries_again)
        await OUTSIDE.until(lambda: OUTSIDE.count(("declined", 5)) == 2)
        await parked(run, "timer")
        await clock.advance(3700)
        assert await run.result() == 5
        assert OUTSIDE.count(("declined", 5)) == 3


@step(timeout=3, key_ttl="24h")
async def keyed(cents: int, *, idempotency_key: str) -> int:
    OUTSIDE.note(idempotency_key)
    if len(OUTSIDE.happened) == 1:
        raise ConnectionError("the line went dead")
    return cents


@flow
async def gives_up_too_early(run: Run) -> int:
    try:
        return await run.timeout("0.2s", run.step(keyed, 5))
    except TimedOut:
        return await run.step(keyed, 5)


async def test_s11_giving_up_between_two_repetitions_waits_for_the_answer(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(gives_up_too_early, clock=clock) as stage:
        run = await stage.start(gives_up_too_early)
        result = asyncio.create_task(run.result())
        while not result.done():
            await clock.advance(1)
            await asyncio.sleep(0.001)
        assert await result == 5
        done = await events(stage, run.id, StepDone)
        assert len(set(OUTSIDE.happened)) == len(done)
