"""A tool that asks a person is a question of the run: it may wait for days, is asked once, and parks meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Budget
from remit.domain.events import WaitOpened
from remit.testing import ManualClock
from remit.testing.scripting import Script
from tests.engine.places import events, parked
from tests.gate.desk import ALL_ALLOWED, agent, desk, heard, outcomes, write_policy


@pytest.fixture
def clerk(tmp_path: Path) -> Any:
    (tmp_path / "tools.toml").write_text('[builtin.human]\ngroup = "support"\nwithin = "2h"\n')
    return agent("ask_human", budget=Budget(calls=1))


@pytest.mark.parametrize(
    ("answer", "comment", "told"),
    [
        ("in Bern", "", "in Bern"),
        ({"answer": "in Bern"}, "", "in Bern"),
        (..., "call him", "call him"),
        (..., "", "yes"),
    ],
)
async def test_the_answer_comes_back_after_a_crash(
    answer: Any, comment: str, told: str, clerk: Any, script: Script, tmp_path: Path
) -> None:
    said: list[str] = []
    script(clerk).calls("ask_human", question="Where does he live?")
    script(clerk).plays(lambda scene: said.extend(heard(scene)) or "thanks")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="find out")
        await parked(run, "human")
        (item,) = await stage.inbox()
        assert (item.group, item.value) == ("support", {"question": "Where does he live?"})
        await stage.crash_and_restart()
        await parked(run, "human")
        await run.approve(answer, comment=comment, by="lea")
        assert await run.result() == "thanks"
        assert said == [told]
        assert len(await events(stage, run.id, WaitOpened)) == 1
        (outcome,) = await outcomes(stage, run.id, "ask_human")
        assert outcome.detail["used"] == {"calls": 1}
        assert outcome.detail["label"]["source"] == "person"
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize("way", ["rejected", "nobody"])
async def test_no_answer_is_told_to_the_model(way: str, clerk: Any, script: Script, tmp_path: Path) -> None:
    said, clock = list[str](), ManualClock()
    script(clerk).calls("ask_human", question="Where does he live?")
    script(clerk).plays(lambda scene: said.extend(heard(scene)) or "then not")
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="find out")
        await parked(run, "human")
        if way == "rejected":
            await run.reject("none of our business", by="lea")
        else:
            await clock.advance(2 * 3600 + 1)
        assert await run.result() == "then not"
        assert ("lea" if way == "rejected" else "nobody of support in time") in said[0]


async def test_asking_is_decided_like_any_call_before_and_after(
    clerk: Any, script: Script, tmp_path: Path
) -> None:
    said: list[str] = []
    script(clerk).calls("ask_human", question="Where does he live?")
    script(clerk).plays(lambda scene: said.extend(heard(scene)) or "then not")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="find out")
        await parked(run, "human")
        stage.die()
        forbids = 'forbid (principal, action == Action::"call", resource == Tool::"ask_human");\n'
        write_policy(tmp_path, ALL_ALLOWED + forbids)
        await stage.up()
        await run.approve("in Bern", by="lea")
        assert await run.result() == "then not"
        assert "may not call ask_human" in said[0]
        assert "Bern" not in said[0]
