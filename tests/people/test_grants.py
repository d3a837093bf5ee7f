"""Grants agree in advance: within bounds, so often, for a while, used once for each call, in its claim; and never more
than whoever gave them could agree to now.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.approvals import Bound, GrantTerms, read_bound
from remit.domain.errors import InvalidInput
from remit.domain.events import StepClaimed, WaitOpened
from remit.domain.people_errors import NotAllowed, NotAPerson, UnknownGrant
from remit.domain.people_events import GrantMade, GrantUsed
from remit.engine.outside import team_stream
from remit.testing import ManualClock
from remit.testing.crash import crash_at
from remit.testing.scripting import Script
from tests.engine.places import events, parked, until
from tests.gate.desk import Bank, agent, heard
from tests.people.crew import crew
from tests.people.test_approvals import asks

PERMIT = (
    '@id("leads-grant") '
    'permit (principal in Role::"leads", action == Action::"admin", resource == Area::"grants");\n'
)


async def test_s20_a_grant_answers_so_often_within_its_bounds_and_then_people_are_asked(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    for order, cents in (("o-1", 100), ("o-2", 900), ("o-1", 200), ("o-1", 300)):
        script(clerk).calls("refund", order=order, cents=cents)
    script(clerk).says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT, database=database) as people:
        lea = await people.as_("lea")
        made = await lea.make_grant(
            "refund", uses=2, within="2h", agent="clerk", bounds=["cents<=500", "order=o-1"]
        )
        run = await people.start("nia")
        await until(lambda: len(bank.refunds) == 1)
        await parked(run, "human")
        beyond = await people.question()
        assert beyond.value["arguments"] == {"order": "o-2", "cents": 900}
        await (await people.as_("max")).reject(beyond.id, "too much")
        await until(lambda: len(bank.refunds) == 2)
        await parked(run, "human")  # both uses are gone
        assert (await lea.grant(made.id)).state == "used up"
        await (await people.as_("max")).approve((await people.question()).id)
        assert await run.result() == "done"
        assert [cents for _, cents, _ in bank.refunds] == [100, 200, 300]
        claims = [event.detail for event in await events(people.stage, run.id, StepClaimed)]
        assert [claim["consents"] == [made.id] for claim in claims] == [True, True, False]
        assert claims[0]["agreed"] == {"large": f"lea (grant {made.id})"}
        assert (await people.stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize(
    "how", ["revoked", "expired", "giver disabled", "giver left the group", "own request"]
)
async def test_s21_a_grant_is_worth_what_its_giver_could_say_now(
    how: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clock, clerk = ManualClock(), agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=100).says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT, clock=clock) as people:
        lea, ada = await people.as_("lea"), await people.as_("ada")
        made = await lea.make_grant("refund", uses=5, within="2h")
        match how:
            case "revoked":
                await lea.revoke_grant(made.id)
            case "expired":
                await clock.advance(2 * 3600 + 1)
            case "giver disabled":
                await ada.switch_person("lea", active=False)
            case "giver left the group":
                await ada.change_roles("lea", take=["leads"])
            case _:
                pass
        await clock.advance(2)
        run = await people.start("lea" if how == "own request" else "nia")
        await parked(run, "human")
        assert bank.refunds == []
        await (await people.as_("max")).approve((await people.question()).id)
        assert await run.result() == "done"
        assert (await ada.grant(made.id)).used == 0


async def test_a_grant_answers_no_denial_and_no_question_for_several_people(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=100_000)
    script(clerk).calls("refund", order="o-1", cents=100)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    never = (
        '@id("never") forbid (principal, action == Action::"call", resource == Tool::"refund") '
        "when { context.cents > 50000 };\n"
    )
    async with crew(tmp_path, script, clerk, policy=asks(more='@quorum("2")') + PERMIT + never) as people:
        lea = await people.as_("lea")
        await lea.make_grant("refund", uses=5, within="2h")
        run = await people.start("nia")
        await parked(run, "human")
        question = await people.question()
        assert (question.needed, question.value["arguments"]["cents"]) == (2, 100)
        await lea.reject(question.id)
        assert await run.result() == "done"
        assert bank.refunds == []
        assert "may not call refund" in told[0]


@pytest.mark.parametrize("point", ["claim.before", "claim.recorded", "receipt.recorded"])
async def test_s20_a_crash_uses_a_grant_once(point: str, bank: Bank, script: Script, tmp_path: Path) -> None:
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1", cents=100).says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT) as people:
        lea = await people.as_("lea")
        made = await lea.make_grant("refund", uses=1, within="2h")
        with crash_at(point, people.stage.die) as reached:
            run = await people.start("nia")
            await until(lambda: point in reached)
        await people.stage.up()
        assert await run.result() == "done"
        assert len(bank.paid) == 1
        assert (await people.stage.platform.grant(made.id)).used == 1
        assert await events(people.stage, run.id, WaitOpened) == []


async def test_s20_the_last_use_of_a_grant_goes_to_one_of_two_runs(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    """Both find the grant before either claims; the claim of one is refused, and a person is asked."""
    clerk = agent(bank.refund())
    bank.may_answer.clear()
    for order in ("o-1", "o-2"):
        script(clerk).calls("refund", order=order, cents=100)
    script(clerk).says("done").says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT, database=database) as people:
        lea = await people.as_("lea")
        made = await lea.make_grant("refund", uses=1, within="2h")
        runs = await asyncio.gather(people.start("nia"), people.start("nia"))

        async def asked() -> bool:
            return len(await people.stage.inbox()) == 1

        await until(asked)
        await until(lambda: len(bank.refunds) == 1)
        bank.may_answer.set()
        await (await people.as_("max")).approve((await people.question()).id)
        assert [await run.result() for run in runs] == ["done", "done"]
        assert sorted(order for order, _, _ in bank.refunds) == ["o-1", "o-2"]
        assert (await lea.grant(made.id)).used == 1


async def test_a_yes_can_hold_for_the_rest_of_the_run(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    for cents in (100, 200, 300):
        script(clerk).calls("refund", order="o-1", cents=cents)
    script(clerk).says("done")
    script(clerk).calls("refund", order="o-9", cents=900).says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT, database=database) as people:
        run = await people.start("nia")
        await parked(run, "human")
        with pytest.raises(InvalidInput):
            await (await people.as_("lea")).approve_for_run((await people.question()).id, uses=0, within="1h")
        said = await (await people.as_("lea")).approve_for_run(
            (await people.question()).id, uses=2, within="1h"
        )
        assert await run.result() == "done"
        assert [cents for _, cents, _ in bank.refunds] == [100, 200, 300]
        assert (await people.stage.platform.grant(said.grant)).used == 2
        other = await people.start("nia")
        await parked(other, "human")  # another run is another matter
        await (await people.as_("lea")).approve((await people.question()).id)
        assert await other.result() == "done"


async def test_a_grant_for_a_read_is_used_before_it_happens(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    reading = bank.refund(effect="read")
    clerk = agent(reading)
    script(clerk).calls("refund", order="o-1", cents=1).says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT) as people:
        made = await (await people.as_("lea")).make_grant("refund", uses=1, within="1h")
        run = await people.start("nia")
        assert await run.result() == "done"
        log, _ = await people.stage.platform.ground.log.read(team_stream("default"))
        assert [entry.event.grant for entry in log if isinstance(entry.event, GrantUsed)] == [made.id]
        assert (await people.stage.platform.grant(made.id)).used == 1


async def test_bad_grants_are_refused_with_a_sentence(bank: Bank, script: Script, tmp_path: Path) -> None:
    clerk = agent(bank.refund())
    async with crew(tmp_path, script, clerk, policy=asks()) as people:
        max_ = await people.as_("max")
        for given, said in (
            ({"tool": "refnd"}, "was ever seen"), ({"uses": 0}, "used 0 times"), ({"within": "0s"}, "over before"),
            ({"bounds": ["sum<=5"]}, 'no argument "sum"'), ({"bounds": ["cents<=many"]}, "is no number"),
            ({"bounds": ["cents"]}, "bounds no argument"), ({"run": "r-nothing"}, "no run"),
        ):  # fmt: skip
            asked: dict[str, Any] = {"tool": "refund", "uses": 1, "within": "1h"} | given
            with pytest.raises(Exception, match=said):
                await max_.make_grant(asked.pop("tool"), **asked)
        with pytest.raises(NotAllowed, match="nia may not grant"):
            await (await people.as_("nia")).make_grant("refund", uses=1, within="1h")
        with pytest.raises(NotAPerson):
            await (await people.as_("robot")).make_grant("refund", uses=1, within="1h")
        with pytest.raises(UnknownGrant):
            await max_.grant("g-nothing")


VALUES = st.one_of(st.integers(-5, 5), st.booleans(), st.sampled_from(["a", "5", ""]), st.floats(-5, 5))


@given(
    st.dictionaries(st.sampled_from(["x", "y"]), VALUES),
    st.sampled_from(["=", "<=", ">="]),
    st.integers(-5, 5),
)
def test_a_bound_covers_what_it_says_and_nothing_that_is_not_there(
    arguments: dict[str, object], operator: str, limit: int
) -> None:
    found: Any = arguments.get("x")
    compared = {"=": lambda: found == limit, "<=": lambda: found <= limit, ">=": lambda: found >= limit}
    is_number = isinstance(found, int | float) and not isinstance(found, bool)
    expected = is_number and compared[operator]()
    terms = GrantTerms("t", "", "", (Bound("x", operator, limit),))
    assert terms.covers("t", "anybody", "r-1", arguments) == expected
    assert not terms.covers("u", "anybody", "r-1", arguments)


def test_bounds_are_read_as_they_are_typed() -> None:
    assert read_bound("order=o-1") == Bound("order", "=", "o-1")
    assert read_bound("cents<=500") == Bound("cents", "<=", 500)
    assert read_bound("cents >= -2.5") == Bound("cents", ">=", -2.5)
    assert read_bound('order="500"') == Bound("order", "=", "500")
    assert read_bound("fast=true") == Bound("fast", "=", True)
    assert read_bound("note=a<=b") == Bound("note", "=", "a<=b")
    assert GrantMade.KIND == "grant.made"


async def test_s07_what_a_grant_bounds_is_erased_with_whom_it_is_about_or_with_its_run(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="ana-7", cents=5).says("done")
    async with crew(tmp_path, script, clerk, policy=asks() + PERMIT, database=database) as people:
        lea = await people.as_("lea")
        about = await lea.make_grant("refund", uses=9, within="2h", bounds=["order=ana-7"], subject="ana")
        plain = await lea.make_grant("refund", uses=9, within="2h", bounds=["order=bo-1"])
        await (await people.as_("ada")).shred("ana")
        gone, kept = await lea.grant(about.id), await lea.grant(plain.id)
        assert (gone.state, gone.bounds) == ("shredded", [])
        assert (kept.state, kept.bounds) == ("living", ["order = bo-1"])
        run = await people.start("nia")
        await parked(run, "human")  # what nobody can read covers nothing
        of_run = await lea.make_grant("refund", uses=9, within="2h", bounds=["order=ana-7"], run=run.id)
        ground = people.stage.platform.ground
        (row,) = [
            row for row in await ground.database.fetch("grants.list", "default", 9) if row[0] == of_run.id
        ]
        entry = (await ground.database.fetch("log.read", row[8], row[9], 1))[0]
        assert f"k-{run.id}" in entry, "its event is under the key of the run"
        await (await people.as_("max")).reject((await people.question()).id, "no")
        await run.result()
