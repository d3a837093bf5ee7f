"""Times that nobody could wait for are refused in one sentence, or cut to what a clock can hold if somebody else chose
them; and no time whatever stops the process or another run.
"""

from __future__ import annotations

import asyncio
import math
from datetime import timedelta
from typing import Any

import pytest

from remit import Backoff, Retry, Run, flow, step
from remit.control.running.starting import submit
from remit.domain.clock import LONGEST_SECONDS, MICROSECONDS
from remit.domain.errors import InvalidInput, InvalidSetting, NotEncodable, RunFailed, TimedOut
from remit.domain.events import RunEnded, StepRetried
from remit.engine.retry import clamped, delay
from remit.engine.step import seconds
from tests.engine.places import Place, TickingClock, ended, events, parked
from tests.engine.steps import OUTSIDE, look, write

ENDLESS: list[Any] = [
    1e15, "99999999999999999999d", "9" * 400 + "s", 10**400, math.inf, -math.inf, math.nan, -1e30
]  # fmt: skip


@flow
async def waits(run: Run, how: str, number: int) -> object:
    span = ENDLESS[number]
    match how:
        case "sleep":
            await run.sleep(span)
        case "timeout":
            await run.timeout(span, run.step(look, "in time"))
        case _:
            await run.human("bosses", 1, within=span)
    return "waited"


@flow
async def bystander(run: Run) -> Any:
    return await run.step(write, await run.signal("go"))


@pytest.mark.parametrize("how", ["sleep", "timeout", "human"])
async def test_a_time_that_never_comes_fails_the_run_and_nobody_elses(place: Place, how: str) -> None:
    async with place.stage(waits, bystander) as stage:
        other = await stage.start(bystander)
        runs = [await stage.start(waits, how=how, number=number) for number in range(len(ENDLESS))]
        for run in runs:
            with pytest.raises(RunFailed, match="the longest is 100 years"):
                await run.result()
            assert (await (await run.handle()).row()).error == InvalidSetting.code
        await other.signal("go", "on")
        assert await other.result() == "on"
    assert OUTSIDE.happened == [("write", "on")]


@flow
async def comes_too_late(run: Run) -> list[str]:
    """Computes how long is left, and nothing is."""
    heard: list[str] = []
    await run.sleep(timedelta(seconds=-5))
    try:
        await run.timeout(-1, run.signal("never"))
    except TimedOut:
        heard.append("timed out")
    heard.append(await run.human("bosses", "as it is", within=-1, otherwise="approve"))
    return heard


async def test_a_computed_time_that_is_over_already_comes_at_once(place: Place) -> None:
    async with place.stage(comes_too_late) as stage:
        run = await stage.start(comes_too_late)
        assert await run.result() == ["timed out", "as it is"]
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize("span", ENDLESS)
def test_a_step_cannot_be_declared_with_a_time_that_never_comes(span: Any) -> None:
    with pytest.raises(InvalidSetting, match=r"timeout of step look.*the longest is 100 years"):
        step(name="look", timeout=span)(look.fn)
    with pytest.raises(InvalidSetting, match="key_ttl of step look"):
        step(name="look", key_ttl=span)(look.fn)


def test_a_step_cannot_be_declared_with_a_time_that_is_over() -> None:
    with pytest.raises(InvalidSetting, match="has a timeout of -1 s"):
        step(name="look", timeout=-1)(look.fn)
    assert seconds("1h30m") == 5400
    assert seconds("5200w") < LONGEST_SECONDS < seconds("5217w") + 7 * 86400


AFTER: dict[str, Any] = {
    "huge": 1e30, "endless": math.inf, "integer": 10**400, "nan": math.nan, "over": -5, "word": "soon"
}  # fmt: skip


@step
async def says_when(what: str) -> str:
    OUTSIDE.note(what)
    if OUTSIDE.count(what) == 1:
        raise Retry("the server said when", after=AFTER[what])
    return what


@step(effect="read")
async def reads_when(what: str) -> str:
    return await says_when.fn(what)


@flow
async def obeys(run: Run, what: str, reads: bool) -> str:
    return await run.step(reads_when if reads else says_when, what)


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize("what", ["huge", "endless", "integer"])
async def test_a_hostile_answer_cannot_ask_for_more_than_a_clock_can_hold(
    place: Place, what: str, reads: bool
) -> None:
    clock = TickingClock()
    async with place.stage(obeys, clock=clock) as stage:
        run = await stage.start(obeys, what=what, reads=reads)
        await parked(run, "timer")
        (retried,) = await events(stage, run.id, StepRetried)
        left = retried.due - clock.now()
        assert 0 < left <= LONGEST_SECONDS * MICROSECONDS
        await clock.advance(left / MICROSECONDS + 1)
        assert await run.result() == what


@pytest.mark.parametrize("what", ["nan", "over", "word"])
async def test_an_answer_that_names_no_time_is_tried_again_at_once(on_sqlite: Place, what: str) -> None:
    async with on_sqlite.stage(obeys, clock=TickingClock()) as stage:
        assert await (await stage.start(obeys, what=what, reads=False)).result() == what


def test_a_backoff_that_grows_beyond_all_numbers_stays_at_its_most() -> None:
    assert delay(Backoff(attempts=5000, first=1, most=60), 4000, 1.0) == 60
    assert clamped(delay(Backoff(most=1e30, first=1e30), 1, 1.0)) == LONGEST_SECONDS


async def test_a_run_cannot_be_asked_to_start_at_a_time_that_never_comes(on_sqlite: Place) -> None:
    async with on_sqlite.stage(bystander) as stage:
        for at in (10**30, -1):
            with pytest.raises(InvalidInput, match="at a time that never comes"):
                await submit(stage.platform._parts, bystander, {}, at=at)


@flow
async def sleeps_beyond_the_table(run: Run) -> str:
    try:
        await run.sleep(2e13)
    except Exception:  # noqa: BLE001 - however much it catches
        return "swallowed"
    return "slept"


async def test_s02_a_row_that_no_table_can_hold_ends_its_run_and_no_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("remit.engine.waiting.seconds", float)
    async with place.stage(sleeps_beyond_the_table, bystander) as stage:
        other = await stage.start(bystander)
        run = await stage.start(sleeps_beyond_the_table)
        assert await ended(run) == "failed"
        (over,) = await events(stage, run.id, RunEnded)
        assert over.error == NotEncodable.code
        assert "the database cannot hold" in over.message
        await other.signal("go", "on")
        assert await other.result() == "on"
        assert {f.state for f in await stage.platform.doctor(deep=True) if f.name == "log"} == {"ok"}


async def test_s02_a_process_whose_writer_died_still_stops(on_sqlite: Place) -> None:
    async with on_sqlite.stage(bystander) as stage:
        run = await stage.start(bystander)
        await parked(run, "signal")

        def die(batch: object) -> Any:
            raise BaseException("the writer is dead")  # noqa: TRY002 - what nobody expects

        stage.platform.ground.database._writer.write = die  # type: ignore[attr-defined]
        async with asyncio.timeout(20):
            await stage.down()
        await stage.up()
        await run.signal("go", "on")
        assert await run.result() == "on"
