"""Halts: whoever is halted acts no more, from when that is in the log on; nothing is lost by it (S20, S10)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit.domain.action_events import ActionHeld
from remit.domain.errors import StoreUnavailable
from remit.domain.events import StepClaimed, StepFailed, StepRetried, StepUnknown
from remit.domain.halt_errors import Halted, HaltsUnknown, UnknownHalt
from remit.domain.halt_events import HaltLifted, HaltOpened
from remit.engine.execution import Execution
from remit.engine.flow import flow
from remit.engine.outside import WORKSPACE_STREAM, team_stream
from remit.engine.run import Run
from remit.gate.containment.board import HaltBoard
from remit.store.database import Commit, Conflict, Op
from remit.testing import ManualClock
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.engine.places import Place, ended, events, parked, until
from tests.gate.desk import Bank, agent, desk, outcomes


async def test_s20_a_halted_agent_parks_and_goes_on_after_the_lift(
    bank: Bank, script: Script, place: Place
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").calls("refund", order="o-2").says("done")
    bank.may_answer.clear()
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        first = await stage.start("clerk", question="refund o-1 and o-2")
        await bank.arrived.wait()
        halt = await stage.platform.halt("agent", "clerk", reason="it pays too much")
        with pytest.raises(Halted, match="it pays too much"):
            await stage.start("clerk", question="once more")
        await parked(first, "unknown")  # the write under way was interrupted, and nobody knows
        (unknown,) = await events(stage, first.id, StepUnknown)
        assert "interrupted: agent clerk is halted by owner: it pays too much" in str(unknown)
        bank.may_answer.set()
        await stage.crash_and_restart()
        await first.approve(100)  # it did take place
        await parked(first, "halted")
        assert len(bank.refunds) == 1
        (lifted,) = await stage.platform.lift(halt.id, "mended")
        assert lifted.state == "lifted"
        assert await first.result() == "done"
        assert [order for order, _, _ in bank.refunds] == ["o-1", "o-2"]
        log = stage.platform.ground.log
        kinds = [each.event for each in (await log.read(team_stream("default")))[0]]
        assert [type(each) for each in kinds if isinstance(each, HaltOpened | HaltLifted)] == [
            HaltOpened,
            HaltLifted,
        ]


async def test_s20_a_claim_is_held_against_the_halts_in_its_own_commit(place: Place) -> None:
    """The process has not heard of the halt yet, however that came."""
    async with place.stage(worker=False) as stage:
        database = stage.platform.ground.database

        async def claims(path: str, version: int) -> None:
            opened = Op("writes.open", ("r-1", path, path), one=True)
            await database.submit(Commit(ops=[opened, Op("halts.pass", ("r-1", path, version), one=True)]))

        await claims("a", 0)
        halt = await stage.platform.halt("all")
        with pytest.raises(Conflict, match=r"halts\.pass"):
            await claims("b", 0)
        assert [row[0] for row in await database.fetch("halts.standing")] == [halt.id]
        await claims("c", 1)
        await stage.platform.lift("all")
        with pytest.raises(Conflict):
            await claims("d", 1)
        kinds = [type(e.event) for e in (await stage.platform.ground.log.read(WORKSPACE_STREAM))[0]]
        assert kinds[-2:] == [HaltOpened, HaltLifted]


async def test_s20_a_process_that_was_not_told_is_stopped_at_its_claim(
    bank: Bank, script: Script, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its board is deaf; the database says no, the run is decided again, and then it knows."""
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        board = stage.platform._parts.house.gate.parts.halts
        looks = board.look
        deaf = True

        async def look() -> None:
            if deaf:
                board._seen = board._clock.boot()
            else:
                await looks()

        monkeypatch.setattr(board, "look", look)
        refused = asyncio.Event()
        lose = Execution.lose

        def lost(self: Execution, why: BaseException, path: str = "") -> None:
            nonlocal deaf
            assert "halts.pass" in str(why)
            deaf = False
            refused.set()
            lose(self, why, path)

        monkeypatch.setattr(Execution, "lose", lost)
        async with place.stage(worker=False) as other:
            halt = await other.platform.halt("tool", "refund")
        run = await stage.start("clerk", question="refund o-1")
        await refused.wait()
        assert await run.result() == "done"
        assert bank.refunds == []
        (failed,) = await outcomes(stage, run.id, "refund")
        assert isinstance(failed, StepFailed)
        assert failed.error == "halted"
        assert halt.id in str(failed.detail)


