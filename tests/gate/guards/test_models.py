"""Guards on what models are sent and say: each action at each place, through a whole platform."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit import Guard
from remit.domain.errors import RunFailed
from remit.testing.scripting import Script
from tests.engine.places import parked
from tests.gate.desk import ALL_ALLOWED, agent, desk, outcomes
from tests.gate.guards.test_screening import MAIL, below, script_call, seen, sender


async def test_what_a_model_is_sent_is_redacted_in_every_turn_and_after_a_restart(
    script: Script, tmp_path: Path
) -> None:
    sent, scenes = list[str](), list[str]()
    guards = [
        Guard("personal_data", at=("input",), action="redact"),
        Guard("secrets", at=("input",), action="redact"),
    ]
    clerk = agent(sender(sent), guards=guards)
    key = "sk-ant-api03-" + "x" * 60

    def first(scene: Any) -> Any:
        scenes.append(scene.user)
        return script_call("send", to=scene.user.split("Write to ")[1].split()[0])

    script(clerk).plays(first).plays(seen(scenes))
    ask = (
        '@id("look") @ask("leads") forbid (principal, action == Action::"call", resource == Tool::"send");\n'
    )
    async with desk(tmp_path, script, agents=[clerk], policy=ALL_ALLOWED + ask) as stage:
        run = await stage.start("clerk", question=f"Write to {MAIL} with {key}")
        await parked(run, "human")
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == "ok"
        assert sent == [MAIL]
        assert len(scenes) == 2
        for scene in scenes:
            assert MAIL not in scene
            assert key not in scene
            assert "[email#" in scene
            assert "[anthropic_key]" in scene


async def test_an_input_is_blocked_answered_or_agreed_to(script: Script, tmp_path: Path) -> None:
    blocks = agent(guards=[Guard("secrets", at=("input",))])
    key = "AKIA" + "A" * 16
    async with desk(below(tmp_path, "a"), script, agents=[blocks]) as stage:
        run = await stage.start("clerk", question=f"use {key}")
        with pytest.raises(RunFailed, match="blocked the request to the model"):
            await run.result()
    static = agent(guards=[Guard("secrets", at=("input",), action="answer", answer="I take no keys.")])
    async with desk(below(tmp_path, "b"), script, agents=[static]) as stage:
        run = await stage.start("clerk", question=f"use {key}")
        assert await run.result() == "I take no keys."
        [outcome] = await outcomes(stage, run.id, "model")
        assert outcome.detail["used"]["money"] == 0
    asks = agent(guards=[Guard("secrets", at=("input",), action="ask", group="security")])
    script(asks).says("done")
    async with desk(below(tmp_path, "c"), script, agents=[asks]) as stage:
        run = await stage.start("clerk", question=f"use {key}")
        assert (await run.waits_for()).group == "security"
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == "done"
        run = await stage.start("clerk", question=f"use {key} again")
        await parked(run, "human")
        await run.reject("no", by="lea")
        with pytest.raises(RunFailed, match="lea did not agree"):
            await run.result()


async def test_an_answer_is_sent_back_answered_for_or_agreed_to(script: Script, tmp_path: Path) -> None:
    told = list[str]()
    blocks = agent(guards=[Guard("personal_data", at=("answer",))])
    script(blocks).says(f"Write to {MAIL}.")
    script(blocks).plays(lambda scene: told.append(scene.request.messages[-1].text) or "Write to her.")
    async with desk(below(tmp_path, "a"), script, agents=[blocks]) as stage:
        run = await stage.start("clerk", question="where")
        assert await run.result() == "Write to her."
        assert "kept back by the guard personal_data: it holds email" in told[0]
        assert MAIL not in str([event.result for event in await outcomes(stage, run.id, "model")])
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    static = agent(guards=[Guard("personal_data", at=("answer",), action="answer", answer="Ask the desk.")])
    script(static).says(f"Write to {MAIL}.")
    async with desk(below(tmp_path, "b"), script, agents=[static]) as stage:
        assert await (await stage.start("clerk", question="where")).result() == "Ask the desk."
    asks = agent(guards=[Guard("personal_data", at=("answer",), action="ask", group="privacy")])
    script(asks).says(f"Write to {MAIL}.")
    async with desk(below(tmp_path, "c"), script, agents=[asks]) as stage:
        run = await stage.start("clerk", question="where")
        await parked(run, "human")
        await stage.crash_and_restart()
        await run.approve(by="lea")
        assert await run.result() == f"Write to {MAIL}."


async def test_an_answer_that_is_kept_back_too_often_ends_the_ask(script: Script, tmp_path: Path) -> None:
    clerk = agent(guards=[Guard("personal_data", at=("answer",))])
    script(clerk).says(f"{MAIL}").forever()
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="where")
        with pytest.raises(RunFailed, match="still kept back"):
            await run.result()


async def test_confidence_of_an_answer_falls_back_to_a_person(script: Script, tmp_path: Path) -> None:
    guard = Guard("confidence", at=("answer",), threshold=0.8, action="ask", group="leads")
    clerk = agent(guards=[guard], output=dict[str, Any])
    script(clerk).says('{"reply": "yes", "confidence": 0.4}')
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="sure?")
        assert (await run.waits_for()).group == "leads"
        await run.approve(by="lea")
        assert (await run.result())["confidence"] == 0.4
