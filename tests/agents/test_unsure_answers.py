"""What a person decides about an unsure answer has the type of the agent, and an edit that does not is asked again."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from pydantic import BaseModel, field_validator

from remit import Agent, Fallback, Run, flow
from remit.domain.errors import InvalidInput
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


async def test_an_edit_that_is_no_answer_is_refused_and_the_question_stays_open() -> None:
    script = Script()
    script(UNSURE).replies(Draft("perhaps", 0.4))
    async with stage(draft, agents=[UNSURE], script=script) as platform:
        run = await platform.start(draft)
        first = await run.waits_for()
        with pytest.raises(InvalidInput, match=r'"value\.reply" as text, and was given 5'):
            await run.approve({"reply": 5, "confidence": 1})
        await platform.crash_and_restart()
        assert (await run.waits_for()).path == first.path
        await run.approve({"reply": "certainly", "confidence": 1})
        assert await run.result() == "certainly (1)"


class Even(BaseModel):
    number: int

    @field_validator("number")
    @classmethod
    def _is_even(cls, number: int) -> int:
        if number % 2:
            raise ValueError("odd numbers are not sold")
        return number


@flow
async def choose(run: Run) -> str:
    even: Even = await run.human("leads", Even(number=2))
    return f"{type(even).__name__} {even.number}"


async def test_what_no_schema_says_is_asked_about_again_with_why() -> None:
    async with stage(choose) as platform:
        run = await platform.start(choose)
        first = await run.waits_for()
        await run.approve({"number": 3})
        again = await run.waits_for()
        assert again.path != first.path
        (item,) = await platform.inbox()
        assert (item.value, "odd numbers are not sold" in item.note) == ({"number": 2}, True)
        await platform.crash_and_restart()
        await run.approve({"number": 4})
        assert await run.result() == "Even 4"
        assert (await platform.platform.replay(run.id)).verdict == "equal"
