"""The red team plays by itself when it is time, once however many workers there are, and what it left open is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.quality_sections import RedTeamSettings
from remit.control.redteaming.health import examine_red_team
from remit.control.redteaming.watching import RedTeamWatch, period
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidSetting
from remit.store.database import Commit, Op
from remit.testing.clock import ManualClock
from tests.redteam.ground import ALL_ALLOWED, clerk, ground, refund

WEEKLY = RedTeamSettings(every="7d")
DAY = 24 * 3600


async def test_a_report_comes_when_it_is_due_by_one_worker_and_says_what_is_open(
    tmp_path: Path, database: str
) -> None:
    clock = ManualClock()
    async with ground(
        tmp_path, agents=[clerk(refund)], policy=ALL_ALLOWED, database=database, clock=clock
    ) as on:
        platform, desk = on.platform, on.platform.red_team
        watch, other = (RedTeamWatch(platform.parts, platform, WEEKLY) for _ in range(2))
        assert await examine_red_team(platform.ground) == []
        await watch.look()
        await other.look()
        (first,) = await desk.reports()
        assert first.whole
        assert (await desk.report()).report.by == "remit"
        (finding,) = await examine_red_team(platform.ground)
        assert finding.state == "warning"
        assert "reached a harm that nobody has accepted" in finding.message
        figure = next(each for each in (await platform.reporting.kpis()).figures if each.name == "findings")
        assert (
            next(part.value for part in figure.parts if part.name == "attacks that reach a harm")
            == first.open
            > 0
        )
        clock.jump(6 * DAY)
        await watch.look()
        assert len(await desk.reports()) == 1
        clock.jump(2 * DAY)
        await platform.ground.database.submit(_begun_by_another(clock.now()))
        await watch.look()
        assert len(await desk.reports()) == 1  # another has it
        clock.jump(DAY)
        missing, _ = await examine_red_team(platform.ground)
        assert "never came" in missing.message
        clock.jump(7 * DAY)
        await other.look()
        assert len(await desk.reports()) == 2
        assert not (await desk.report()).changes.any


def test_how_often_is_a_duration_of_an_hour_at_least() -> None:
    assert period("") == 0
    assert period("7d") == 7 * DAY * MICROSECONDS
    for wrong in ("1s", "often", "-7d"):
        with pytest.raises(InvalidSetting):
            period(wrong)


def _begun_by_another(now: int) -> Commit:
    return Commit([], [], [Op("redteam.turn", ("default", now // period("7d"), now))])
