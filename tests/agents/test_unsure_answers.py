"""What a person decides about an unsure answer has the type of the agent, and an edit that does not is asked again."""

from __future__ import annotations

from dataclasses import dataclass

from remit import Agent, Fallback, Run, flow
from remit.testing import stage
from remit.testing.scripting import Script


@dataclass(frozen=True)
class Draft:
    reply: str
    confidence: float


UNSURE = Agent("unsure", prompt="Answer.", output=Draft, fallback=Fallback(0.8, human="leads"))


@flow
async def draft(run: Run) -> str:
    answer: Draft = await run.ask(UNSURE, "What now?")
    return f"{answer.reply} ({answer.confidence:g})"


async def test_what_a_person_agrees_to_has_the_type_of_the_answer() -> None:
    script = Script()
    script(UNSURE).replies(Draft("perhaps", 0.4))
    async with stage(draft, agents=[UNSURE], script=script) as platform:
        run = await platform.start(draft)
        await run.waits_for()
        await run.approve()
        assert await run.result() == "perhaps (0.4)"


async def test_an_edit_that_is_no_answer_is_asked_about_again() -> None:
    script = Script()
    script(UNSURE).replies(Draft("perhaps", 0.4))
    async with stage(draft, agents=[UNSURE], script=script) as platform:
        run = await platform.start(draft)
        first = await run.waits_for()
        await run.approve({"reply": 5})
        again = await run.waits_for()
        assert (again.group, again.path) != (first.group, first.path)
        assert again.group == "leads"
        await platform.crash_and_restart()
        await run.approve({"reply": "certainly", "confidence": 1})
        assert await run.result() == "certainly (1)"
