"""Schedules: flows that start by the clock, each due time once, in the time zone that people meant.

Whoever is first moves the schedule on and creates the run in one commit; the run's id follows from schedule and
time, so a second attempt finds it there. Of the times missed while nobody ran, only the earliest is made up for.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Fenced, InvalidInput, InvalidSetting
from remit.domain.events import ScheduleSet
from remit.domain.ids import scheduled_run_id
from remit.engine import faults
from remit.engine.birth import Birth
from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from remit.engine.flow import Flow
    from remit.engine.services import Services


def next_time(cron: str, tz: str, after: int) -> int:
    """The first time of a cron expression after `after`, in microseconds; DST gaps and folds as people expect."""
    from cronsim import CronSim, CronSimError

    try:
        start = datetime.fromtimestamp(after / MICROSECONDS, UTC).astimezone(ZoneInfo(tz))
    except (ZoneInfoNotFoundError, ValueError):
        raise InvalidSetting(
            f'"{tz}" is not a time zone.', 'Use a name such as "Europe/Lisbon" or "UTC".'
        ) from None
    try:
        return int(next(CronSim(cron, start)).timestamp()) * MICROSECONDS
    except (CronSimError, StopIteration):
        raise InvalidSetting(
            f'"{cron}" is not a cron expression that ever comes.',
            'Write minute hour day month weekday: "0 9 * * 1-5".',
        ) from None


async def set_schedule(services: Services, team: str, flow: Flow, by: str) -> None:
    """Make the table say what the code declares; unchanged ones are left alone."""
    _check(flow)
    known = {row[0]: row for row in await services.database.fetch("schedules.all")}
    row = known.get(flow.name)
    if row is not None and (row[3], row[4], bool(row[8])) == (flow.cron, flow.tz, True):
        return
    now = services.clock.now()
    event = ScheduleSet(flow.name, flow.name, flow.cron, flow.tz, by)
    stream = team_stream(team)
    put = Op(
        "schedules.put",
        (flow.name, team, flow.name, flow.cron, flow.tz, stream, next_time(flow.cron, flow.tz, now), 1),
    )
    key = await services.keys.team_key(team, now)
    await services.database.submit(Commit([], [], [put], [shared_event(stream, team, key, event, now)]))


def _check(flow: Flow) -> None:
    try:
        flow.accept({})
    except InvalidInput as wrong:
        raise InvalidSetting(
            f"{flow.name} starts by the clock, which gives it no input: {wrong.message}",
            "Give every parameter a default, or drop cron=….",
        ) from None


async def drop_schedules(services: Services, team: str, by: str) -> None:
    """Flows that are gone, or that declare no time any more, start no more."""
    for row in await services.database.fetch("schedules.all"):
        flow = services.flows.get(row[2])
        if row[8] and row[1] == team and (flow is None or not flow.cron):
            now = services.clock.now()
            event = ScheduleSet(row[0], row[2], row[3], row[4], by, active=False)
            stop = Op("schedules.put", (row[0], team, row[2], row[3], row[4], team_stream(team), None, 0))
            key = await services.keys.team_key(team, now)
            shared = shared_event(team_stream(team), team, key, event, now)
            await services.database.submit(Commit([], [], [stop], [shared]))


async def serves_schedules(services: Services, team: str) -> bool:
    """Whether what starts by the clock is started by this code: by what is stable, or by anything where nothing is."""
    rows = await services.database.fetch("releases.stable", team)
    return not rows or rows[0][0] == services.release


async def fire_due(services: Services) -> int:
    """Create the runs that schedules owe; gives how many."""
    fired = 0
    for schedule, team, flow_name, cron, tz, _, _, due in await services.database.fetch(
        "schedules.due", services.clock.now()
    ):
        flow = services.flows.get(flow_name)
        if flow is not None and await serves_schedules(services, team):
            fired += await _fire(services, schedule, team, flow, cron, tz, due)
    return fired


async def _fire(
    services: Services, schedule: str, team: str, flow: Flow, cron: str, tz: str, due: int
) -> int:
    now = services.clock.now()
    birth = Birth(
        scheduled_run_id(due, schedule),
        team,
        flow,
        flow.accept({}),
        f"schedule:{schedule}",
        policy=services.policy(),
        release=services.release,
    )
    born = birth.prepare(services.keys, now)
    advance = Op("schedules.advance", (schedule, due, next_time(cron, tz, max(now, due))), one=True)
    try:
        await services.database.submit(Commit(born.events, born.blobs, [advance, *born.ops]))
    except (Conflict, Fenced):
        # another worker fired it, or this one did before its clock was set back: nothing is owed
        moved_on = Op("schedules.advance", (schedule, due, next_time(cron, tz, due)))
        await services.database.submit(Commit(ops=[moved_on]))
        return 0
    faults.reach("schedule.fired")
    return 1
