"""`budgets.toml` says what may be used, is refused where nobody can read it, and each change of it is in the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_events import BudgetSet
from remit.domain.budgets import Account, Budget
from remit.domain.errors import InvalidSetting
from remit.gate.budgeting.changes import record_budgets
from remit.gate.budgeting.settings import read_budgets
from remit.store.log import Log
from remit.testing.clock import ManualClock
from tests.gate.budgets.books import Place
from tests.store.erasing import ring

AGENTS = ("triage", "critic")


def read(tmp_path: Path, text: str) -> dict[str, Account]:
    (tmp_path / "budgets.toml").write_text(text)
    return read_budgets(tmp_path, "support", AGENTS, ["handle"])


def test_a_team_and_its_agents_have_budgets(tmp_path: Path) -> None:
    text = '[team]\nusd = 50\nper = "day"\n[agents.triage]\nusd = 0.5\ncalls = 10\ntokens = 5_000\nper = "month"\n'
    assert read(tmp_path, text) == {
        "team:support": Account("team:support", Budget(usd=50.0, per="day")),
        "agent:triage": Account("agent:triage", Budget(usd=0.5, calls=10, tokens=5000, per="month")),
    }


def test_each_run_of_a_flow_has_a_budget(tmp_path: Path) -> None:
    assert read(tmp_path, "[flows.handle]\nusd = 0.5\n[flows.triage]\ncalls = 3\n") == {
        "flow:handle": Account("flow:handle", Budget(usd=0.5)),
        "flow:triage": Account("flow:triage", Budget(calls=3)),
    }


@pytest.mark.parametrize(
    "limits",
    [
        {"calls": -1}, {"calls": 0}, {"steps": 1.5}, {"tokens": True}, {"tokens": "many"}, {"usd": 0},
        {"usd": float("nan")}, {"usd": float("inf")}, {"usd": -0.1}, {"seconds": 0}, {"seconds": float("nan")},
        {"usd": True}, {"seconds": -3}, {"calls": 2**60}, {"per": "week"},
    ],
    ids=str,
)  # fmt: skip
def test_a_budget_that_is_none_cannot_be_made(limits: dict[str, Any]) -> None:
    with pytest.raises(InvalidSetting, match="a budget cannot"):
        Budget(**limits)


def test_without_the_file_nothing_is_limited(tmp_path: Path) -> None:
    assert read_budgets(tmp_path, "support", AGENTS) == {}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[tema]\nusd = 1", 'has "tema", which means nothing (nearest: "team")'),
        ("[team]\nusdollar = 1", 'has "team.usdollar", which means nothing (nearest: "usd")'),
        ("[team]\nusd = '5'", "team.usd is '5'; it is an amount of dollars, such as 50.0"),
        ("[team]\nusd = -1", "team.usd is -1; it is an amount of dollars, such as 50.0"),
        ("[team]\nusd = nan", "team.usd is nan; it is an amount of dollars, such as 50.0"),
        ("[team]\nusd = true", "team.usd is True; it is an amount of dollars, such as 50.0"),
        ("[team]\ncalls = 1.5", "team.calls is 1.5; it is a whole number of at least 1"),
        ("[team]\nper = 'day'", "team limits nothing; name one of usd, tokens, steps, calls"),
        ("[team]\nusd = 1\nper = 'week'",
         'team.per is "week"; it is "day" or "month", or is left out for a budget for good'),
        ("[team]\nseconds = 3",
         "team.seconds limits nothing here; time is a limit of one ask, in its agent's budget"),
        ("[team]\nusd = 0", "team.usd is 0; it is an amount of dollars, such as 50.0"),
        ("[team]\ncalls = 0", "team.calls is 0; it is a whole number of at least 1"),
        ("[flows.handel]\ncalls = 1", 'has a budget for "handel", which is no flow (nearest: "handle")'),
        ("[flows.handle]\ncalls = 1\nper = 'day'",
         "flows.handle.per means nothing; the budget of a flow is that of each run of it"),
        ("[agents.triag]\nusd = 1", 'has a budget for "triag", which is no agent (nearest: "triage")'),
        ("agents = 3", "has agents = 3; write a section [agents] with its keys below"),
        ("[team\n", "is not TOML: Expected ']' at the end of a table declaration (at line 1, column 6)"),
    ],
)  # fmt: skip
def test_what_nobody_can_read_is_refused(text: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting) as refused:
        read(tmp_path, text)
    assert refused.value.message == f"budgets.toml {why}."


async def test_each_change_of_a_budget_is_in_the_log_once(place: Place) -> None:
    first, second = await place.book("w-1"), await place.book("w-2")
    clock, keys = ManualClock(), ring(first.database)
    day = {"team:support": Account("team:support", Budget(usd=5, per="day"))}
    for book in (first, second, first):
        await record_budgets(book.database, keys, clock, "support", day, "lea")
    await record_budgets(first.database, keys, clock, "support", {}, "bob")
    entries, _ = await Log(first.database, keys).read("team:support")
    assert [entry.event for entry in entries] == [
        BudgetSet("team:support", {"money": 5_000_000}, "day", "lea"),
        BudgetSet("team:support", {}, "", "bob"),
    ]
