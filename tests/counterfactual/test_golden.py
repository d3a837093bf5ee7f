"""Golden runs: chosen journals, executed again every night; whichever leaves its journal is named by the doctor."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.replaying.golden import FLOW, check_golden
from remit.domain.errors import InvalidInput, InvalidSetting
from remit.domain.replay_events import GoldenReplayed
from remit.engine.outside import team_stream
from remit.engine.schedules import fire_due
from remit.testing import ManualClock
from tests.counterfactual.desk import SENT, at, worked
from tests.engine.places import Place

_DAY = 86_400


async def test_golden_runs_are_replayed_at_night_and_those_that_differ_are_named(place: Place) -> None:
    first, second = await worked(place, ["a", "b"])
    async with at(place) as on:
        with pytest.raises(InvalidInput, match="no run is golden"):
            await on.platform.replaying.golden()
    (place.folder / "golden.toml").write_text(f'runs = ["{first}", "{second}", "r-none"]\n')
    SENT.clear()
    clock = ManualClock()
    async with at(place, clock=clock) as on:
        platform = on.platform
        assert [each.flow for each in await platform.schedules()] == [FLOW]
        found = await platform.replaying.golden()
        assert (found.equal, found.diverged) == ((first, second), ())
        assert [each.run for each in found.unread] == ["r-none"]
    async with at(place, "You keep notes, and ask twice.", clock=clock) as on:
        platform = on.platform
        await clock.advance(_DAY)
        await fire_due(platform.services)  # or the worker was faster
        platform.dispatcher.submit("")
        (run,) = [each.id for each in await platform.runs(flow=FLOW)]
        result = await (await platform.run(run)).result()
        assert [each["run"] for each in result["diverged"]] == [first, second]
        entries, _ = await platform.ground.log.read(team_stream(platform.ground.principal.team))
        said = [each.event for each in entries if isinstance(each.event, GoldenReplayed)]
        assert [(len(each.equal), len(each.diverged), each.by) for each in said] == [
            (2, 0, platform.ground.principal.id), (0, 2, "remit"),
        ]  # fmt: skip
        assert said[0].code != said[1].code
        (named,) = [each for each in await platform.doctor() if each.name == "golden runs"]
        assert (named.state, first in named.message) == ("warning", True)
    assert not SENT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("runs = 3", "needs runs as a list"),
        ('runs = ["r-1", 2]', "needs runs as a list"),
        ("cron = 3", "which is no text"),
        ("hours = 3", 'has "hours", which means nothing'),
        ("runs = [", "is not TOML"),
        ('cron = "at night"', "is not a cron expression"),
        ('tz = "Mars"', "is not a time zone"),
    ],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "golden.toml").write_text(text)
    with pytest.raises(InvalidSetting, match=why):
        check_golden(tmp_path)
