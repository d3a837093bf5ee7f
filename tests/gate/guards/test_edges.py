"""Where guards meet the rest of the gate: failures, contracts, reviewers, budgets, changed guards, Postgres."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from remit import Budget, Guard, ToolFailed, allow, bind, contract, tool
from remit.domain.errors import RunFailed
from remit.testing.scripting import Script
from tests.engine.places import parked
from tests.gate.desk import ALL_ALLOWED, agent, desk, heard, outcomes
from tests.gate.guards.test_outside import BAD, judge
from tests.gate.guards.test_screening import CARD, MAIL, reader, script_call, sender

ASK = '@id("look") @ask("leads") forbid (principal, action == Action::"call", resource == Tool::"send");\n'
REDACTS = Guard("personal_data", at=("result",), action="redact")


async def test_what_a_failure_says_hides_what_a_result_would(script: Script, tmp_path: Path) -> None:
    told = list[str]()

    @tool(name="lookup", effect="read")
    async def lookup() -> str:
        """Look her up."""
        raise ToolFailed(f"{MAIL} is not known here")

    for action, name in (("redact", "a"), ("block", "b")):
        clerk = agent(lookup, guards=[Guard("personal_data", at=("result",), action=action)])
        script(clerk).calls("lookup")
        script(clerk).plays(lambda scene: told.append(heard(scene)[-1]) or "done")
        (tmp_path / name).mkdir()
        async with desk(tmp_path / name, script, agents=[clerk]) as stage:
            run = await stage.start("clerk", question="who")
            assert await run.result() == "done"
            assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert "[email#" in told[0]
    assert "kept back by the guard" in told[1]
    assert all(MAIL not in each for each in told)


async def test_a_contract_binds_what_a_token_stands_for_also_after_a_restart(
    script: Script, tmp_path: Path
) -> None:
    sent = list[str]()

    @tool(name="find", effect="read", reads="people", references=["mail"])
    async def find(name: str) -> dict[str, str]:
        """Look somebody up in the directory."""
        return {"name": name, "mail": MAIL}

    send = sender(sent)
    bound = contract(allow(send, to=bind.ref("people.mail")), on_violation="deny")
    clerk = agent(find, send, guards=[REDACTS], contract=bound)
    script(clerk).calls("find", name="Anna")
    script(clerk).plays(
        lambda scene: script_call("send", to=heard(scene)[0].split('"mail":"')[1].split('"')[0])
    )
    script(clerk).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + ASK) as stage:
        run = await stage.start("clerk", question="Write to Anna.")
        await parked(run, "human")
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert sent == [MAIL]


async def test_what_a_reviewer_puts_in_is_looked_at_as_well(script: Script, tmp_path: Path) -> None:
    sent = list[str]()
    clerk = agent(sender(sent), guards=[Guard("personal_data", at=("arguments",), kinds=("card",))])
    script(clerk).calls("send", to="shop").says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + ASK) as stage:
        run = await stage.start("clerk", question="pay")
        await parked(run, "human")
        await run.approve({"arguments": {"to": "shop", "text": CARD}}, by="lea")
        assert await run.result() == "done"
        assert sent == []
        [outcome] = await outcomes(stage, run.id, "send")
        assert outcome.error == "blocked"


async def test_no_budget_no_judge_and_nothing_goes_on_unjudged(script: Script, tmp_path: Path) -> None:
    clerk = agent(reader(), guards=[judge(at=("result",), on_error="allow")], budget=Budget(steps=1))
    script(clerk).calls("read")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        with pytest.raises(RunFailed, match="may use 1 step"):
            await (await stage.start("clerk", question="read")).result()


async def test_a_judge_that_fails_has_let_nothing_by(script: Script, tmp_path: Path) -> None:
    told = list[str]()
    clerk = agent(reader(), guards=[judge(at=("result",))])
    script(clerk).calls("read").fails("bad_request")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="read")
        assert await run.result() == "done"
    assert MAIL not in told[0]


@pytest.mark.parametrize("change", ["added", "removed"])
async def test_a_parked_run_follows_what_was_when_guards_change(
    script: Script, tmp_path: Path, change: str
) -> None:
    sent = list[str]()
    guards = '[guards.polite]\ncheck = "model"\nat = ["result", "input"]\nroute = "fast"\nrules = "No."\n'
    file = tmp_path / "guards.toml"
    if change == "removed":
        file.write_text(guards)
    clerk = agent(reader(), sender(sent))
    judged = change == "removed"
    for turn in ("input", "read", "result", "input", "send"):
        if turn in {"input", "result"} and judged:
            script(clerk).replies({**BAD, "violates": False})
        elif turn in {"read", "send"}:
            script(clerk).calls(turn, **({"to": "her"} if turn == "send" else {}))
    if not judged:  # from here on it is there
        script(clerk).replies({**BAD, "violates": False}).replies({**BAD, "violates": False})
    script(clerk).says("done")
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + ASK) as stage:
        run = await stage.start("clerk", question="go")
        await parked(run, "human")
        stage.die()
        file.unlink() if judged else file.write_text(guards)
        await stage.up()
        await run.approve(by="lea")
        assert await run.result() == "done"
    assert sent == ["her"]


@pytest.mark.parametrize("dialect", ["sqlite", "postgres"])
async def test_tokens_and_verdicts_survive_a_restart_on_either_store(
    script: Script, tmp_path: Path, dialect: str, request: pytest.FixtureRequest
) -> None:
    database = "" if dialect == "sqlite" else cast("str", request.getfixturevalue("migrated_dsn"))
    sent, told = list[str](), list[str]()
    clerk = agent(reader(), sender(sent), guards=[REDACTS])
    script(clerk).calls("read")

    def uses(scene: Any) -> Any:
        return script_call("send", to=heard(scene)[0].split("Write to ")[1].rstrip("."))

    script(clerk).plays(uses)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + ASK, database=database) as stage:
        run = await stage.start("clerk", question="write")
        await parked(run, "human")
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == "done"
        assert sent == [MAIL]
        assert all(MAIL not in each for each in told)
        view = await stage.platform.show(run.id)
        actions = [
            step.action for agent_ in view.steps for step in agent_.children if step.action is not None
        ]
        assert any("personal_data redacted the result (email)" in each.guards for each in actions)
