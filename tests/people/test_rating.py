"""How well people could decide: asked of whoever decided, kept as a number, erased with its run where it is words."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.domain.errors import InvalidInput, UnknownApproval, WrongState
from remit.domain.people_errors import NotAllowed
from remit.domain.people_events import ApprovalRated
from remit.engine.outside import team_stream
from remit.testing.scripting import Script
from tests.engine.places import parked
from tests.gate.desk import Bank, agent
from tests.people.crew import crew
from tests.people.test_approvals import asks


async def test_who_decided_says_how_well_they_could_and_nobody_else(
    database: str, bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk = agent(bank.refund())
    script(clerk).calls("refund", order="o-1", cents=500).says("done")
    async with crew(tmp_path, script, clerk, policy=asks(), database=database) as people:
        lea, max_, ada = [await people.as_(name) for name in ("lea", "max", "ada")]
        run = await people.start("nia")
        await parked(run, "human")
        question = (await people.question()).id
        with pytest.raises(WrongState, match="nobody has decided"):
            await lea.rate(question, 4)
        await lea.approve(question)
        for wrong in (0, 6):
            with pytest.raises(InvalidInput, match="is no rating"):
                await lea.rate(question, wrong)
        with pytest.raises(NotAllowed, match="max did not decide"):
            await max_.rate(question, 1)
        with pytest.raises(UnknownApproval):
            await lea.rate("a-nothing", 3)
        await lea.rate(question, 2, "no history of the order")
        await lea.rate(question.removeprefix("a-")[:5], 4)
        assert await run.result() == "done"
        canary = await ada.seed_canary()
        assert (await lea.approve(canary)).canary
        with pytest.raises(UnknownApproval):
            await lea.rate(canary, 5)
        database_ = people.stage.platform.ground.database
        assert await database_.fetch("ratings.since", "default", 0, 2**62, None, None) == [(4, 1)]
        log, _ = await people.stage.platform.ground.log.read(team_stream("default"))
        said = [each.event for each in log if isinstance(each.event, ApprovalRated)]
        assert [(each.by, each.rating, each.note) for each in said] == [
            ("lea", 2, "no history of the order"), ("lea", 4, ""),
        ]  # fmt: skip
        (figure,) = (await lea.reporting.kpis(only="reviewer_satisfaction")).figures
        assert (figure.value, figure.denominator) == (4.0, 1)
        for agent_, state in (("clerk", "measured"), ("nobody", "no data")):
            (figure,) = (await lea.reporting.kpis(only="reviewer_satisfaction", agent=agent_)).figures
            assert figure.state == state
