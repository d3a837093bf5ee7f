"""Budgets and rules of retention that one person alone may not change: an edited file is not in force until somebody
else agreed to it, and everybody is told so.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from pathlib import Path

import pytest

from remit.control import settings
from remit.control.platform import Platform
from remit.control.upkeep.checking import check
from remit.domain.action_events import BudgetSet
from remit.domain.errors import InvalidSetting
from remit.domain.people_errors import ApprovalConsumed, OwnRequest
from remit.domain.policy_events import LimitsAdopted
from remit.engine.outside import team_stream
from tests.people.test_policy_change import BASE, Workspace, write_policy

SMALL, LARGE = '[team]\nusd = 5.0\nper = "day"\n', '[team]\nusd = 5_000.0\nper = "day"\n'
SHORT = '[retention]\ndays = 1\n[capture]\nclasses = ["personal=keep"]\n'


@pytest.fixture
async def place(tmp_path: Path, database: str) -> Workspace:
    """With a small budget, content that is kept, and two people who may change that."""
    (tmp_path / "remit.toml").write_text("[retention]\ndays = 400\n")
    (tmp_path / "budgets.toml").write_text(SMALL)
    write_policy(tmp_path, BASE)
    made = Workspace(tmp_path, database, "always")
    await made.hire()
    return made


def in_force(platform: Platform) -> tuple[float | None, int, tuple[str, ...]]:
    """What a process goes by: the team's budget, the days, and what is kept of classes."""
    chosen, account = platform._settings, platform.parts.house.gate.parts.accounts["team:default"]  # pyright: ignore[reportPrivateUsage]
    return account.budget.usd, chosen.retention.days, chosen.capture.classes


async def test_edited_budgets_and_retention_count_when_somebody_else_agreed(
    place: Workspace, caplog: pytest.LogCaptureFixture
) -> None:
    first = (5.0, 400, ("personal=redact", "secret=redact"))
    (place.folder / "budgets.toml").write_text(LARGE)
    (place.folder / "remit.toml").write_text(SHORT)
    with caplog.at_level(logging.WARNING, "remit.policy"):
        async with place.as_("ada") as platform:
            assert in_force(platform) == first, "a restart does not put them into force"
            money = await platform.propose_limits("budgets")
            age = await platform.propose_limits("retention")
            assert (money.status, age.status) == ("proposed", "proposed")
            assert "+usd = 5_000.0" in money.changes
            assert {"-retention.days = 400", "+retention.days = 1"} <= set(age.changes)
            with pytest.raises(OwnRequest):
                await platform.approve(money.proposal)
    assert "budgets.toml is not what is in force" in caplog.text
    chosen = settings.load(place.folder)
    looked = replace(chosen, code=(), database=place.database)
    said = [each for each in (await check(place.folder, looked)).problems if each.check == "in force"]
    assert [each.remedy for each in said] == [
        "Ask one: remit policy propose budgets", "Ask one: remit policy propose retention",
    ]  # fmt: skip
    async with place.as_("bob") as platform:
        waiting = {item.name for item in await platform.inbox()}
        assert waiting == {"budgets.toml", "[retention] and [capture] of remit.toml"}
        await asyncio.gather(platform.approve(money.proposal), platform.approve(age.proposal))
    async with place.as_("ada") as platform:
        assert in_force(platform) == (5_000.0, 1, ("personal=keep",))
        await platform.start_worker()
        log, _ = await platform.ground.log.read(team_stream("default"))
    (told,) = [each.event.limits for each in log if isinstance(each.event, BudgetSet)]
    assert list(told.values()) == [5_000_000_000]
    agreed = {each.event.name: each.event.by for each in log if isinstance(each.event, LimitsAdopted)}
    assert agreed == {"budgets": "ada, bob", "retention": "ada, bob"}
    assert [each for each in (await check(place.folder, looked)).problems if each.check == "in force"] == []


async def test_two_proposals_and_a_protection_that_only_two_take_away(place: Workspace) -> None:
    place.protect = "never"
    (place.folder / "budgets.toml").write_text(LARGE)
    async with place.as_("ada") as platform:
        assert in_force(platform)[0] == 5.0, "a changed setting does not take the protection away"
        one = await platform.propose_limits("budgets")
        other = await platform.propose_limits("budgets", unprotect=True)
    (place.folder / "budgets.toml").write_text("[team]\nusd = -1\n")
    async with place.as_("ada") as platform:
        with pytest.raises(InvalidSetting, match=r"team\.usd is -1"):
            await platform.propose_limits("budgets")
    async with place.as_("bob") as platform:
        await platform.approve(other.proposal)
        with pytest.raises(ApprovalConsumed):
            await platform.approve(one.proposal)
    (place.folder / "budgets.toml").write_text(SMALL)
    async with place.as_("ada") as platform:
        assert in_force(platform)[0] == 5.0, "now the file counts again"


async def test_a_budget_in_force_of_an_agent_that_is_gone_limits_nobody(
    tmp_path: Path, database: str
) -> None:
    """Whoever removes an agent and its budget can start before somebody has agreed to the second."""
    from remit import Agent

    (tmp_path / "remit.toml").write_text("")
    (tmp_path / "budgets.toml").write_text(f"{SMALL}[agents.temp]\nsteps = 3\n")
    write_policy(tmp_path, BASE)
    place = Workspace(tmp_path, database, "always")
    temp = Agent("temp", prompt="You help.")
    opened = {"database": database, "worker": False, "chosen": place.chosen}
    async with Platform.open(tmp_path, agents=[temp], **opened) as platform:  # pyright: ignore[reportArgumentType]
        _, key = await platform.add_person("ada", ["admin"])
        assert key is not None
        place.keys["ada"] = key.key
    (tmp_path / "budgets.toml").write_text(SMALL)
    async with place.as_("ada") as platform:
        assert set(platform.parts.house.gate.parts.accounts) == {"team:default"}
