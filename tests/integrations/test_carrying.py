"""Another framework within a run, with no framework: what it asks for is done in the run's own task, in order, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from remit import Run, flow
from remit.domain.action_errors import NotInARun
from remit.domain.errors import RunWasCancelled
from remit.engine.step import Step
from remit.engine.stepping import perform
from remit.integrations import carried
from remit.integrations.carrying import carrier
from remit.testing.stage import stage


async def stepped(name: str, done: list[str]) -> str:
    """A step, as an integration asks for one."""
    found = carrier()

    async def unit() -> str:
        done.append(name)
        return name

    return await found.perform(
        lambda: perform(found.run.execution, Step(unit, effect="read", name=name), (), {})
    )


async def test_tasks_that_a_framework_starts_are_placed_and_not_repeated(tmp_path: Path) -> None:
    done: list[str] = []
    left: list[str] = []

    async def framework(run: Run) -> list[str]:
        try:
            both = await asyncio.gather(stepped("one", done), stepped("two", done))
            last = await carrier().perform(lambda: run.signal("go"))
            return [*both, await stepped("three", done), str(last)]
        finally:
            left.append("left")

    @flow
    async def work(run: Run) -> list[str]:
        return await carried(run, framework(run))

    async with stage(work, workspace=tmp_path) as made:
        run = await made.start(work)
        await run.waits_for()
        assert done == ["one", "two"]
        await made.crash_and_restart()
        await run.signal("go", "now")
        assert await run.result() == ["one", "two", "three", "now"]
        assert done == ["one", "two", "three"]
        assert [step.name for step in (await run.show()).steps][:2] == ["one", "two"]
        cancelled = await made.start(work)
        await cancelled.waits_for()
        await cancelled.cancel()
        with pytest.raises(RunWasCancelled):
            await cancelled.result()
    assert len(left) >= 3  # whenever the run left memory, the framework's own frames were let go of


async def test_a_step_in_a_step_and_a_step_outside_of_a_run_are_refused(tmp_path: Path) -> None:
    done: list[str] = []

    async def nested() -> str:
        found = carrier()

        async def unit() -> str:
            with pytest.raises(NotInARun, match="inside of a step"):
                await stepped("inner", done)
            return "refused"

        step = Step(unit, effect="read", name="outer")
        return await found.perform(lambda: perform(found.run.execution, step, (), {}))

    @flow
    async def work(run: Run) -> str:
        return await carried(run, nested())

    async with stage(work, workspace=tmp_path) as made:
        assert await (await made.start(work)).result() == "refused"
    with pytest.raises(NotInARun, match="within a run"):
        await stepped("x", done)
    assert done == []
