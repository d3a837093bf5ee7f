"""Names that nobody knows: a halt stands all the same and says so, whatever would only mislead is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.auditing import audit
from remit.control.office import Office
from remit.domain.errors import InvalidInput
from remit.domain.halt_errors import Halted
from remit.domain.people_errors import NotAllowed
from remit.store.exporting import Scope
from remit.testing.scripting import Script
from tests.gate.desk import Bank, agent, desk
from tests.people.crew import crew

HOUSE = """
import remit
from remit import Agent

raise RuntimeError("code that is broken, and must not be in the way of a halt")
desk = Agent("front-desk", prompt="p")
other = remit.Agent(name="librarian", prompt="p")
"""
MODELS = """
[providers.local]
kind = "openai"
base_url = "http://127.0.0.1:9/v1"

[models.big-one]
provider = "local"
id = "big"
window = 32768
max_output = 8192
capabilities = ["tools"]
price = { input = 0, output = 0 }

[routes.deep]
models = ["big-one"]
"""


async def test_s20_a_halt_of_a_name_that_nobody_knows_stands_and_says_which_is_nearest(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).says("done")
    async with desk(tmp_path, script, agents=[clerk], database=database) as stage:
        (tmp_path / "agents").mkdir()
        (tmp_path / "agents" / "house.py").write_text(HOUSE)
        (tmp_path / "agents" / "torn.py").write_text("def (:")
        (tmp_path / "models.toml").write_text(MODELS)
        office = Office(stage.platform.ground, stage.platform.dispatcher)
        assert (await office.halt("agent", "clerk")).warning.startswith("no agent"), "it was never asked"
        assert (await stage.platform.halt("agent", "clerk")).warning == "", "this process has its code"
        await stage.platform.lift("agent:clerk")
        await (await stage.start("clerk", question="x")).result()
        (run,) = await office.runs()
        pin = (await office.row(run.id)).pin
        for scope, right, wrong, near in (
            ("agent", "clerk", "clark", '"clerk"'), ("agent", "front-desk", "frontdesk", '"front-desk"'),
            ("agent", "librarian", "libarian", '"librarian"'), ("tool", "refund", "refnd", '"refund"'),
            ("model", "big-one", "big-on", '"big-one"'), ("principal", "owner", "ownr", '"owner"'),
            ("team", "default", "defalt", '"default"'), ("release", pin[:9], "zz", "no run here was bound"),
        ):  # fmt: skip
            assert (await office.halt(scope, right)).warning == "", (scope, right)
            made = await office.halt(scope, wrong)
            assert near in made.warning
            assert made.state == "standing"
        await stage.platform.halts_changed()
        with pytest.raises(Halted):
            await stage.start("clerk", question="y")
        assert (await office.halt("agent", "q" * 300)).warning == "no agent of this name is known here"
        assert len(await office.halts()) == 17
        (tmp_path / "models.toml").write_text("[providers")
        assert (
            "whether there is such a model is not known" in (await office.halt("model", "big-one")).warning
        ), "and it stands"


async def test_s20_who_is_halted_does_not_lift_that(database: str, script: Script, tmp_path: Path) -> None:
    async with crew(tmp_path, script, policy="", database=database) as people:
        ada, platform = await people.as_("ada"), people.stage.platform
        made = await ada.halt("principal", "ada", reason="her key may be stolen")
        for wanted in (made.id, "principal:ada", "ada"):
            with pytest.raises(NotAllowed, match="ada is halted, and does not lift that"):
                await ada.lift(wanted)
        await ada.halt("tool", "refund")
        assert (await ada.lift("tool:refund"))[0].state == "lifted"
        await ada.change_roles("dora", give=["admin"])
        assert (await (await people.as_("dora")).lift(made.id))[0].by == "ada"
        assert await platform.halts() == []


async def test_what_is_held_back_is_said_of_its_tool(bank: Bank, script: Script, tmp_path: Path) -> None:
    clerk = agent(bank.refund(hold="10m"))
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        assert [each.hold for each in await stage.platform.tools()] == [600.0]


async def test_a_grant_and_an_export_for_a_name_that_nobody_knows_are_refused(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    async with desk(tmp_path, script, agents=[clerk], database=database) as stage:
        platform = stage.platform
        with pytest.raises(InvalidInput, match=r'answer nothing: no agent of this name .*"clerk"'):
            await platform.make_grant("refund", uses=1, within="1h", agent="clerc")
        assert (await platform.make_grant("refund", uses=1, within="1h", agent="clerk")).agent == "clerk"
        assert len(await platform.grants()) == 1
        with pytest.raises(InvalidInput, match=r'nothing of "defaut" .*"default"'):
            await audit.export(platform.ground, tmp_path / "out", Scope(team="defaut"), content=False)
        assert not (tmp_path / "out").exists()
