"""A month on a page: what it says stands on it, what others wrote steers nothing in it, and it needs nothing else.
Budgets and days of a month beside it.
"""

from __future__ import annotations

import json
from datetime import date
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from remit.control.reporting.periods import days_of_month, days_since
from remit.domain.errors import InvalidInput
from remit.insight.kpi_catalog import KPIS
from remit.insight.tracing.rows import TraceRow
from remit.insight.tracing.sums import Sums
from remit.insight.tracing.writing import put_trace
from remit.store.database import Commit, Op
from remit.testing import ManualClock, stage
from tests.architecture.tree import ROOT

if TYPE_CHECKING:
    from remit.store.database import Database

_NASTY = "<script>alert(1)</script>|`x`\u202e\x1b[31m\"'&[a](javascript:b)"
_START = 1_767_225_600
_DAY = 86_400


class Page(HTMLParser):
    """What a browser would see."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.links += [
            str(value) for name, value in attrs if name in {"src", "href", "style"} or name.startswith("on")
        ]

    def handle_data(self, data: str) -> None:
        self.text += data


async def test_a_month_on_a_page_is_whole_and_safe(tmp_path: Path) -> None:
    clock = ManualClock()
    (tmp_path / "budgets.toml").write_text('[team]\nusd = 60.0\nper = "month"\n')
    async with stage(workspace=tmp_path, clock=clock) as on:
        await _spend(on.platform.ground.database, 46)
        clock.leap(45 * _DAY)
        reporting = on.platform.reporting
        view = await reporting.month()
        assert (view.month, view.over, view.costs.cost) == ("2026-02", False, 15_000_000)
        assert view.expected is not None
        assert view.expected.forecast is not None
        assert view.expected.forecast.expected == 28_000_000
        assert (await reporting.month("2026-01")).expected is None
        assert (await reporting.month("2026-01")).costs.cost == 31_000_000
        (budget,) = view.budgets
        assert (budget.account, budget.per, budget.limit, budget.state) == (
            "team:default",
            "month",
            60_000_000,
            "ok",
        )
        page = Page(await reporting.month_page("2026-02"))
        assert not page.tags & {"script", "link", "img", "iframe", "object", "a"}
        assert page.links == []
        assert "\u202e" not in page.text
        assert "\x1b" not in page.text
        assert "<script>alert(1)</script>" in page.text, "a name is shown as it is written"
        for kpi in KPIS:
            assert kpi.title in page.text
            assert kpi.definition in page.text
        marked = await reporting.month_page("2026-02", "md")
        assert "<script>" not in marked
        assert "[a](" not in marked
        assert "`x`" not in marked.replace("\\`", "")
        assert json.loads(await reporting.month_page("2026-02", "json"))["costs"]["cost"] == 15_000_000
        with pytest.raises(InvalidInput, match="no month"):
            await reporting.month("2026-13")


@pytest.mark.parametrize(
    ("budget", "state", "expected", "until"),
    [
        ('usd = 20.0\nper = "month"', "likely over", 28_000_000, None),
        ('usd = 2.0\nper = "day"', "ok", 1_000_000, None),
        ("usd = 90.0", "ok", None, date(2026, 5, 16)),
    ],
)
async def test_a_budget_says_what_its_period_will_come_to_or_how_long_it_lasts(
    tmp_path: Path, budget: str, state: str, expected: int | None, until: date | None
) -> None:
    clock = ManualClock()
    (tmp_path / "budgets.toml").write_text(f"[team]\n{budget}\n")
    async with stage(workspace=tmp_path, clock=clock) as on:
        await _spend(on.platform.ground.database, 46)
        clock.leap(45 * _DAY)
        (found,) = await on.platform.reporting.budgets()
        assert (found.state, found.lasts_until) == (state, until)
        assert (found.expected.expected if found.expected is not None else None) == expected


async def test_days_that_stand_out_are_named_once_there_is_something_to_compare(tmp_path: Path) -> None:
    clock = ManualClock()
    async with stage(workspace=tmp_path, clock=clock) as on:
        database = on.platform.ground.database
        await _spend(database, 51)
        await _use(database, "2026-02-10", _NASTY, 40_000_000)
        clock.leap(50 * _DAY)
        found = (await on.platform.reporting.costs("agent", since="30d")).costs
        assert [(each.day, each.part) for each in found.odd] == [
            (date(2026, 2, 10), ""), (date(2026, 2, 10), _NASTY),
        ]  # fmt: skip
        assert found.judged == 60
        clock.leap(-48 * _DAY)
        assert (await on.platform.reporting.costs("agent", since="2d")).costs.judged == 0


def test_days_are_those_that_somebody_means() -> None:
    today = date(2026, 11, 21)
    assert days_since("1d", "", today) == (today, date(2026, 11, 22))
    assert days_since("4w", "2026-11-20", today) == (date(2026, 10, 25), date(2026, 11, 21))
    assert days_of_month("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    for since, until in (
        ("0d", ""),
        ("30", ""),
        ("2026-11-22", ""),
        ("1900-01-01", ""),
        ("30d", "9999-12-31"),
    ):
        with pytest.raises(InvalidInput):
            days_since(since, until, today)


def test_the_reference_says_of_every_figure_what_it_is() -> None:
    page = " ".join((ROOT / "docs" / "reference" / "kpis.md").read_text().split())
    for kpi in KPIS:
        assert f"## {kpi.title} " in page
        assert f"`{kpi.name}`" in page
        assert kpi.definition[0].upper() + kpi.definition[1:] in page, kpi.name
        assert not kpi.absent or kpi.absent in page


async def _spend(database: Database, days: int) -> None:
    """A dollar a day, by an agent with a nasty name, who is a task each day."""
    sums = Sums()
    for n in range(days):
        day = date.fromordinal(date(2026, 1, 1).toordinal() + n).isoformat()
        await _use(database, day, _NASTY, 1_000_000)
        at = (_START + n * _DAY) * 1_000_000
        row = TraceRow(
            f"r-{n:04}", team="default", sort="task", agent=_NASTY, flow=_NASTY, status="succeeded", started=at,
            ended=at + 5_000_000, cost=1_000_000, model_calls=1,
        )  # fmt: skip
        sums.trace(row)
        await database.submit(Commit(ops=[put_trace(row)]))
    await database.submit(Commit(ops=sums.ops()))


async def _use(database: Database, day: str, agent: str, cost: int) -> None:
    values = (day, "default", agent, "f", "f", _NASTY, "sim", "p", "r", 0, 1, 0, 0, 10, 0, 0, 10, 0, cost)
    await database.submit(Commit(ops=[Op("insight.add_usage_days", values)]))
