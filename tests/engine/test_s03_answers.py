"""What a model's answer waits for: nothing while it only leads on, everything before anybody hears of it (S3)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Budget, Run, flow
from remit.domain.action_events import ActionAdmitted
from remit.domain.events import StepClaimed, StepDone
from remit.engine import faults
from remit.store.database import Commit
from remit.testing import Stage
from remit.testing.crash import crash_at
from remit.testing.faulty_database import StoreFaults, faulty_databases
from remit.testing.pytest_plugin import script
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from remit.wire.messages import Usage
from tests.engine.places import Place, events, until
from tests.gate.desk import Bank, agent, desk, outcomes

__all__ = ["script"]

USAGE = Usage(input=200, output=10)


@pytest.fixture
def bank() -> Bank:
    """Where refunds happen."""
    return Bank()


def looker(seen: list[str]) -> PythonTool:
    @tool(name="look", effect="read")
    async def look(what: str) -> str:
        """Look something up."""
        seen.append(what)
        return f"{what} is there"

    return look


async def test_s03_an_answer_and_the_read_that_it_asks_for_are_one_commit(
    script: Script, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    clerk = agent(looker([]), budget=Budget(calls=9))
    script(clerk).calls("look", what="a").calls("look", what="b").says("done")
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        commits = _watched(stage, monkeypatch)
        run = await stage.start("clerk", question="look")
        assert await run.result() == "done"
        steps = [kinds for kinds in commits if "step.done" in kinds]
        assert [kinds.count("step.done") for kinds in steps] == [2, 2, 1]
        assert await events(stage, run.id, ActionAdmitted) == [], (
            "what nobody had heard of is told in the outcome"
        )
        for done in await events(stage, run.id, StepDone):
            assert done.detail["decision"] == "allow"
            assert done.detail["agent"] == "clerk"


async def test_s03_what_a_flow_is_given_by_an_agent_is_in_the_log(script: Script, place: Place) -> None:
    found: list[list[str]] = []
    clerk = agent(looker([]))

    @flow
    async def asks(run: Run) -> str:
        answer = await run.ask(clerk, "look")
        found.append([event.name for event in await events(stage, run.id, StepDone)])
        return answer

    script(clerk).calls("look", what="a").says("done")
    async with desk(place.folder, script, asks, agents=[clerk], database=place.database) as stage:
        assert await (await stage.start(asks)).result() == "done"
        assert found == [["model", "look", "model"]]


@pytest.mark.parametrize("after", [0, 1])
async def test_s03_a_death_between_an_answer_and_its_commit_loses_the_answer_and_nothing_else(
    after: int, script: Script, place: Place
) -> None:
    """It is asked for again, the budget knows of every call that is in the log, and no read is recorded twice."""
    seen: list[str] = []
    clerk = agent(looker(seen), budget=Budget(usd=10, calls=2))
    script(clerk).calls("look", what="a").calls("look", what="b").says("done").uses(USAGE)
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        with crash_at("step.noted", stage.die, after=after) as reached:
            run = await stage.start("clerk", question="look")
            await until(lambda: reached.count("step.noted") > after)
        assert seen == ["a", "b"][:after], "nothing followed from it"
        await stage.up()
        assert await run.result() == "done"
        assert seen == ["a", "b"]
        assert [done.result for done in await outcomes(stage, run.id, "look")] == ["a is there", "b is there"]
        asked = await outcomes(stage, run.id, "model")
        assert len(asked) == 3
        spent = (await run.show()).spent
        assert spent.money == sum(done.detail["used"]["money"] for done in asked)
        assert spent.tool_calls == 2
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize("point", ["step.noted", "claim.before", "claim.recorded", "write.performed"])
async def test_s03_a_write_is_never_in_the_log_before_the_answer_that_asked_for_it(
    point: str, bank: Bank, script: Script, place: Place
) -> None:
    clerk = agent(bank.keyed_refund(), budget=Budget(usd=10))
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(place.folder, script, agents=[clerk], database=place.database) as stage:
        with crash_at(point, stage.die) as reached:
            run = await stage.start("clerk", question="refund")
            await until(lambda: point in reached)
        assert bool(bank.refunds) == (point == "write.performed")
        await stage.up()
        assert await run.result() == "done"
        assert len(bank.paid) == 1
        order = [event.KIND for event in await events(stage, run.id)]
        assert order.index(StepDone.KIND) < order.index(StepClaimed.KIND)


async def test_s03_an_answer_that_the_log_refuses_leads_to_no_write(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    """The claim stands on the answer: it is refused with it, and the run is read again from what is there."""
    clerk = agent(bank.keyed_refund())
    script(clerk).calls("refund", order="o-1").says("done")
    troubles = StoreFaults()

    def refuse_it(point: str) -> None:
        if point == "step.noted":
            faults.arm(None)
            assert not bank.refunds
            troubles.refuse(0)

    with faulty_databases(troubles):
        async with desk(tmp_path, script, agents=[clerk]) as stage:
            faults.arm(refuse_it)
            run = await stage.start("clerk", question="refund")
            assert await run.result() == "done"
            assert len(bank.refunds) == 1, "the claim that was refused led to nothing"
            assert len(await events(stage, run.id, StepClaimed)) == 1
            assert len(await outcomes(stage, run.id, "model")) == 2


def _watched(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The kinds of the events of each commit from now on."""
    database: Any = stage.platform.ground.database
    submit, seen = database.submit, list[list[str]]()

    def watch(commit: Commit) -> Any:
        seen.append([event.kind for event in commit.events])
        return submit(commit)

    monkeypatch.setattr(database, "submit", watch)
    return seen
