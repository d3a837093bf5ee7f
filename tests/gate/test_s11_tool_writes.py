"""Writes of tools through the gate: what nobody knows is unknown, and is not done again behind anybody's back (S10,
S11).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Absent, Happened, Run, flow, step
from remit.domain.clock import MICROSECONDS
from remit.domain.events import StepClaimed, StepRetried, StepUnknown
from remit.testing import ManualClock, Stage, StagedRun
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.engine.places import TickingClock, events, parked, until
from tests.gate.desk import ALL_ALLOWED, Bank, agent, desk, heard, outcomes, write_policy


async def test_s11_an_unknown_write_of_an_agent_is_never_a_failure_and_a_person_says_what_happened(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    bank.loses, told, clerk = 1, list[str](), agent(bank.refund())
    script(clerk).calls("refund", order="o-1")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "unknown")
        assert told == [], "the model is not told that it failed"
        await stage.crash_and_restart()
        await run.approve(100)
        assert await run.result() == "done"
        assert told == ["100"]
        assert len(bank.refunds) == 1


@pytest.mark.parametrize(
    "again",
    [
        {"order": "o-1"},
        {"order": "o-1", "cents": 100},
        {"cents": 100, "order": "o-1", "note": ""},
        {"order": "o-1", "note": "second try"},
    ],
    ids=["the same", "its default spelled out", "in another order", "with other words"],
)
async def test_s11_the_same_tool_with_the_same_protected_arguments_is_refused_meanwhile(
    again: dict[str, Any], bank: Bank, script: Script, tmp_path: Path
) -> None:
    bank.loses, told = 1, list[str]()
    clerk = agent(bank.refund())
    other = clerk.but(name="other")
    script(clerk).calls("refund", order="o-1").says("first done")
    script(other).calls("refund", **again)
    script(other).plays(lambda scene: told.extend(heard(scene)) or "second done")

    @flow
    async def both(run: Run) -> list[str]:
        """Two agents of one run that want the same."""

        async def second() -> str:
            await run.step(step(effect="read", name="wait")(lost))
            return await run.ask(other, "refund o-1")

        return await run.gather(run.ask(clerk, "refund o-1"), second())

    async def lost() -> None:
        await until(lambda: not bank.loses)

    async with desk(tmp_path, script, both) as stage:
        run = await stage.start(both)
        await until(lambda: bool(told))
        assert "still unknown" in told[0]
        assert len(bank.refunds) == 1
        await parked(run, "unknown")
        await run.approve(100)
        assert await run.result() == ["first done", "second done"]
        assert len(bank.refunds) == 1


async def leap(stage: Stage, run: StagedRun, clock: ManualClock) -> None:
    """To when the next attempt is due, and no further: one that is on its way for too long is not sent any more."""
    due = (await events(stage, run.id, StepRetried))[-1].due
    await clock.advance((due - clock.now()) / MICROSECONDS + 0.001)


async def test_s10_a_keyed_write_is_repeated_with_its_key_and_pays_once(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    bank.loses, clerk = 2, agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1").says("done")
    clock = TickingClock()
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="refund o-1")
        for lost in (1, 2):
            await until(lambda lost=lost: len(bank.refunds) == lost)

            async def retried(lost: int = lost) -> bool:
                return len(await events(stage, run.id, StepRetried)) == lost

            await until(retried)
            await leap(stage, run, clock)
        assert await run.result() == "done"
        assert len(bank.refunds) == 3
        assert len(bank.paid) == 1


@pytest.mark.parametrize("point", ["claim.recorded", "write.performed"])
async def test_s10_a_keyed_write_survives_a_crash_and_pays_once(
    point: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        with crash_at(point, stage.die) as reached:
            run = await stage.start("clerk", question="refund o-1")
            await until(lambda: point in reached)
        await stage.up()
        assert await run.result() == "done"
        assert len(bank.paid) == 1


async def test_s11_a_rule_that_says_no_to_the_repetition_does_not_undo_the_first_attempt(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    """It may have taken place: that is unknown, and not a denial that the model could take for 'nothing happened'."""
    clerk, told = agent(bank.keyed_refund()), list[str]()
    script(clerk).calls("refund", order="o-1")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        with crash_at("write.performed", stage.die) as reached:
            run = await stage.start("clerk", question="refund o-1")
            await until(lambda: "write.performed" in reached)
        forbids = '@id("no") forbid (principal, action == Action::"call", resource == Tool::"refund");\n'
        write_policy(tmp_path, ALL_ALLOWED + forbids)
        await stage.up()
        await parked(run, "unknown")
        assert told == []
        assert len(await events(stage, run.id, StepUnknown)) == 1
        await stage.crash_and_restart()
        await run.approve(100)
        assert await run.result() == "done"
        assert told == ["100"]
        assert len(bank.refunds) == 1


@pytest.mark.parametrize("took_place", [True, False])
async def test_s11_reconcile_of_a_tool_asks_the_world(
    took_place: bool, script: Script, tmp_path: Path
) -> None:
    happened: list[str] = []

    @tool(name="send", timeout=3)
    async def send(to: str) -> str:
        """Send a letter."""
        if not happened and took_place:
            happened.append(to)
            raise ConnectionError("lost")
        if not happened and not looked:
            raise ConnectionError("lost")
        happened.append(to)
        return "sent"

    looked: list[str] = []

    @send.reconcile
    async def _find(to: str) -> Happened | Absent:
        looked.append(to)
        return Happened("found") if happened else Absent()

    clerk, told, clock = agent(send), list[str](), TickingClock()
    script(clerk).calls("send", to="lea")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="write to lea")
        await parked(run, "timer")
        await clock.advance(30)
        assert await run.result() == "done"
        assert told == ["found" if took_place else "sent"]
        assert happened == ["lea"]


async def test_s10_the_image_for_undo_is_that_before_the_first_attempt(
    script: Script, tmp_path: Path
) -> None:
    """A repetition sees what the attempt before it did; that is not how things stood before."""
    state = {"status": "open"}
    lost: list[str] = []

    @tool(name="close", undo="restore", timeout=3)
    async def close(reason: str, *, idempotency_key: str) -> str:
        """Close it."""
        del reason
        state["status"] = "closed"
        if not lost:
            lost.append(idempotency_key)
            raise ConnectionError("lost")
        return "closed"

    @close.before
    async def _look(**_: object) -> dict[str, str]:
        return dict(state)

    @close.restore
    async def _put_back(image: dict[str, str]) -> None:
        state.update(image)

    clerk, clock = agent(close), TickingClock()
    script(clerk).calls("close", reason="done").says("done")
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="close it")

        async def retried() -> bool:
            return bool(await events(stage, run.id, StepRetried))

        await until(retried)
        await leap(stage, run, clock)
        assert await run.result() == "done"
        (outcome,) = await outcomes(stage, run.id, "close")
        assert outcome.detail["images"][0]["before"] == {"status": "open"}
        claims = await events(stage, run.id, StepClaimed)
        assert len(claims) > 1
        assert all(claim.detail["before"] == {"status": "open"} for claim in claims)
        undone = await stage.platform.undo(run.id)
        assert (await undone.result())["left"] == []
        assert state == {"status": "open"}
