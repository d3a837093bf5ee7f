"""Flows that start by the clock: each due time once, in the time zone that people meant, whatever clocks do."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from remit import Run, flow
from remit.control.settings import Settings, WorkerSettings
from remit.domain.errors import InvalidSetting
from remit.engine import faults
from remit.engine.schedules import _fire, next_time
from remit.store.database import Commit, Op
from remit.testing import ManualClock, Stage, crash_at
from tests.engine.places import Place, ended, until
from tests.engine.steps import OUTSIDE, write

LISBON = "Europe/Lisbon"
PATIENT = Settings(worker=WorkerSettings(lease_seconds=1_000_000))
"""Two workers on one hand-moved clock: an hour that passes at once is no death."""


@flow(cron="0 * * * *")
async def hourly(run: Run, note: str = "tick") -> None:
    await run.step(write, note)


@flow(cron="30 9 * * 1-5", tz=LISBON)
async def mornings(run: Run) -> None:
    await run.step(write, "morning")


@flow(cron="0 * * * *")
async def needs_input(run: Run, amount: int) -> None:
    await run.step(write, amount)


def _at(tz: str, *parts: int) -> int:
    return int(datetime(*parts, tzinfo=ZoneInfo(tz)).timestamp()) * 1_000_000


def _shown(moment: int, tz: str) -> str:
    return datetime.fromtimestamp(moment / 1_000_000, UTC).astimezone(ZoneInfo(tz)).isoformat()


@pytest.mark.parametrize(
    ("cron", "after", "expected"),
    [
        ("30 9 * * *", (2026, 3, 28, 12), ["2026-03-29T09:30:00+01:00", "2026-03-30T09:30:00+01:00"]),
        ("30 9 * * *", (2026, 10, 24, 12), ["2026-10-25T09:30:00+00:00", "2026-10-26T09:30:00+00:00"]),
        ("30 1 * * *", (2026, 3, 28, 12), ["2026-03-29T02:00:00+01:00", "2026-03-30T01:30:00+01:00"]),
        ("30 1 * * *", (2026, 10, 24, 12), ["2026-10-25T01:30:00+01:00", "2026-10-26T01:30:00+00:00"]),
    ],
    ids=["spring", "autumn", "the hour that does not exist", "the hour that comes twice"],
)
def test_a_time_of_day_stays_what_people_meant_across_the_change_of_clocks(
    cron: str, after: tuple[int, ...], expected: list[str]
) -> None:
    first = next_time(cron, LISBON, _at(LISBON, *after))
    second = next_time(cron, LISBON, first)
    assert [_shown(first, LISBON), _shown(second, LISBON)] == expected


def test_what_is_no_time_or_no_zone_is_said_so() -> None:
    with pytest.raises(InvalidSetting, match='"every day" is not a cron expression'):
        next_time("every day", "UTC", 0)
    with pytest.raises(InvalidSetting, match='"0 0 31 2 \\*" is not a cron expression that ever comes'):
        next_time("0 0 31 2 *", "UTC", 0)
    with pytest.raises(InvalidSetting, match='"Mars/Olympus" is not a time zone'):
        next_time("0 0 * * *", "Mars/Olympus", 0)


async def _ticks(stage: Stage, count: int) -> None:
    await OUTSIDE.until(lambda: OUTSIDE.count(("write", "tick")) >= count)


async def test_each_due_time_starts_one_run_though_two_workers_look(place: Place) -> None:
    clock = ManualClock()
    async with (
        place.stage(hourly, clock=clock, chosen=PATIENT) as one,
        place.stage(hourly, clock=clock, chosen=PATIENT) as two,
    ):
        for hour in range(1, 4):
            await clock.advance(3600)
            for stage in (one, two):
                stage.platform.dispatcher.schedule(clock.now())
            await _ticks(one, hour)
        runs = await one.platform.runs(flow="hourly")
        assert len(runs) == 3
        assert [await ended(one.run(run.id)) for run in runs] == ["succeeded"] * 3
    assert OUTSIDE.count(("write", "tick")) == 3


async def test_the_worker_that_comes_second_keeps_nothing_of_its_attempt(place: Place) -> None:
    clock = ManualClock()
    async with (
        place.stage(hourly, clock=clock, chosen=PATIENT) as one,
        place.stage(hourly, clock=clock, worker=False) as two,
    ):
        ((_, team, _, cron, tz, _, _, due, _),) = await two.platform.ground.database.fetch("schedules.all")
        await clock.advance(3600)
        await _ticks(one, 1)
        (run,) = await two.platform.runs(flow="hourly")
        assert await _fire(two.platform.services, "hourly", team, hourly, cron, tz, due) == 0
        assert (await two.platform.show(run.id)).run.flow == "hourly", "it reads with the key of the first"
        assert len(await two.platform.runs(flow="hourly")) == 1


async def test_times_missed_while_nobody_ran_are_made_up_for_once(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(hourly, clock=clock) as stage:
        await stage.down()
        clock.leap(10 * 3600)
        await stage.up()
        await _ticks(stage, 1)
        await clock.advance(3600)
        await _ticks(stage, 2)
        assert len(await stage.platform.runs(flow="hourly")) == 2


async def test_a_due_time_that_fired_is_not_owed_again_after_the_clock_was_set_back(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(hourly, clock=clock) as stage:
        await clock.advance(3600)
        await _ticks(stage, 1)
        due = clock.now() - clock.now() % 3_600_000_000
        await stage.down()
        clock.jump(-1800)
        async with place.stage(clock=clock, worker=False) as editor:
            database = editor.platform.ground.database
            ((_, _, _, _, _, _, _, next_at, _),) = await database.fetch("schedules.all")
            await database.submit(Commit(ops=[Op("schedules.advance", ("hourly", next_at, due), one=True)]))
        await stage.up()
        clock.jump(1800)
        for hour in (2, 3):
            await clock.advance(3600)
            stage.platform.dispatcher.schedule(clock.now())
            await _ticks(stage, hour)
    assert OUTSIDE.count(("write", "tick")) == 3


async def test_a_worker_that_dies_as_it_fires_neither_loses_nor_doubles_the_run(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(hourly, clock=clock) as stage:
        with crash_at("schedule.fired", stage.die) as reached:
            await clock.advance(3600)
            await until(lambda: "schedule.fired" in reached)
        faults.arm(None)
        await stage.up()
        await _ticks(stage, 1)
        assert len(await stage.platform.runs(flow="hourly")) == 1


async def test_schedules_follow_the_code_and_what_cannot_start_is_refused_at_once(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(hourly, mornings, clock=clock) as stage:
        known = {s.id: s for s in await stage.platform.schedules()}
        assert known["mornings"].tz == LISBON
        assert known["hourly"].next_at == clock.now() + 3_600_000_000
        await stage.crash_and_restart([mornings])
        known = {s.id: s for s in await stage.platform.schedules()}
        assert (known["hourly"].active, known["hourly"].next_at) == (False, None)
        assert known["mornings"].active
    async with place.stage(clock=clock, worker=False) as stage:
        stage.die()
        with pytest.raises(InvalidSetting, match="needs_input starts by the clock, which gives it no input"):
            await stage.up([needs_input])
