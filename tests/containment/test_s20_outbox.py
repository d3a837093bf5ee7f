"""The undo window: what cannot be undone is held back, can be called back, and is decided again when it is let go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from remit.control.running.containing import hold_back
from remit.control.settings import OutboxSettings, Settings
from remit.domain.effects import Effect
from remit.domain.errors import InvalidSetting
from remit.domain.events import StepClaimed
from remit.gate.containment.outbox import Outbox
from remit.testing import ManualClock, stage
from remit.testing.scripting import Script
from tests.engine.places import Place, ended, events, parked
from tests.gate.desk import ALL_ALLOWED, Bank, agent, outcomes, write_policy

HELD = replace(Settings(), outbox=OutboxSettings(window="10m"))
DENIES = '@id("no-refunds") forbid (principal, action == Action::"call", resource == Tool::"refund");\n'


async def test_s20_an_irreversible_call_waits_survives_a_restart_and_takes_place_in_the_end(
    bank: Bank, script: Script, place: Place
) -> None:
    clerk, clock = agent(bank.refund(effect=Effect.IRREVERSIBLE)), ManualClock()
    script(clerk).calls("refund", order="o-1").says("done")
    write_policy(place.folder, ALL_ALLOWED)
    async with stage(
        workspace=place.folder,
        database=place.database,
        agents=[clerk],
        clock=clock,
        script=script,
        chosen=HELD,
    ) as made:
        run = await made.start("clerk", question="refund o-1")
        await parked(run, "human")
        (item,) = await made.platform.inbox()
        assert item.due == clock.now() + 600_000_000
        assert [each.tool for each in await made.platform.held(run.id)] == ["refund"]
        await made.crash_and_restart()
        await clock.advance(599)
        assert bank.refunds == []
        assert (await (await run.handle()).row()).reason == "human"
        await clock.advance(2)
        assert await run.result() == "done"
        assert len(bank.refunds) == 1
        (claim,) = await events(made, run.id, StepClaimed)
        assert claim.detail["agreed"] == {"outbox": "policy"}
        assert (await made.platform.inbox_numbers()).asked == 0


async def test_s20_what_is_called_back_is_not_done_and_the_run_is_told(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, clock = agent(bank.refund(effect=Effect.IRREVERSIBLE)), ManualClock()
    script(clerk).calls("refund", order="o-1").says("it was called back")
    write_policy(tmp_path, ALL_ALLOWED)
    async with stage(workspace=tmp_path, agents=[clerk], clock=clock, script=script, chosen=HELD) as made:
        run = await made.start("clerk", question="refund o-1")
        await parked(run, "human")
        (back,) = await made.platform.call_back(run.id, "wrong order")
        assert back.tool == "refund"
        assert await run.result() == "it was called back"
        assert bank.refunds == []
        assert await made.platform.call_back(run.id) == []
        (failed,) = await outcomes(made, run.id, "refund")
        assert "wrong order" in failed.message


async def test_s20_what_is_let_go_is_decided_by_the_rules_of_then(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, clock = agent(bank.refund(effect=Effect.IRREVERSIBLE)), ManualClock()
    script(clerk).calls("refund", order="o-1").says("not allowed any more")
    write_policy(tmp_path, ALL_ALLOWED)
    async with stage(workspace=tmp_path, agents=[clerk], clock=clock, script=script, chosen=HELD) as made:
        run = await made.start("clerk", question="refund o-1")
        await parked(run, "human")
        await made.down()
        write_policy(tmp_path, ALL_ALLOWED + DENIES)
        await made.up()
        await clock.advance(601)
        assert await run.result() == "not allowed any more"
        assert bank.refunds == []


async def test_s20_a_halt_during_the_window_keeps_it_from_being_let_go_and_a_cancel_ends_it(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, clock = agent(bank.refund(effect=Effect.IRREVERSIBLE)), ManualClock()
    script(clerk).calls("refund", order="o-1")
    write_policy(tmp_path, ALL_ALLOWED)
    async with stage(workspace=tmp_path, agents=[clerk], clock=clock, script=script, chosen=HELD) as made:
        run = await made.start("clerk", question="refund o-1")
        await parked(run, "human")
        await made.platform.halt("agent", "clerk")
        await clock.advance(601)
        await parked(run, "halted")
        assert bank.refunds == []
        await run.cancel()
        assert await ended(run) == "cancelled"
        assert bank.refunds == []
        assert await made.platform.inbox() == []


@pytest.mark.parametrize(
    ("environment", "window", "tools", "effect", "expected"),
    [
        ("dev", "", (), Effect.IRREVERSIBLE, 0.0),
        ("prod", "", (), Effect.IRREVERSIBLE, 600.0),
        ("prod", "0", (), Effect.IRREVERSIBLE, 0.0),
        ("prod", "1h", (), Effect.WRITE, 0.0),
        ("dev", "", ("refund=5m",), Effect.WRITE, 300.0),
        ("prod", "", ("refund=0",), Effect.IRREVERSIBLE, 0.0),
        ("prod", "", ("refund=5m",), Effect.READ, 0.0),
    ],
)
async def test_how_long_a_call_is_held_back_is_for_operators_to_say(
    environment: str, window: str, tools: tuple[str, ...], effect: Effect, expected: float, bank: Bank,
) -> None:  # fmt: skip
    outbox = Outbox()
    hold_back(outbox, window, tools, environment)
    assert outbox.holds(bank.refund(effect=effect).manifest) == expected
    with pytest.raises(InvalidSetting):
        hold_back(outbox, "soon", (), environment)
