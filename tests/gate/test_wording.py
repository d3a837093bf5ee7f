"""What people and models are told is a sentence about their matter, and none about our insides."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit import Run, flow
from remit.agents.patterns import debate, swarm, vote
from remit.domain.action_errors import EgressRefused
from remit.domain.effects import Backoff
from remit.domain.errors import InvalidInput, RunFailed
from remit.domain.secret_names import looks_like_a_value
from remit.testing.scripting import Script
from remit.tools.tool import tool
from tests.engine.places import parked
from tests.gate.desk import Bank, agent, desk, heard, outcomes


async def test_the_inside_of_an_agents_run_is_no_parameter(script: Script, tmp_path: Path) -> None:
    async with desk(tmp_path, script, agents=[agent()]) as stage:
        inputs: list[dict[str, object]] = [{"question": "x", "story": {"steps": 3}}, {"qestion": "x"}]
        for given in inputs:
            with pytest.raises(InvalidInput) as refused:
                await stage.platform.submit("clerk", given)
            assert refused.value.message.endswith("it takes question: Any, attach: list[Attachment].")


async def test_a_pattern_without_anybody_is_refused_with_a_sentence(script: Script, tmp_path: Path) -> None:
    judge = agent()

    @flow
    async def nobody(run: Run, what: str) -> object:
        match what:
            case "vote":
                return await vote(run, [], "yes or no?")
            case "debate":
                return await debate(run, [], judge, "yes or no?")
            case _:
                return await swarm(run, judge, ["a"], quorum=2)

    said = {
        "vote": "a vote needs voters, at least 1, and was given 0",
        "debate": "a debate needs debaters, at least 2, and was given 0",
        "swarm": "a swarm over 1 pieces cannot have a quorum of 2",
    }
    async with desk(tmp_path, script, nobody) as stage:
        for what, sentence in said.items():
            with pytest.raises(RunFailed, match=sentence):
                await (await stage.start(nobody, what=what)).result()


async def test_an_exception_that_is_no_sentence_says_what_it_is(script: Script, tmp_path: Path) -> None:
    @tool(effect="read", name="look")
    async def look() -> str:
        """Look."""
        return {"a": "b"}["c"]

    clerk, told = agent(look), list[str]()
    script(clerk).calls("look").plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        await (await stage.start("clerk", question="try")).result()
    assert told == ["KeyError: 'c'"]


async def test_a_refusal_is_not_asked_again(script: Script, tmp_path: Path) -> None:
    asked: list[str] = []

    @tool(effect="read", name="fetch", retry=Backoff(attempts=3))
    async def fetch(url: str) -> str:
        """Fetch."""
        asked.append(url)
        raise EgressRefused(f"{url} is not an address that this tool may reach.")

    clerk, told = agent(fetch), list[str]()
    script(clerk).calls("fetch", url="http://10.0.0.1").plays(
        lambda scene: told.extend(heard(scene)) or "I see"
    )
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        await run.result()
        (outcome,) = await outcomes(stage, run.id, "fetch")
    assert (asked, outcome.attempts) == (["http://10.0.0.1"], 1)
    assert "not an address that this tool may reach" in told[0]


async def test_the_answer_to_a_lost_write_has_to_be_what_its_tool_gives(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    bank.loses, clerk = 1, agent(bank.refund())
    script(clerk).calls("refund", order="o-1").says("done")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await parked(run, "unknown")
        for wrong in ("a hundred", {"cents": 100}):
            with pytest.raises(InvalidInput, match=r"this cannot be the result of refund: .*whole number"):
                await run.approve(wrong)
        assert len(await stage.inbox()) == 1, "the question stays open"
        await run.approve(100)
        assert await run.result() == "done"


async def test_an_edit_by_a_reviewer_is_told_as_json_and_seen_in_the_tree(
    bank: Bank, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bank.refund()), list[str]()
    script(clerk).calls("refund", order="o-1", cents=900)
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "done")
    rules = '@id("all") permit (principal, action, resource);\n@id("big") @ask("leads") forbid '
    rules += (
        '(principal, action == Action::"call", resource == Tool::"refund") when { context.cents > 500 };\n'
    )
    async with desk(tmp_path, script, agents=[clerk], policy=rules) as stage:
        run = await stage.start("clerk", question="refund o-1")
        await run.waits_for()
        await run.approve({"arguments": {"order": "o-1", "cents": 400}})
        assert await run.result() == "done"
        (agent_,) = (await run.show()).steps
        (refund,) = [step for step in agent_.children if step.name == "refund"]
    assert 'executed with {"cents":400,"order":"o-1"}' in told[0]
    assert refund.action is not None
    assert refund.action.edited["arguments"] == {"order": "o-1", "cents": 400}


@pytest.mark.parametrize(
    ("text", "is_value"),
    [
        ("OPENAI_API_KEY", False), ("crm_token", False), ("prod-eu-west-1-payments-service-token", False),
        ("TEAM_A_VERY_LONG_NAME_OF_A_SECRET_KEY_2026", False), ("sk_live_key_name", True),
        ("sk-proj-4f9Gq2", True), ("AKIAIOSFODNN7EXAMPLE", True), ("xoxb-1", True), ("two words", True),
        ("q8Zr1LxV5mTn0PdKe7YwBhJcUa3GsF9o", True), ("eyJhbGciOiJIUzI1NiJ9.x", True),
    ],
)  # fmt: skip
def test_a_key_in_place_of_its_name_is_told_apart(text: str, is_value: bool) -> None:
    assert looks_like_a_value(text) is is_value
