"""A tool that is held back by its own word: the model is told when it will be done, a run of its own does it, once
or not at all, and everything that could have stopped the call still can (S6, S20).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Agent, allow, bind, contract
from remit.domain.action_errors import InvalidTool
from remit.domain.effects import Effect
from remit.domain.events import StepClaimed
from remit.domain.tools import ToolManifest
from remit.gate.containment.outbox import Outbox
from remit.testing import ManualClock, Stage, StagedRun
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.engine.places import Place, ended, events, parked, until
from tests.gate.canary import Canary
from tests.gate.desk import ALL_ALLOWED, Bank, agent, desk, heard, outcomes, write_policy
from tests.gate.test_s20_approvals import PERMITS, asks

ANA = "GB29NWBK60161331926819"
PAYS = contract(allow("pay", to=bind.literal("iban"), cents=bind.upto(10), times=1), on_violation="deny")
DENIES = '@id("no-refunds") forbid (principal, action == Action::"call", resource == Tool::"refund");\n'


async def sender(stage: Stage, run: StagedRun) -> StagedRun:
    """The run that does what was accepted, once it holds it back."""
    found: list[str] = []

    async def there() -> bool:
        found[:] = [each.run for each in await stage.platform.held(run.id)]
        return bool(found)

    await until(there)
    return stage.run(found[0])


async def test_s20_the_model_is_told_when_it_will_be_done_and_it_is_done_then(
    bank: Bank, script: Script, place: Place
) -> None:
    clock, told = ManualClock(), list[str]()
    clerk = agent(bank.refund(hold="10m"))
    script(clerk).calls("refund", order="o-1")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "it is on its way")
    async with desk(place.folder, script, agents=[clerk], database=place.database, clock=clock) as stage:
        run = await stage.start("clerk", question="refund o-1")
        assert await run.result() == "it is on its way", "nobody waited for it"
        assert "accepted, and not done yet: refund will be done at 2026-01-01 00:10" in told[0]
        assert "unless somebody calls it back" in told[0]
        child = await sender(stage, run)
        (item,) = await stage.platform.inbox("outbox")
        assert (item.run, item.due) == (child.id, clock.now() + 600_000_000)
        await stage.crash_and_restart()
        await clock.advance(599)
        assert bank.refunds == []
        await clock.advance(2)
        assert await child.result() == {"done": True, "result": 100}
        assert [order for order, _, _ in bank.refunds] == ["o-1"]
        (claim,) = await events(stage, child.id, StepClaimed)
        assert (claim.detail["agent"], claim.detail["decision"]) == ("clerk", "allow")
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        assert (await stage.platform.replay(child.id)).verdict == "equal"


async def test_s20_it_can_be_called_back_after_its_run_has_ended(
    bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clerk = agent(bank.refund(hold="10m"))
    script(clerk).calls("refund", order="o-1").says("on its way")
    async with desk(on_sqlite.folder, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await run.result()
        child = await sender(stage, run)
        (back,) = await stage.platform.call_back(run.id, "wrong order")
        assert back.tool == "refund"
        said = await child.result()
        assert said["done"] is False
        assert "wrong order" in said["why"]
        assert bank.refunds == []


@pytest.mark.parametrize("what", ["rule", "halt"])
async def test_s20_what_was_accepted_is_decided_by_the_rules_and_halts_of_then(
    what: str, bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clock, clerk = ManualClock(), agent(bank.refund(hold="10m"))
    script(clerk).calls("refund", order="o-1").says("on its way")
    async with desk(on_sqlite.folder, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await run.result()
        child = await sender(stage, run)
        if what == "halt":
            await stage.platform.halt("agent", "clerk")
        else:
            await stage.down()
            write_policy(on_sqlite.folder, ALL_ALLOWED + DENIES)
            await stage.up()
        await clock.advance(601)
        if what == "halt":
            await parked(child, "halted")
        else:
            assert await ended(child) == "failed"
        assert bank.refunds == []


@pytest.mark.parametrize(
    ("point", "keyed"),
    [
        ("step.performed", True), ("step.recorded", True), ("child.recorded", False), ("claim.recorded", True),
        ("write.performed", True), ("write.performed", False),
    ],
)  # fmt: skip
async def test_s20_a_kill_between_hold_and_act_sends_it_once_or_asks(
    point: str, keyed: bool, bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clock = ManualClock()
    clerk = agent(bank.keyed_refund(hold="10m") if keyed else bank.refund(hold="10m"))
    script(clerk).calls("refund", order="o-1").says("on its way")
    late = point in {"claim.recorded", "write.performed"}
    async with desk(on_sqlite.folder, script, agents=[clerk], clock=clock) as stage:
        if late:
            run = await stage.start("clerk", question="refund o-1")
            await run.result()
            child = await sender(stage, run)
            with crash_at(point, stage.die) as reached:
                await clock.advance(601)
                await until(lambda: point in reached)
            await stage.up()
        else:
            with crash_at(point, stage.die) as reached:
                run = await stage.start("clerk", question="refund o-1")
                await until(lambda: point in reached)
            await stage.up()
            assert await run.result() == "on its way"
            child = await sender(stage, run)
            await clock.advance(601)
        if late and not keyed:
            await parked(child, "unknown")  # a person says whether it took place
            assert len(bank.refunds) == 1
            return
        assert (await child.result())["done"]
        assert len(bank.paid) == 1


async def test_s20_a_refusal_is_told_at_once_and_a_question_comes_first(
    bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clerk, told = agent(bank.refund(hold="10m")), list[str]()
    script(clerk).calls("refund", order="o-1", cents=900)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "no")
    rules = (
        PERMITS
        + asks("leads", when="context.cents == 500")
        + DENIES.replace(");", ") when { context.cents > 800 };")
    )
    async with desk(on_sqlite.folder, script, agents=[clerk], policy=rules) as stage:
        assert await (await stage.start("clerk", question="refund")).result() == "no"
        assert "may not call refund" in told[0]
        script(clerk).calls("refund", order="o-2", cents=500).says("done")
        run = await stage.start("clerk", question="refund")
        await parked(run, "human")
        assert (await stage.inbox())[0].group == "leads"
        await run.approve(by="lea")  # who agrees to exactly this lets it be done at once
        assert await run.result() == "done"
        assert len(bank.refunds) == 1
        assert await outcomes(stage, run.id, "refund")


async def test_s20_a_contract_is_used_where_the_call_is_accepted_and_its_bytes_are_what_is_sent(
    script: Script, on_sqlite: Place
) -> None:
    clock, canary, told = ManualClock(), Canary(), list[str]()
    clerk = Agent("clerk", prompt="You pay.", tools=[canary.pay(hold="10m")], contract=PAYS)
    script(clerk).calls("pay", to="GB29 NWBK 6016 1331 9268 19", cents=5).calls("pay", to=ANA, cents=5)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(on_sqlite.folder, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question=f"Pay 5 to {ANA}.")
        await run.result()
        assert "accepted, and not done yet" in told[0]
        assert "accepted" not in told[1], "the contract lets it pay once"
        child = await sender(stage, run)
        await stage.crash_and_restart()
        await clock.advance(601)
        assert (await child.result())["done"]
        assert [seen[3] for seen in canary.executed] == ['{"cents": 5, "to": "' + ANA + '"}']
        assert await canary.unaccounted(stage) == []


async def test_s20_nothing_is_sent_that_nobody_accepted(script: Script, tmp_path: Path) -> None:
    """The run that sends is started by hand, or told to do something else than was accepted."""
    canary = Canary()
    clerk = agent(canary.pay())
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("remit.outbox", of="clerk/hold.pay")
        assert await ended(run) == "failed"
        assert canary.executed == []


@pytest.mark.parametrize(
    ("hold", "window", "tools", "expected"),
    [(None, 600.0, {}, 600.0), (60.0, 600.0, {}, 60.0), (0.0, 600.0, {}, 0.0), (60.0, 0.0, {}, 60.0),
     (60.0, 600.0, {"send": 5.0}, 5.0)],
)  # fmt: skip
def test_how_long_is_for_the_operator_then_the_tool_then_the_workspace_to_say(
    hold: float | None, window: float, tools: dict[str, float], expected: float
) -> None:
    manifest = ToolManifest("send", "", {}, Effect.IRREVERSIBLE, hold=hold)
    assert Outbox(window, tools).holds(manifest) == expected
    assert (manifest.digest == ToolManifest("send", "", {}, Effect.IRREVERSIBLE).digest) == (hold is None)


def test_only_what_acts_can_be_held_back() -> None:
    def look(at: str) -> str:
        return at

    for wrong in ({"effect": "read", "hold": "10m"}, {"hold": "soon"}, {"hold": -1}):
        declared: dict[str, Any] = wrong
        with pytest.raises(InvalidTool):
            tool(**declared)(look)
