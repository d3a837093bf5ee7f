"""An agent's run continues by itself as a new generation of the same run, and its budgets with it (S16)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit.agents import story
from remit.agents.agent import Agent, Limits
from remit.domain.budgets import Budget
from remit.domain.events import RunContinued
from remit.testing import ManualClock
from remit.testing.scripting import Script
from remit.testing.stage import stage
from remit.wire.messages import Message, ModelResponse, Text, ToolCall, Usage
from tests.agents.conftest import World
from tests.engine.places import ended, events, until


def _turns(count: int) -> Any:
    """Reads tickets one after the other, so many times, and answers with how often it was asked."""
    asked: list[int] = []

    def decide(scene: Any) -> ModelResponse:
        done = sum(message.role == "tool" for message in scene.request.messages)
        asked.append(done)
        if done >= count:
            return ModelResponse("sim", Message("assistant", (Text(f"read {done}"),)), "stop", Usage(10, 1))
        call = ToolCall(f"c{done}", "get_ticket", f'{{"id": {done % 3 + 1}}}')
        return ModelResponse("sim", Message("assistant", (call,)), "tools", Usage(10, 1))

    return decide


@pytest.fixture(autouse=True)
def short_generations(monkeypatch: pytest.MonkeyPatch) -> None:
    assert story.LONG_EVENTS == 2_000
    monkeypatch.setattr(story, "LONG_EVENTS", 20)


def reader(world: World, **more: Any) -> Agent:
    return Agent(
        "reader", prompt="You read tickets.", tools=[world.get_ticket],
        limits=Limits(steps=200, repeats=1000), **more,
    )  # fmt: skip


async def test_s16_a_long_ask_goes_on_as_a_new_generation_of_the_same_run(
    world: World, script: Script
) -> None:
    agent = reader(world)
    script(agent).plays(_turns(30)).forever()
    async with stage(agents=[agent], script=script) as made:
        run = await made.start("reader", question="all of them")
        assert await run.result() == "read 30"
        assert world.reads == 30, "nothing is read twice"
        view = await run.show()
        assert view.generation > 3
        row = await (await run.handle()).row()
        assert view.events - row.base_seq < 40, "a wake reads one generation"
        assert len(await events(made, run.id, RunContinued)) == view.generation - 1
        assert (await made.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize("crash", [False, True])
async def test_s16_budgets_survive_generations_and_crashes_between_them(
    crash: bool, world: World, script: Script
) -> None:
    """Neither is a call let pass that does not fit, nor is one refused that does."""
    agent = reader(world, budget=Budget(calls=25, steps=100))
    script(agent).plays(_turns(1_000)).forever()
    async with stage(agents=[agent], script=script) as made:
        run = await made.start("reader", question="all of them")
        if crash:
            await until(lambda: world.reads >= 14)
            await made.crash_and_restart()
        assert await ended(run) == "failed"
        assert (await run.show()).run.error == "budget_exhausted"
        # a read whose admission died on its way to the disk is made again, and counted then (S3)
        assert world.reads in ((25, 26) if crash else (25,))


async def test_s16_steps_and_time_are_those_of_the_whole_ask(world: World, script: Script) -> None:
    agent = reader(world, budget=Budget(seconds=100))
    clock, decide = ManualClock(), _turns(1_000)
    script(agent).plays(decide).forever()
    original = world.get_ticket._fn

    async def slow(id: int) -> Any:  # noqa: A002 - the tool's own word
        clock.leap(5)
        await asyncio.sleep(0)  # where whoever takes too long is interrupted
        return await original(id)

    world.get_ticket._python._fn = slow
    async with stage(agents=[agent], script=script, clock=clock) as made:
        run = await made.start("reader", question="all of them")
        assert await ended(run) == "failed"
        view = await run.show()
        assert view.run.error == "budget_exhausted"
        assert "all the time" in view.message
        assert view.generation > 1
        assert world.reads == 19, "the one that would have outlasted the time was interrupted"
