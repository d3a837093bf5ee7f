"""Actions that a person has to agree to: the consent is for exactly this action and these terms, it is used once, and
what was held is decided again (S20, S21, S28).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import BadArguments
from remit.domain.action_events import ActionHeld
from remit.domain.errors import InvalidInput
from remit.domain.events import StepClaimed, WaitOpened
from remit.testing import ManualClock
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from tests.engine.places import events, parked, until
from tests.gate.desk import Bank, agent, desk, heard, outcomes, write_policy

PERMITS = '@id("everything") permit (principal, action, resource);\n'


def asks(group: str, rule: str = "large", when: str = "true", treatment: str = "ask") -> str:
    """A rule that lets a group agree to refunds."""
    return (
        f'@id("{rule}") @{treatment}("{group}") @reason("refunds are looked at")\n'
        f'forbid (principal, action == Action::"call", resource == Tool::"refund") when {{ {when} }};\n'
    )


DENIES = '@id("no-refunds") forbid (principal, action == Action::"call", resource == Tool::"refund");\n'


async def test_s20_what_was_held_is_decided_again_and_the_approval_is_used_once(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).calls("refund", order="o-1", cents=500).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        assert bank.refunds == []
        await stage.crash_and_restart()
        await run.approve(by="lea")
        await until(lambda: len(bank.refunds) == 1)
        await parked(run, "human")  # the same call again is another action, and asked about again
        assert len(bank.refunds) == 1
        await run.reject("once is enough", by="lea")
        assert await run.result() == "done"
        assert len(bank.refunds) == 1
        first, second = await events(stage, run.id, WaitOpened)
        assert first.value["digest"] != second.value["digest"]
        claim = (await events(stage, run.id, StepClaimed))[0].detail
        assert (claim["decision"], claim["agreed"]) == ("allow", {"large": "lea"})


async def test_s20_a_policy_that_says_no_by_now_wins_over_a_yes(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "sorry")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        stage.die()
        write_policy(tmp_path, PERMITS + asks("leads") + DENIES)
        await stage.up()
        await run.approve(by="lea")
        assert await run.result() == "sorry"
        assert bank.refunds == []
        assert "default.cedar:4" in told[0]
        (outcome,) = await outcomes(stage, run.id, "refund")
        assert outcome.error == "denied"


@pytest.mark.parametrize("point", ["wait.closed", "claim.before", "claim.recorded", "receipt.recorded"])
async def test_s20_an_approval_survives_a_crash_and_counts_once(
    point: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        with crash_at(point, stage.die) as reached:
            await run.approve(by="lea")
            await until(lambda: point in reached)
        await stage.up()
        assert await run.result() == "done"
        assert len(bank.paid) == 1
        assert len(await events(stage, run.id, WaitOpened)) == 1, "nobody was asked twice"


async def test_s20_a_deferred_action_waits_for_its_time_and_is_decided_then(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clock = ManualClock()
    later = '@id("later") @defer("2099-01-01T00:00:00Z") '
    rule = 'forbid (principal, action == Action::"call", resource == Tool::"refund");\n'
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + later + rule, clock=clock) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "timer")
        assert bank.refunds == []
        held = await events(stage, run.id, ActionHeld)
        assert held[0].detail["until"] > clock.now()
        stage.die()
        write_policy(tmp_path, PERMITS)  # the rule is gone, the wait is not
        await stage.up()
        await clock.advance(80 * 366 * 86400)
        assert await run.result() == "done"
        assert len(bank.refunds) == 1


# --- S21 ------------------------------------------------------------------------------------------------------


async def test_s21_stricter_terms_ask_again_and_other_edits_do_not(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        before = (await events(stage, run.id, ActionHeld))[0].detail["policy"]
        stage.die()
        write_policy(
            tmp_path, PERMITS + asks("directors") + '@id("more") permit (principal, action, resource);\n'
        )
        await stage.up()
        assert (await stage.inbox())[0].group == "leads", "what was asked stays as it was asked"
        await run.approve(by="lea")

        async def asked_again() -> bool:
            return [item.group for item in await stage.inbox()] == ["directors"]

        await until(asked_again)
        assert bank.refunds == []
        stage.die()
        write_policy(
            tmp_path, PERMITS + asks("directors") + '@id("other") permit (principal, action, resource);\n'
        )
        await stage.up()
        await run.approve(by="dora")
        assert await run.result() == "done"
        claim = (await events(stage, run.id, StepClaimed))[0].detail
        now, then = claim["agreed"]
        assert (claim["agreed"][now], claim["agreed"][then]) == ("dora", "lea"), (
            "who was asked first counts, too"
        )
        assert (now, then.partition(" ")[0]) == ("large", "large")
        assert claim["policy"] != before, "the version is recorded, and was not matched"
        assert len(await events(stage, run.id, WaitOpened)) == 2


async def test_s21_a_rejection_stands_though_the_rule_is_gone(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("I was told no")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        stage.die()
        write_policy(tmp_path, PERMITS)
        await stage.up()
        await run.reject("no", by="lea")
        assert await run.result() == "I was told no"
        assert bank.refunds == []


async def test_s21_a_consent_is_for_these_arguments_and_no_others(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=1).calls("refund", order="o-1", cents=90_000).says(
        "done"
    )
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        await run.approve()
        await until(lambda: bool(bank.refunds))
        await parked(run, "human")
        assert bank.refunds == [("o-1", 1, "")]
        await run.reject()
        assert await run.result() == "done"


# --- S28 ------------------------------------------------------------------------------------------------------


async def test_s28_an_edited_call_says_what_was_executed_and_who_changed_it(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        await run.approve({"arguments": {"order": "o-1", "cents": 50}}, by="lea")
        assert await run.result() == "done"
        assert bank.refunds == [("o-1", 50, "")]
        assert "lea changed the arguments" in told[0]
        assert "50" in told[0]
        (outcome,) = await outcomes(stage, run.id, "refund")
        edited = outcome.detail["edited"]
        assert (edited["by"], edited["asked"]["cents"], edited["arguments"]["cents"]) == ("lea", 500, 50)
        opened = (await events(stage, run.id, WaitOpened))[0]
        assert opened.value["arguments"]["cents"] == 500, "the original call stays in history"
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"arguments": {"order": "o-1", "cents": "many"}}, "cents"),
        ({"arguments": {"order": "o-1", "surprise": 1}}, "surprise"),
        ("whatever", "no set of arguments"),
    ],
)
async def test_s28_an_edit_that_does_not_fit_is_refused_at_once_and_the_question_stays_open(
    edit: Any, said: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads")) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        with pytest.raises((BadArguments, InvalidInput), match=said):
            await run.approve(edit, by="lea")
        assert bank.refunds == []
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert len(bank.refunds) == 1


@pytest.mark.parametrize(
    ("edit", "code", "said"),
    [({"arguments": {"order": "o-1", "cents": 9_999}}, "denied", "default.cedar:4")],
)
async def test_s28_edited_values_are_decided_again(
    edit: Any, code: str, said: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    too_much = (
        '@id("too-much") forbid (principal, action == Action::"call", resource == Tool::"refund") '
        "when { context has cents && context.cents > 1000 };\n"
    )
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + asks("leads") + too_much) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "human")
        await run.approve(edit, by="lea")
        assert await run.result() == "done"
        assert bank.refunds == []
        assert said in told[0]
        (outcome,) = await outcomes(stage, run.id, "refund")
        assert outcome.error == code
