"""Roles in the rules about tools: who somebody is counts as it stands when the action takes place."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.domain.errors import RunFailed
from remit.testing import ManualClock
from remit.testing.scripting import Script
from tests.engine.places import parked
from tests.gate.desk import Bank, agent, heard
from tests.people.crew import crew
from tests.people.test_approvals import asks

MODELS = '@id("models") permit (principal, action == Action::"model", resource);\n'
AGENTS = '@id("agents") permit (principal is Agent, action == Action::"call", resource);\n'
SUPPORT = '@id("support") permit (principal in Role::"support", action == Action::"call", resource);\n'


async def test_a_tool_is_for_those_whose_role_a_rule_names(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    script(clerk).calls("refund", order="o-2", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "sorry")
    clock, policy = ManualClock(), MODELS + AGENTS + SUPPORT
    async with crew(tmp_path, script, clerk, policy=policy, everything="", clock=clock) as people:
        await clock.advance(2)
        assert await (await people.start("nia")).result() == "done"
        assert await (await people.start("lea")).result() == "sorry"
        assert [order for order, _, _ in bank.refunds] == ["o-1"]
        assert told


@pytest.mark.parametrize("change", ["group", "disabled"])
async def test_s21_who_lost_the_role_while_it_was_held_may_not_any_more(
    change: str, database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clock, clerk, told = ManualClock(), agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    if change == "group":
        script(clerk).plays(lambda scene: told.extend(heard(scene)) or "sorry")
    policy = MODELS + AGENTS + SUPPORT + asks()
    async with crew(
        tmp_path, script, clerk, policy=policy, everything="", database=database, clock=clock
    ) as people:
        await clock.advance(2)
        run = await people.start("nia")
        await parked(run, "human")
        ada = await people.as_("ada")
        if change == "group":
            await ada.change_roles("nia", take=["support"])
        else:
            await ada.switch_person("nia", active=False)
        await clock.advance(2)
        await (await people.as_("lea")).approve((await people.question()).id)
        if change == "group":
            assert await run.result() == "sorry"
            assert 'no rule lets user "nia"' in told[0]
        else:
            with pytest.raises(RunFailed, match="nia was disabled"):
                await run.result()
        assert bank.refunds == []


async def test_an_access_key_goes_on_when_the_root_key_is_replaced(script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="") as people:
        await (await people.as_("ada")).rotate_root_key()
        assert (await people.as_("lea")).ground.principal.id == "lea"
        await people.stage.crash_and_restart()
        assert (await people.as_("lea")).ground.principal.id == "lea"
