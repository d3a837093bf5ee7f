"""Ways around the gate through what somebody agreed to: edits, stale digests, second uses, restarts, clocks, rules
and groups that change in between. A yes is for exactly one action, under the rules of the moment of the act (S20, S21,
S28).
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import cast

import pytest

from remit import Run, flow
from remit.domain.errors import RunFailed
from remit.domain.events import StepClaimed, WaitOpened
from remit.domain.people_errors import KeyRevoked
from remit.testing import ManualClock, StagedRun
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from tests.engine.places import events, parked, until
from tests.gate.canary import Canary, come_into_force
from tests.gate.desk import agent, desk, heard, write_policy
from tests.people.crew import Crew, crew

PERMITS = '@id("everything") permit (principal, action, resource);\n'
NO_PAY = '@id("no-pay") forbid (principal, action == Action::"call", resource == Tool::"pay");\n'
ASKS = '@id("ask") @ask("leads") @reason("money") ' + NO_PAY.removeprefix('@id("no-pay") ')
SMALL = NO_PAY.replace(");\n", ") when { context.cents > 100 };\n")


@pytest.fixture
def canary() -> Canary:
    """Nothing was executed yet."""
    return Canary()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else cast("str", request.getfixturevalue("migrated_dsn"))


@pytest.mark.parametrize(
    "edit",
    [
        {"arguments": {"to": "mallory", "cents": 101}},
        {"to": "mallory", "cents": 101},
        {"tool": "look", "arguments": {"to": "mallory", "cents": 101}},
    ],
    ids=["arguments", "bare", "with another tool's name"],
)
async def test_s28_an_edit_is_decided_anew(
    edit: object, canary: Canary, script: Script, tmp_path: Path
) -> None:
    """A reviewer, or whoever speaks as one, writes something into the yes that no rule would let pass."""
    clerk = agent(canary.pay(), canary.look())
    script(clerk).calls("pay", to="lea", cents=5).says("sorry")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + ASKS + SMALL) as stage:
        run = await stage.start("clerk", question="pay lea")
        await parked(run, "human")
        await run.approve(edit, by="lea")
        assert await run.result() == "sorry"
        assert canary.executed == []


async def test_s28_what_runs_after_an_edit_is_what_the_log_says_was_decided(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    clerk = agent(canary.pay())
    script(clerk).calls("pay", to="lea", cents=50).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + ASKS + SMALL) as stage:
        run = await stage.start("clerk", question="pay lea")
        await parked(run, "human")
        await run.approve({"arguments": {"to": "lea", "cents": 7}}, by="lea")
        assert await run.result() == "done"
        assert [seen[3] for seen in canary.executed] == ['{"cents": 7, "to": "lea"}']
        assert await canary.unaccounted(stage) == []


async def test_s21_a_yes_to_an_action_that_reads_differently_by_now_is_no_yes(
    database: str, canary: Canary, script: Script, tmp_path: Path
) -> None:
    """The tool was replaced under the question: what was shown, by digest, is not what would be executed."""
    clerk = agent(canary.pay())
    script(clerk).calls("pay", to="lea", cents=5).says("done")
    async with crew(tmp_path, script, clerk, policy=ASKS, database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        first, keys = await people.question(), people.keys
    other = agent(canary.pay(owner="mallory", effect="irreversible"))
    async with desk(tmp_path, script, agents=[other], policy=PERMITS + ASKS, database=database) as stage:
        again = Crew(stage, tmp_path, database, [other], keys)
        await (await again.as_("lea")).approve(first.id)

        async def asked_again() -> bool:
            return [item.id != first.id for item in await stage.inbox()] == [True]

        await until(asked_again)
        assert canary.executed == []
        await (await again.as_("lea")).reject((await again.question()).id, "another tool")
        await stage.run(run.id).result()
        assert canary.executed == []


async def test_s20_one_yes_executes_once_however_often_it_is_said(
    database: str, canary: Canary, script: Script, tmp_path: Path
) -> None:
    """Ten answers at once, while the model asks for the same call four times in a turn and once more after it."""
    clerk, said = agent(canary.pay()), list[BaseException | object]()
    turn = script(clerk).calls("pay", to="lea", cents=5)
    for _ in range(3):
        turn.also("pay", to="lea", cents=5)
    turn.calls("pay", to="lea", cents=5).says("done")
    async with crew(tmp_path, script, clerk, policy=ASKS, database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        office = await people.as_("lea")
        said += await asyncio.gather(
            *(office.approve(question.id) for _ in range(10)), return_exceptions=True
        )
        assert sum(not isinstance(each, BaseException) for each in said) == 1
        await until(lambda: canary.count("pay") == 1)
        seen = {question.id}
        while item := await next_question(run, people, seen):
            await (await people.as_("max")).reject(item, "once is enough")
        assert await run.result() == "done"
        assert canary.count("pay") == 1
        assert await canary.unaccounted(people.stage) == []


@pytest.mark.parametrize("point", ["wait.closed", "claim.before", "claim.recorded", "write.performed"])
@pytest.mark.parametrize("then", ["same", "forbidden"])
async def test_s20_a_restart_between_the_yes_and_the_act_does_not_double_or_carry_it_over(
    point: str, then: str, canary: Canary, script: Script, tmp_path: Path
) -> None:
    """What died before the claim is decided by the rules it wakes under; what died after it is never begun again."""
    clerk = agent(canary.pay())
    script(clerk).calls("pay", to="lea", cents=5).plays(lambda _: "done").forever()
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + ASKS) as stage:
        run = await stage.start("clerk", question="pay lea")
        await parked(run, "human")
        with crash_at(point, stage.die) as reached:
            await run.approve(by="lea")
            await until(lambda: point in reached)
        before = canary.count("pay")
        if then == "forbidden":
            write_policy(tmp_path, PERMITS + ASKS + NO_PAY)
        await stage.up()
        if point in {"claim.recorded", "write.performed"}:
            await parked(run, "unknown")  # a person says whether it took place
            assert canary.count("pay") == before
        else:
            assert await run.result() == "done"
            assert canary.count("pay") == (then == "same")
        assert canary.count("pay") <= 1
        assert await canary.unaccounted(stage) == []


@pytest.mark.parametrize(
    "jump",
    [-400 * 86400, -5, 0, 400 * 86400],
    ids=["back a year", "back to a second ago", "none", "on a year"],
)
async def test_s20_a_clock_that_jumps_makes_no_old_decision_good(
    jump: int, canary: Canary, script: Script, tmp_path: Path
) -> None:
    """The clock leaps while a tool looks before it acts; the rules were changed meanwhile."""
    clock, leapt = ManualClock(), list[int]()
    put = canary.put()

    @put.before
    async def slow(key: str, **_: object) -> str:
        if not leapt:
            leapt.append(jump)
            clock.leap(6)
            clock.jump(jump)
            await come_into_force(stage, tmp_path, PERMITS + NO_PAY.replace("pay", "put"))
        return canary.state.get(key, "")

    del slow
    clerk, told = agent(put), list[str]()
    script(clerk).calls("put", key="a", value="b")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS, clock=clock) as stage:
        run = await stage.start("clerk", question="put it")
        await run.result()
        assert leapt
        assert canary.executed == []
        assert "no-put" in told[0] or "default.cedar:2" in told[0]
        assert await canary.unaccounted(stage) == []


async def test_a_yes_that_comes_after_a_leap_over_its_end_is_none(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    clock, clerk = ManualClock(), agent(canary.pay())
    script(clerk).calls("pay", to="lea", cents=5).says("done")
    limited = ASKS.replace("@reason", '@within("1h") @reason')
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + limited, clock=clock) as stage:
        run = await stage.start("clerk", question="pay lea")
        await parked(run, "human")
        (question,) = await stage.inbox()
        clock.leap(7200)
        with pytest.raises(Exception, match=r"expired|decided|ended|over"):
            await stage.platform.approve(question.id)
        assert await run.result() == "done"
        assert canary.executed == []


async def test_s21_rules_that_turn_while_runs_are_under_way_execute_nothing_that_neither_allows(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    """Forty runs race with rules that are rewritten all the time: each execution names the rules that let it pass, and
    these do.
    """
    pay, books = canary.pay(), [PERMITS + SMALL, PERMITS + NO_PAY, PERMITS]
    tried = 0

    @flow
    async def pays(run: Run, cents: int) -> str:
        """Pay, if that is allowed."""
        try:
            return str(await run.call(pay, to="lea", cents=cents))
        except Exception:  # noqa: BLE001 - a refusal is an answer
            return "refused"

    async with desk(tmp_path, script, pays, agents=[agent(pay)], policy=PERMITS) as stage:
        gate = stage.platform._parts.house.gate.parts
        allows: dict[str, int] = {}
        runs: list[StagedRun] = []
        for number in range(40):
            await come_into_force(stage, tmp_path, books[number % 3])
            await gate.standing.look()
            allows[gate.authority.digest[:16]] = (100, -1, 10**9)[number % 3]
            runs.append(await stage.start(pays, cents=50 + number * 5))
            await asyncio.sleep(0)
        for run in runs:
            await run.result()
            for claim in await events(stage, run.id, StepClaimed):
                tried += 1
                assert claim.detail["arguments"]["cents"] <= allows[claim.detail["policy"]]
        assert len(allows) == 3
        assert tried == canary.count("pay") > 0
        assert await canary.unaccounted(stage) == []


@pytest.mark.parametrize("loses", ["group", "account", "key"])
async def test_s21_who_lost_group_account_or_key_opens_nothing_any_more(
    loses: str, database: str, canary: Canary, script: Script, tmp_path: Path
) -> None:
    """The one who asked is thrown out while the run is held; the one who would agree has a key that was revoked."""
    clock, clerk = ManualClock(), agent(canary.pay())
    script(clerk).calls("pay", to="lea", cents=5).plays(lambda _: "sorry").forever()
    support = (
        '@id("models") permit (principal, action == Action::"model", resource);\n'
        '@id("agents") permit (principal is Agent, action == Action::"call", resource);\n'
        '@id("support") permit (principal in Role::"support", action == Action::"call", resource);\n'
    )
    async with crew(
        tmp_path, script, clerk, policy=support + ASKS, everything="", database=database, clock=clock
    ) as people:
        await clock.advance(2)
        run = await people.start("nia")
        await parked(run, "human")
        question, ada = await people.question(), await people.as_("ada")
        if loses == "key":
            lea = await people.as_("lea")
            await ada.revoke_key(lea.ground.principal.key)
            for act in (lea.approve(question.id), lea.new_key(), people.as_("lea")):
                with pytest.raises(KeyRevoked):
                    await act
            assert canary.executed == []
            return
        if loses == "group":
            await ada.change_roles("nia", take=["support"])
        else:
            await ada.switch_person("nia", active=False)
        await clock.advance(2)
        await (await people.as_("lea")).approve(question.id)
        if loses == "group":
            assert await run.result() == "sorry"
        else:
            with pytest.raises(RunFailed):
                await run.result()
        assert canary.executed == []
        assert await canary.unaccounted(people.stage) == []


async def test_s20_a_question_of_one_run_answers_no_other(
    canary: Canary, script: Script, tmp_path: Path
) -> None:
    """Two runs ask for the same call at the same place; the yes to one is replayed to the other."""
    clerk = agent(canary.pay())
    script(clerk).calls("pay", to="lea", cents=5).calls("pay", to="lea", cents=5).says("done", "done")
    async with desk(tmp_path, script, agents=[clerk], policy=PERMITS + ASKS) as stage:
        first = await stage.start("clerk", question="pay lea")
        await parked(first, "human")
        second = await stage.start("clerk", question="pay lea")
        await parked(second, "human")
        (one,) = await events(stage, first.id, WaitOpened)
        (two,) = await events(stage, second.id, WaitOpened)
        assert one.value["digest"] != two.value["digest"]
        await first.approve(by="lea")
        await until(lambda: canary.count("pay") == 1)
        await first.result()
        await parked(second, "human")
        assert {seen[0] for seen in canary.executed} == {first.id}
        await second.reject("no", by="lea")
        await second.result()
        assert canary.count("pay") == 1
        assert await canary.unaccounted(stage) == []


async def next_question(run: StagedRun, people: Crew, seen: set[str]) -> str:
    """Wait until something new is asked, or the run has ended; gives the question, or nothing."""
    found: list[str] = []

    async def there() -> bool:
        found[:] = [item.id for item in await people.stage.inbox() if item.id not in seen]
        return bool(found) or (await run.status()).ended

    await until(there)
    seen.update(found)
    return next(iter(found), "")
