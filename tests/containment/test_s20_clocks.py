"""Clocks that are set, forward or back: no halt ends by it, and nothing that is over begins anew (S15, S20)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.clock import SteadyTime
from remit.engine.flow import flow
from remit.testing import ManualClock
from remit.testing import stage as on_stage
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.containment.test_s20_outbox import HELD
from tests.engine.places import Place, ended, parked, until
from tests.gate.desk import ALL_ALLOWED, Bank, agent, desk, write_policy
from tests.gate.test_s20_approvals import PERMITS, asks

HOUR = 3_600
MOVES = st.lists(st.tuples(st.sampled_from(("pass", "set")), st.integers(-9_000, 9_000)), max_size=12)


@given(MOVES, st.integers(1, 5_000))
def test_s20_stored_times_are_over_for_leave_no_later_and_for_halts_no_earlier_than_time_has_passed(
    moves: list[tuple[str, int]], length: int
) -> None:
    """Against a reference that counts only the time that really passed."""
    clock = ManualClock()
    time, until, passed = SteadyTime(clock), clock.now() + length * 1_000_000, 0
    for how, seconds in moves:
        if how == "pass":
            passed += abs(seconds)
            clock.leap(abs(seconds))
        else:
            clock.jump(seconds)
        if passed >= length:
            assert time.latest() >= until, "what may be used until then is over"
        else:
            assert time.earliest() < until, "what forbids until then stands"
            clock_then = time.on_the_wall(until) - clock.now()
            assert clock_then >= (length - passed) * 1_000_000


@pytest.mark.parametrize("jump", [-2 * HOUR, 2 * HOUR], ids=["back", "forward"])
async def test_s20_a_halt_for_an_hour_takes_an_hour_whatever_the_clock_is_set_to(
    jump: int, bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clock, clerk = ManualClock(), agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")

    @flow
    async def asks_clerk(run: Any) -> str:
        return await run.ask(clerk, "refund o-1")

    async with desk(on_sqlite.folder, script, asks_clerk, agents=[clerk], clock=clock) as stage:
        await stage.platform.halt("agent", "clerk", within="1h")
        run = await stage.start(asks_clerk)
        await parked(run, "halted")
        clock.jump(jump)
        await clock.advance(HOUR - 60)
        for _ in range(3):
            await stage.platform.halts_changed()
            await clock.advance(10)
        assert bank.refunds == []
        await stage.platform.pause(run.id)  # whoever looks at it again comes to the same
        await stage.platform.resume(run.id)
        await parked(run, "halted")
        assert bank.refunds == []
        clock.jump(-jump)
        await clock.advance(60)

        async def over() -> bool:
            await clock.advance(0.1)  # the look that finds the halt gone is one of time
            return (await (await run.handle()).status()).ended

        await until(over)
        assert await ended(run) == "succeeded"
        assert len(bank.refunds) == 1


@pytest.mark.parametrize("jump", [-3 * HOUR, 3 * HOUR], ids=["back", "forward"])
async def test_s20_a_grant_that_is_over_does_not_come_back_with_the_clock(
    jump: int, bank: Bank, script: Script, on_sqlite: Place
) -> None:
    clock, clerk = ManualClock(), agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done").calls("refund", order="o-1")
    policy = PERMITS + asks("leads")
    async with desk(on_sqlite.folder, script, agents=[clerk], clock=clock, policy=policy) as stage:
        await stage.platform.make_grant("refund", uses=5, within="1h")
        run = await stage.start("clerk", question="refund o-1")
        assert await run.result() == "done"
        assert len(bank.refunds) == 1
        await clock.advance(HOUR + 1)
        clock.jump(jump)
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")  # somebody is asked: the grant is over
        assert len(bank.refunds) == 1


@pytest.mark.parametrize("before", [0, -2 * HOUR], ids=["forward", "back-and-forward"])
async def test_s20_what_is_held_back_for_ten_minutes_is_whatever_the_clock_is_set_to(
    before: int, bank: Bank, script: Script, place: Place
) -> None:
    clock, clerk = ManualClock(), agent(bank.refund(effect="irreversible"))
    script(clerk).calls("refund", order="o-1").says("done")
    write_policy(place.folder, ALL_ALLOWED)
    async with on_stage(
        workspace=place.folder,
        database=place.database,
        agents=[clerk],
        clock=clock,
        script=script,
        chosen=HELD,
    ) as stage:
        clock.jump(before)
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        clock.jump(2 * HOUR)
        await clock.advance(300)
        await parked(run, "human")
        await stage.platform.pause(run.id)  # whoever looks at it again comes to the same
        await stage.platform.resume(run.id)
        await clock.advance(290)
        await parked(run, "human")
        assert bank.refunds == []
        await clock.advance(20)
        assert await run.result() == "done"
        assert len(bank.refunds) == 1


async def test_s20_a_secret_or_a_rate_is_no_younger_for_a_clock_that_was_set_back(
    script: Script, on_sqlite: Place
) -> None:
    clock, called = ManualClock(), list[int]()

    @tool(effect="read", rate="1/m", name="look")
    async def look(number: int) -> int:
        """Look."""
        called.append(number)
        return number

    @flow
    async def looks(run: Any, number: int) -> str:
        try:
            return str(await run.call(look, number=number))
        except Exception as wrong:  # noqa: BLE001 - what it says is what is tested
            return str(wrong)

    async with desk(on_sqlite.folder, script, looks, clock=clock) as stage:
        assert await (await stage.start(looks, number=1)).result() == "1"
        clock.jump(HOUR)
        assert "may be called 1 times" in await (await stage.start(looks, number=2)).result()
        clock.jump(-HOUR)
        await clock.advance(61)
        assert await (await stage.start(looks, number=3)).result() == "3"
    assert called == [1, 3]
