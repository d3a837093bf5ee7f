"""Budgets of actions: every attempt is a charge, one whose answer nobody lived to hear counts as all that it might
have used, and a rehearsal uses nothing (S25).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Backoff, Budget
from remit.agents.agent import Limits
from remit.domain.action_events import ActionAdmitted
from remit.domain.events import StepClaimed
from remit.gate.budgeting.pools import PoolKey
from remit.testing import Stage
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from remit.tools.tool import tool
from remit.wire.messages import Usage
from tests.engine.places import TickingClock, ended, events, parked, until
from tests.gate.desk import Bank, agent, desk, outcomes

USAGE = Usage(input=200, output=10)


async def test_s25_a_model_call_that_nobody_lived_to_hear_counts_as_all_that_it_might_have_used(
    script: Script, tmp_path: Path
) -> None:
    clerk = agent(budget=Budget(usd=10))
    script(clerk).fails("hang").says("done").uses(USAGE)
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="hello")
        await _admitted(stage, run.id)
        await stage.crash_and_restart()
        assert await run.result() == "done"
        (first,) = await events(stage, run.id, ActionAdmitted)
        (answered,) = await outcomes(stage, run.id, "model")
        assert answered.detail["lost"] == 1
        bound, used = first.detail["bound"]["most"], answered.detail["used"]
        assert used["tokens"] == bound["tokens"] + USAGE.total
        assert used["money"] > bound["money"] > 0
        assert (await run.show()).spent.money == used["money"]


async def test_s25_a_budget_does_not_forget_in_a_crash(script: Script, tmp_path: Path) -> None:
    """With the lost attempt there is no room for another one."""
    clerk = agent(budget=Budget(tokens=6_000), limits=Limits(answer_tokens=4_000))
    script(clerk).fails("hang")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="hello")
        await _admitted(stage, run.id)
        await stage.crash_and_restart()
        assert await ended(run) == "failed"
        view = await run.show()
        assert view.run.error == "budget_exhausted"
        assert view.spent.tokens <= 6_000


async def _admitted(stage: Stage, run: str) -> None:
    """Wait until the log knows that a call is about to be made."""

    async def known() -> bool:
        return bool(await events(stage, run, ActionAdmitted))

    await until(known)


@pytest.mark.parametrize("effect", ["read", "write"])
async def test_s25_every_attempt_of_a_tool_is_a_charge(effect: str, script: Script, tmp_path: Path) -> None:
    tries: list[int] = []

    @tool(name="flaky", effect=effect, retry=Backoff(attempts=3), timeout=600)
    async def flaky() -> str:
        """Works at the third try."""
        from remit import Retry

        tries.append(1)
        if len(tries) < 3:
            raise Retry("not yet")
        return "there"

    clerk, clock = agent(flaky, budget=Budget(calls=3)), TickingClock()
    script(clerk).calls("flaky").calls("flaky")
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="try")

        async def over() -> bool:
            await clock.advance(1)
            return (await run.status()).ended

        await until(over)
        assert (await run.show()).run.error == "budget_exhausted"
        assert len(tries) == 3, "the fourth does not fit"
        done, refused = await outcomes(stage, run.id, "flaky")
        assert done.detail["used"]["calls"] == 3
        assert refused.detail["used"]["calls"] == 0


async def test_s25_attempts_at_models_are_charged_one_by_one(script: Script, tmp_path: Path) -> None:
    clerk, clock = agent(budget=Budget(usd=10)), TickingClock()
    script(clerk).fails("cut").says("done").uses(USAGE)
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="hello")

        async def over() -> bool:
            await clock.advance(1)
            return (await run.status()).ended

        await until(over)
        (answered,) = await outcomes(stage, run.id, "model")
        attempts = answered.detail["attempts"]
        assert [each["outcome"] for each in attempts] == ["lost", "answered"]
        assert attempts[0]["tokens"] > attempts[1]["tokens"] == USAGE.total
        assert answered.detail["used"]["tokens"] == sum(each["tokens"] for each in attempts)
        assert len(await events(stage, run.id, ActionAdmitted)) == 1, (
            "the second one is told with its outcome"
        )


async def test_s25_a_rehearsal_of_a_live_run_uses_nothing_of_its_budget(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund(), budget=Budget(calls=2))
    script(clerk).calls("refund", order="o-1").calls("refund", order="o-2").says("done")
    bank.may_answer.clear()
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="refund both")
        await bank.arrived.wait()
        for _ in range(3):
            assert (await stage.platform.replay(run.id)).verdict in {"equal", "diverged"}
        bank.may_answer.set()
        assert await run.result() == "done"
        assert [each[0] for each in bank.refunds] == ["o-1", "o-2"]


# --- budgets that are shared ------------------------------------------------------------------------------------


def _budgets(folder: Path, calls: int) -> None:
    (folder / "budgets.toml").write_text(f"[team]\ncalls = {calls}\n[agents.clerk]\ncalls = {calls}\n")


async def _used(stage: Stage, account: str) -> Any:
    """What the database knows to be used for good, once nobody leases anything."""
    budgets = stage.platform._parts.house.gate.parts.budgets
    await budgets.stop()
    balance = await budgets._leases._balance(PoolKey(account, ""))
    assert balance.committed.calls == balance.used.calls, "nothing is held any more"
    return balance.used


@pytest.mark.parametrize("point", ["claim.before", "claim.recorded", "write.performed", "receipt.recorded"])
async def test_s25_a_crash_around_a_write_charges_shared_budgets_exactly(
    point: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    _budgets(tmp_path, 3)
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        with crash_at(point, stage.die) as reached:
            run = await stage.start("clerk", question="refund")
            await until(lambda: point in reached)
        await stage.up()
        assert await run.result() == "done"
        claims = len(await events(stage, run.id, StepClaimed))
        for account in ("team:default", "agent:clerk"):
            assert (await _used(stage, account)).calls == claims
        (outcome,) = await outcomes(stage, run.id, "refund")
        assert outcome.detail["used"]["calls"] == claims


async def test_s25_a_shared_budget_is_not_exceeded_by_repetitions_and_what_is_refused_is_unknown(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    """The budget has one call; it may have been made. Its repetition does not fit, and that is no failure."""
    _budgets(tmp_path, 1)
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        with crash_at("write.performed", stage.die) as reached:
            run = await stage.start("clerk", question="refund")
            await until(lambda: "write.performed" in reached)
        await stage.up()
        await parked(run, "unknown")
        await run.approve(100)
        assert await run.result() == "done"
        assert len(bank.refunds) == 1
        assert (await _used(stage, "team:default")).calls == 1