@pytest.mark.parametrize("scope", ["all", "team", "agent", "release", "principal", "run"])
async def test_s20_every_scope_stops_what_it_names_and_nothing_else(
    scope: str, bank: Bank, script: Script, place: Place
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        await stage.platform.halt("agent", "another")
        bank.may_answer.clear()
        run = await stage.start("clerk", question="refund o-1")
        await bank.arrived.wait()
        row = await (await run.handle()).row()
        names = {
            "all": "", "team": row.team, "agent": "clerk", "release": row.pin[:12], "principal": "owner", "run": run.id,
        }  # fmt: skip
        await stage.platform.halt(scope, names[scope])
        await parked(run, "unknown")
        bank.may_answer.set()
        await run.reject("it did not")
        await parked(run, "halted")
        await stage.platform.lift(scope if scope == "all" else f"{scope}:{names[scope]}")
        assert await run.result() == "done"
        assert len(bank.refunds) == 2


async def test_s20_a_read_under_way_is_cancelled_and_made_again_after_the_lift(
    script: Script, place: Place
) -> None:
    begun, may = asyncio.Event(), asyncio.Event()
    seen: list[str] = []

    @tool(effect="read", timeout=60)
    async def slow(page: str) -> str:
        """Look something up, slowly."""
        begun.set()
        await may.wait()
        seen.append(page)
        return page

    clerk = agent(slow)
    script(clerk).calls("slow", page="one").says("done")
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        run = await stage.start("clerk", question="look it up")
        await begun.wait()
        await stage.platform.halt("run", run.id)
        await parked(run, "halted")
        assert seen == []
        (again,) = await events(stage, run.id, StepRetried)
        assert again.error == "CalledOff"
        may.set()
        await stage.crash_and_restart()
        assert (await run.status()).value in {"parked", "running"}
        await stage.platform.lift(f"run:{run.id}")
        assert await run.result() == "done"
        assert seen == ["one"]


async def test_s20_a_halted_tool_and_a_halted_model_are_refused_and_the_run_goes_on(
    bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("could not")
    async with desk(on_sqlite.folder, script, agents=[clerk]) as stage:
        await stage.platform.halt("tool", "refund", reason="the bank is closed")
        run = await stage.start("clerk", question="refund o-1")
        assert await run.result() == "could not"
        assert bank.refunds == []
        (failed,) = await outcomes(stage, run.id, "refund")
        assert "the bank is closed" in failed.message
        await stage.platform.lift("tool:refund")
        (asked, *_) = await outcomes(stage, run.id, "model")
        model = asked.detail["model"]
        await stage.platform.halt("model", model, reason="it was withdrawn")
        script(clerk).says("it would have said")
        late = await stage.start("clerk", question="refund o-2")
        assert await ended(late) == "failed"
        (failed,) = await outcomes(stage, late.id, "model")
        assert "it was withdrawn" in str(failed)
        await stage.platform.lift(f"model:{model}")
        assert await (await stage.start("clerk", question="refund o-2")).result() == "it would have said"


async def test_s20_steps_of_a_flow_stand_still_too(on_sqlite: Place) -> None:
    """A halt of the run, or of everything, also stops code that passes no gate."""
    gate = asyncio.Event()
    done: list[int] = []

    @flow
    async def plain(run: Run) -> int:
        async def step(number: int) -> int:
            await gate.wait()
            done.append(number)
            return number

        await run.step(step, 1)
        await run.step(step, 2)
        return len(done)

    async with on_sqlite.stage(plain) as stage:
        run = await stage.start(plain)
        await stage.platform.halt("all", reason="stand still")
        await until(lambda: stage.platform._parts.house.gate.parts.halts.any)
        gate.set()
        await parked(run, "halted")
        assert done == [1]
        await stage.platform.lift("all")
        assert await run.result() == 2


async def test_s20_a_halt_for_a_while_ends_by_itself_and_a_halted_run_can_be_cancelled(
    bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clock = ManualClock()
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")

    @flow
    async def asks(run: Any) -> str:
        return await run.ask(clerk, "refund o-1")

    async with desk(on_sqlite.folder, script, asks, agents=[clerk], clock=clock) as stage:
        await stage.platform.halt("agent", "clerk", within="1h")
        first, second = await stage.start("asks"), await stage.start("asks")
        await parked(first, "halted")
        await parked(second, "halted")
        assert [each.detail["halt"] for each in await events(stage, first.id, ActionHeld)]
        await second.cancel()
        assert await ended(second) == "cancelled"
        await clock.advance(3_600)
        assert await first.result() == "done"
        assert (await stage.platform.halts(everything=True))[0].state == "ended"
        assert await stage.platform.halts() == []


async def test_s20_a_claim_that_a_kill_left_open_is_not_repeated_under_a_halt(
    bank: Bank, script: Script, place: Place
) -> None:
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        with crash_at("write.performed", stage.die) as reached:
            run = await stage.start("clerk", question="refund o-1")
            await until(lambda: "write.performed" in reached)
        assert len(bank.refunds) == 1
        async with place.stage(worker=False) as other:
            await other.platform.halt("agent", "clerk")
        await stage.up()
        await parked(run, "halted")
        assert len(bank.refunds) == 1
        await stage.platform.lift("agent:clerk")
        assert await run.result() == "done"
        assert len(bank.paid) == 1
        assert len(await events(stage, run.id, StepClaimed)) == 2


async def test_s20_what_cannot_be_read_for_too_long_forbids_everything(on_sqlite: Place) -> None:
    """The board answers out of memory for as long as it may be old, and then nothing may act."""
    clock = ManualClock()
    async with on_sqlite.stage(worker=False, clock=clock) as stage:
        ground = stage.platform.ground

        class Away:
            async def fetch(self, *_: object) -> list[tuple[Any, ...]]:
                raise StoreUnavailable("the database does not answer")

        board = HaltBoard(ground.database, ground.log, clock, age=5.0)
        await board.require()
        board._database = Away()  # pyright: ignore[reportAttributeAccessIssue]
        clock.jump(3_600)  # set forward, it makes nothing old
        clock.leap(4.999)
        await board.require()
        clock.leap(0.002)
        clock.jump(-3_605)  # set back, it makes nothing young
        with pytest.raises(HaltsUnknown, match="does not answer"):
            await board.require()
        with pytest.raises(HaltsUnknown):
            await HaltBoard(Away(), ground.log, clock).require()  # pyright: ignore[reportArgumentType]


async def test_s20_no_halt_can_be_made_or_lifted_that_means_nothing(on_sqlite: Place) -> None:
    async with on_sqlite.stage(worker=False) as stage:
        for scope, target in (("agent", ""), ("moon", "x"), ("agent", "a\nb"), ("run", "r-nothing")):
            with pytest.raises(Exception, match=r".") as wrong:
                await stage.platform.halt(scope, target)
            assert getattr(wrong.value, "exit_code", 0) == 2
        with pytest.raises(UnknownHalt):
            await stage.platform.lift("agent:nobody")
        made = await stage.platform.halt("agent", "x")
        await stage.platform.lift(made.id)
        with pytest.raises(UnknownHalt):
            await stage.platform.lift(made.id)
