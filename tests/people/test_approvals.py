"""Who may agree, to what exactly, and how often: separation of duties, several people, edits, questions, handing on."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from remit.control.ground.ground import bearer
from remit.control.office import Office
from remit.control.settings import Settings
from remit.control.upkeep.checking import check
from remit.domain.action_errors import BadArguments
from remit.domain.errors import AlreadyDecided, InvalidInput, UnknownApproval
from remit.domain.events import ApprovalDecided, StepClaimed, WaitClosed
from remit.domain.people_errors import (
    AlreadyVoted,
    ApprovalChanged,
    ApprovalExpired,
    ForeignApproval,
    KeyNeeded,
    KeyUnknown,
    NotAllowed,
    NotAPerson,
    OwnRequest,
)
from remit.domain.people_events import ApprovalVoted
from remit.engine.outside import team_stream
from remit.store.database import Commit, Op
from remit.testing import ManualClock
from remit.testing.scripting import Script
from tests.engine.places import ended, events, parked, until
from tests.gate.desk import Bank, agent, desk, heard, outcomes, write_policy
from tests.people.crew import EVERYTHING, Crew, crew


def asks(group: str = "leads", when: str = "true", rule: str = "large", more: str = "") -> str:
    """A rule that lets a group agree to refunds."""
    return (
        f'@id("{rule}") @ask("{group}") {more} @reason("refunds are looked at")\n'
        f'forbid (principal, action == Action::"call", resource == Tool::"refund") when {{ {when} }};\n'
    )


async def test_separation_of_duties_holds_whatever_the_rules_say(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    everybody = '@id("all") permit (principal, action == Action::"approve", resource);\n'
    async with crew(tmp_path, script, clerk, policy=asks() + everybody, database=database) as people:
        run = await people.start("lea")
        await parked(run, "human")
        question = await people.question()
        assert question.requester == "lea"
        with pytest.raises(KeyNeeded, match="needs a key"):
            await people.stage.platform.approve(question.id)
        with pytest.raises(OwnRequest, match="lea asked for"):
            await (await people.as_("lea")).approve(question.id)
        with pytest.raises(OwnRequest):
            await (await people.as_("lea")).delegate(question.id, "max")
        with pytest.raises(NotAPerson, match="robot is a service"):
            await (await people.as_("robot")).approve(question.id)
        with pytest.raises(NotAllowed, match="in the name of"):
            await (await people.as_("max")).approve(question.id, by="dora")
        assert bank.refunds == []
        await (await people.as_("max")).approve(question.id)
        assert await run.result() == "done"
        claim = (await events(people.stage, run.id, StepClaimed))[0].detail
        assert claim["agreed"] == {"large": "max"}
        assert claim["consents"] == [question.id]


async def test_who_is_not_of_the_group_may_not_decide_and_amounts_choose_the_group(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    tiers = (
        asks("leads", "context.cents > 1000 && context.cents <= 100000", "some")
        + asks("directors", "context.cents > 100000", "much", '@quorum("1") @within("4h") @escalate("owners")')
    )  # fmt: skip
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).calls("refund", order="o-2", cents=50_000)
    script(clerk).calls("refund", order="o-3", cents=500_000).says("done")
    async with crew(tmp_path, script, clerk, policy=tiers) as people:
        run = await people.start("nia")
        for group, right, wrong in (("leads", "lea", "dora"), ("directors", "dora", "lea")):
            await parked(run, "human")
            question = await people.question()
            assert question.group == group
            with pytest.raises(NotAllowed, match=f"{wrong} may not decide"):
                await (await people.as_(wrong)).approve(question.id)
            assert [each.mine for each in await (await people.as_(right)).inbox()] == [True]
            paid = len(bank.refunds)
            await (await people.as_(right)).approve(question.id)
            await until(lambda paid=paid: len(bank.refunds) > paid)
        assert await run.result() == "done"
        assert [cents for _, cents, _ in bank.refunds] == [500, 50_000, 500_000]


async def test_a_quorum_needs_different_people_and_counts_a_voice_once(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks(more='@quorum("2")'), database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        lea, max_ = await people.as_("lea"), await people.as_("max")
        said = await lea.approve(question.id)
        assert (said.status, said.votes, said.needed) == ("counted", 1, 2)
        with pytest.raises(AlreadyVoted, match="lea has agreed"):
            await (await people.stage.platform.acting_as((await lea.new_key()).key)).approve(question.id)
        assert bank.refunds == []
        assert (await people.question()).agreed == ["lea"]
        await people.stage.crash_and_restart()
        max_ = await people.as_("max")
        assert (await max_.approve(question.id)).status == "approved"
        assert await run.result() == "done"
        claim = (await events(people.stage, run.id, StepClaimed))[0].detail
        assert claim["agreed"] == {"large": "lea, max"}
        log, _ = await people.stage.platform.ground.log.read(team_stream("default"))
        kinds = [type(entry.event) for entry in log]
        assert kinds.count(ApprovalVoted) == kinds.count(ApprovalDecided) == 1


async def test_s28_who_changes_a_call_does_not_agree_to_it_and_it_says_who_did_what(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        seen = await people.question()
        lea, max_ = await people.as_("lea"), await people.as_("max")
        with pytest.raises(BadArguments):
            await lea.approve(seen.id, value={"arguments": {"order": "o-1", "cents": "many"}})
        said = await lea.approve(seen.id, value={"arguments": {"order": "o-1", "cents": 50}})
        assert said.status == "edited"
        assert bank.refunds == []
        with pytest.raises(OwnRequest, match="lea changed"):
            await lea.approve(seen.id)
        with pytest.raises(ApprovalChanged, match="not what you looked at"):
            await max_.approve(seen.id, digest=seen.digest)
        now = await people.question()
        assert (now.edited_by, now.value["arguments"]["cents"]) == ("lea", 50)
        await max_.approve(seen.id, digest=now.digest)
        assert await run.result() == "done"
        assert bank.refunds == [("o-1", 50, "")]
        assert "lea changed the arguments" in told[0]
        (outcome,) = await outcomes(people.stage, run.id, "refund")
        assert (outcome.detail["edited"]["by"], outcome.detail["edited"]["asked"]["cents"]) == ("lea", 500)
        claim = (await events(people.stage, run.id, StepClaimed))[0].detail
        assert claim["agreed"] == {"large": "max"}
        assert (await people.stage.platform.replay(run.id)).verdict == "equal"


async def test_s28_a_change_needs_authority_of_ones_own(bank: Bank, script: Script, tmp_path: Path) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "sorry")
    not_lea = '@id("not-lea") forbid (principal == User::"lea", action == Action::"call", resource);\n'
    async with crew(tmp_path, script, clerk, policy=asks() + not_lea) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        await (await people.as_("lea")).approve(
            question.id, value={"arguments": {"order": "o-1", "cents": 5}}
        )
        await (await people.as_("max")).approve(question.id)
        assert await run.result() == "sorry"
        assert bank.refunds == []
        assert "lea may not call refund" in told[0]


async def test_asking_back_and_handing_on(bank: Bank, script: Script, tmp_path: Path) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks()) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        lea, nia, dora = await people.as_("lea"), await people.as_("nia"), await people.as_("dora")
        with pytest.raises(NotAllowed):
            await dora.ask_back(question.id, "why?")
        await lea.ask_back(question.id, "why so much?")
        with pytest.raises(NotAllowed, match="asked back of nia"):
            await dora.answer(question.id, "because")
        await nia.answer(question.id, "it arrived broken")
        card = await people.question()
        assert [(note.kind, note.by, note.text) for note in card.notes] == [
            ("question", "lea", "why so much?"), ("answer", "nia", "it arrived broken"),
        ]  # fmt: skip
        with pytest.raises(OwnRequest):
            await lea.delegate(question.id, "nia")
        with pytest.raises(InvalidInput, match="nobody here"):
            await lea.delegate(question.id, "boss")
        await lea.delegate(question.id, "dora", "yours")
        assert (await people.question()).assignee == "dora"
        with pytest.raises(NotAllowed, match="lea may not decide"):
            await lea.approve(question.id)
        await dora.approve(question.id)
        assert await run.result() == "done"


async def test_an_answer_that_comes_too_late_is_none(bank: Bank, script: Script, tmp_path: Path) -> None:
    clock = ManualClock()
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "then not")
    policy = asks(more='@within("1h")')
    async with crew(tmp_path, script, clerk, policy=policy, clock=clock) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        people.stage.die()
        await people.stage.up(worker=False)
        await clock.advance(3601)
        with pytest.raises(ApprovalExpired, match="is over"):
            await (await people.as_("lea")).approve(question.id)
        await people.stage.crash_and_restart()
        assert await run.result() == "then not"
        assert bank.refunds == []
        assert "nobody agreed to refund in time" in told[0]
        with pytest.raises(ApprovalExpired, match="expired already"):
            await (await people.as_("lea")).approve(question.id)
        with pytest.raises(UnknownApproval):
            await (await people.as_("lea")).approve("a-nothing")


async def test_a_question_of_another_team_is_none_of_ours(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        lea = await people.as_("lea")
        other = replace(lea.ground.principal, team="others")
        stranger = Office(replace(lea.ground, principal=other), lea.dispatcher)
        for said in (stranger.approve, stranger.reject, stranger.question):
            with pytest.raises(ForeignApproval, match="another team"):
                await said(question.id)
        assert await stranger.inbox() == []
        ground = lea.ground
        with pytest.raises(KeyUnknown, match="opens nothing"):
            await bearer(ground.database, ground.keys, people.keys["lea"], "others", ground.clock.now())
        await lea.approve(question.id)
        assert await run.result() == "done"


@pytest.mark.parametrize("second", ["approve", "reject", "cancel"])
async def test_of_two_answers_at_once_one_counts(
    second: str, database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500)
    if second != "cancel":
        script(clerk).says("done")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        lea, max_ = await people.as_("lea"), await people.as_("max")
        other = {
            "approve": lambda: max_.approve(question.id), "reject": lambda: max_.reject(question.id, "no"),
            "cancel": lambda: max_.cancel(run.id),
        }[second]  # fmt: skip
        said = await asyncio.gather(lea.approve(question.id), other(), return_exceptions=True)
        wrong = [each for each in said if isinstance(each, BaseException)]
        assert all(isinstance(each, AlreadyDecided) for each in wrong), said
        status = await ended(run)
        closed = await events(people.stage, run.id, WaitClosed)
        if second == "cancel":
            assert status != "succeeded"
            assert len(bank.refunds) <= 1
        else:
            assert (len(wrong), len(closed)) == (1, 1)
            assert len(bank.refunds) == (closed[0].how == "approved")


async def test_a_yes_and_the_end_of_time_at_once_are_one_answer(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clock, clerk = ManualClock(), agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    policy = asks(more='@within("1h")')
    async with crew(tmp_path, script, clerk, policy=policy, database=database, clock=clock) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        lea = await people.as_("lea")
        said, _ = await asyncio.gather(
            lea.approve(question.id), clock.advance(3601), return_exceptions=True
        )  # fmt: skip
        assert await run.result() == "done"
        (closed,) = await events(people.stage, run.id, WaitClosed)
        counted = not isinstance(said, BaseException)
        assert counted or isinstance(said, AlreadyDecided), said
        assert closed.how == ("approved" if counted else "expired")
        assert len(bank.refunds) == counted


@pytest.mark.parametrize("state", ["used = 1", "status = 'withdrawn'"])
async def test_s20_a_consent_that_does_not_stand_any_more_is_refused_in_the_claim(
    state: str, database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    """Between the verdict and the claim somebody used it, or took it back."""
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=500)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "sorry")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        people.stage.die()
        await people.stage.up(worker=False)
        await (await people.as_("lea")).approve(question.id)
        store = people.stage.platform.ground.database
        if state == "used = 1":
            await store.submit(Commit(ops=[Op("consents.use_approval", (question.id, 0), one=True)]))
        else:
            await store.run_script(f"UPDATE approvals SET {state} WHERE id = '{question.id}';")  # noqa: S608
        await people.stage.crash_and_restart()
        assert await run.result() == "sorry"
        assert bank.refunds == []
        assert "was used already, or was taken back" in told[0]
        (outcome,) = await outcomes(people.stage, run.id, "refund")
        assert outcome.error == "approval_consumed"


async def test_s21_a_consent_to_another_definition_of_the_tool_does_not_count(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks()) as people:
        run = await people.start("nia")
        await parked(run, "human")
        first = await people.question()
    changed = agent(bank.refund(owner="somebody-else"))
    async with desk(tmp_path, script, agents=[changed], policy=EVERYTHING + asks()) as stage:
        again = Crew(stage, tmp_path, "", [changed], people.keys)
        await (await again.as_("lea")).approve(first.id)

        async def asked_again() -> bool:
            return [item.id != first.id for item in await stage.inbox()] == [True]

        await until(asked_again)
        assert bank.refunds == []
        await (await again.as_("lea")).approve((await again.question()).id)
        assert await stage.run(run.id).result() == "done"
        assert len(bank.refunds) == 1


async def test_a_quorum_where_there_is_nobody_else_says_what_to_do(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")
    rules = EVERYTHING + asks(more='@quorum("2")')
    async with desk(tmp_path, script, agents=[clerk], policy=rules) as stage:
        run = await stage.start("clerk", question="refund")
        await parked(run, "human")
        (item,) = await stage.inbox()
        assert (await stage.platform.approve(item.id)).status == "counted"
        with pytest.raises(AlreadyVoted, match="this workspace has no users") as refused:
            await stage.platform.approve(item.id)
        assert "remit user add" in refused.value.hint
        for folder in (tmp_path, tmp_path / "fresh"):
            folder.mkdir(exist_ok=True)
            write_policy(folder, rules)
            found = [
                each for each in (await check(folder, Settings(code=()))).problems if each.check == "in force"
            ]
            assert [each.severity for each in found] == ["error"]
            assert "asks for 2 different people, and this workspace has no users" in found[0].message
            assert "remit user add" in found[0].remedy
        await run.reject(by="lea")
        await run.result()
        await stage.platform.add_person("ada", ["admin"])
        (found,) = [
            each
            for each in (await check(tmp_path, Settings(code=()))).problems
            if "different people" in each.message
        ]
        assert "has one user" in found.message
    assert bank.refunds == []
