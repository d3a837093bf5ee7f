"""Objectives: read to the last key, burnt as the arithmetic says, and an exit code while they do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.control import settings
from remit.domain.errors import InvalidSetting
from remit.domain.objectives import Objective, objectives_in
from remit.insight.burning import Burn, burn, count
from remit.insight.tracing.rows import TraceRow
from remit.insight.tracing.writing import put_trace
from remit.store.database import Commit
from remit.testing import ManualClock, stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place

if TYPE_CHECKING:
    from remit.store.database import Database
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
_MINUTE, _HOUR, _DAY = 60_000_000, 3_600_000_000, 86_400_000_000


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ({"metric": "success"}, "objective is None"),
        ({"metric": "sucess", "objective": 0.9}, "metric is 'sucess'"),
        ({"metric": "success", "objective": 1.0}, "objective is 1.0"),
        ({"metric": "success", "objective": 0.9, "within": "2m"}, "within means nothing for success"),
        ({"metric": "latency", "objective": 0.9}, "within is None"),
        ({"metric": "latency", "objective": 0.9, "within": "soon"}, "within is 'soon'"),
        ({"metric": "cost", "objective": 0.9, "usd": True}, "usd is True"),
        ({"metric": "success", "objective": 0.9, "window": "12h"}, "window is '12h'"),
        ({"metric": "success", "objective": 0.9, "least": 0}, "least is 0"),
        ({"metric": "success", "objective": 0.9, "people": True}, "people is True"),
        ({"metric": "success", "objective": 0.9, "agents": "x"}, "agents means nothing"),
    ],
)
def test_whatever_is_misspelt_is_refused_at_the_start(said: dict[str, Any], why: str, tmp_path: Path) -> None:
    lines = (
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in said.items()
    )
    (tmp_path / "remit.toml").write_text("\n".join(["[slo.one]", *lines]))
    with pytest.raises(InvalidSetting, match=r"slo\.one") as refused:
        settings.load(tmp_path)
    assert why in str(refused.value)


def test_an_objective_says_what_it_says() -> None:
    said = {"quick": {"metric": "latency", "objective": 0.95, "within": "2m", "window": "7d", "people": True}}
    assert objectives_in(said) == (
        Objective("quick", "latency", 0.95, 7, "", "", 120_000_000, people=True, least=10),
    )


async def test_error_budgets_burn_as_tasks_miss_their_objective(place: Place) -> None:
    clock = ManualClock()
    now = clock.now()
    async with stage(workspace=place.folder, database=place.database, clock=clock) as on:
        database = on.platform.ground.database
        slow: dict[str, Any] = {"ended": now - 2 * _MINUTE, "started": now - 10 * _MINUTE}
        await _write(
            database,
            [_task(n, now - 20 * _DAY) for n in range(1000)]
            + [_task(1000 + n, now - 2 * _DAY) for n in range(100)]
            + [_task(1100 + n, now - 3 * _HOUR) for n in range(40)]
            + [_task(2000 + n, now - 2 * _MINUTE, "failed") for n in range(20)]
            + [_task(3000 + n, **slow, human=7 * _MINUTE, cost=90_000, denials=1) for n in range(20)]
            + [_task(4000, now - _MINUTE, "cancelled"), _task(4001, now - _MINUTE, "failed", sort="fork")]
            + [_task(4002, now - _MINUTE, "failed", team="other")],
        )

        async def stands(objective: Objective) -> Burn:
            return burn(objective, await count(database, "default", objective, now))

        failing = await stands(Objective("a", "success", 0.99))
        assert (failing.tasks, failing.missed, failing.state) == (1180, 20, "burning")
        assert failing.left == pytest.approx(1 - 20 / 11.8)
        assert failing.rates["5m"] == pytest.approx(50)
        assert failing.rates["6h"] == pytest.approx(25)
        assert failing.burning == (
            "14.4x over 1h and 5m (page)",
            "6x over 6h and 30m (page)",
            "1x over 3d (ticket)",
        )
        assert (await stands(Objective("b", "latency", 0.9, limit=2 * _MINUTE))).missed == 0
        with_people = await stands(Objective("c", "latency", 0.9, limit=2 * _MINUTE, people=True))
        assert (with_people.missed, with_people.state) == (20, "burning")
        assert (await stands(Objective("d", "cost", 0.9, limit=50_000))).missed == 20
        assert (await stands(Objective("e", "violations", 0.9))).missed == 20
        day = await stands(Objective("f", "success", 0.9, days=1))
        assert (day.tasks, day.missed) == (80, 20)
        assert (await stands(Objective("g", "success", 0.9, agent="nobody"))).state == "no data"
        assert (await stands(Objective("h", "success", 0.9, least=2000))).state == "too few"
        spent = await count(database, "default", Objective("i", "success", 0.9999), now + 40 * _HOUR)
        assert burn(Objective("i", "success", 0.9999), spent).rates["1h"] is None


async def _write(database: Database, rows: list[TraceRow]) -> None:
    await database.submit(Commit(ops=[put_trace(row) for row in rows]))


def _task(number: int, ended: int, status: str = "succeeded", **more: Any) -> TraceRow:
    told: dict[str, Any] = {
        "team": "default",
        "sort": "task",
        "started": ended - _MINUTE,
        "cost": 1000,
    } | more
    return TraceRow(f"r-{number:05}", status=status, ended=ended, **told)
