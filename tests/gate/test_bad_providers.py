"""Providers that are down, busy, closed or cut: a precise failure, a settled budget, and a run that can be resumed."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit import Budget, Run, flow
from remit.agents.agent import Agent
from remit.domain.errors import RunFailed
from remit.models.simulation.lines import Fault, Line
from remit.models.simulation.scene import Scene
from remit.testing.scripting import Script
from tests.engine.places import TickingClock, ended, until
from tests.gate.desk import desk, outcomes

CLERK = Agent("clerk", prompt="You answer.", budget=Budget(usd=10, steps=50))


@flow
async def asks_twice(run: Run) -> str:
    """Goes on after a failure of the model."""
    try:
        return await run.ask(CLERK, "hello")
    except Exception as wrong:  # noqa: BLE001 - the promise is that it is told, whatever it is
        again = await run.ask(CLERK, "hello again")
        return f"{getattr(wrong, 'code', '?')}, then {again}"


@pytest.mark.parametrize(
    ("fault", "code", "status"),
    [
        ("down", "provider_down", 0),
        ("unauthorized", "provider_refused", 401),
        ("rate_limit", "provider_busy", 429),
        ("overloaded", "provider_busy", 529),
        ("cut", "stream_cut", 0),
        ("filtered", "model_refused", 0),
        ("too_long", "context_too_long", 0),
    ],
)
async def test_a_provider_in_trouble(
    fault: str, code: str, status: int, script: Script, tmp_path: Path
) -> None:
    clock = TickingClock()

    def decide(scene: Scene) -> Line:
        return Line("fine", fault=None if "again" in scene.user else Fault(fault))

    script(CLERK).plays(decide).forever()
    async with desk(tmp_path, script, asks_twice, clock=clock) as stage:
        run = await stage.start(asks_twice)

        async def over() -> bool:
            await clock.advance(5)
            return (await run.status()).ended

        await until(over)
        told = await run.result()
        failed, *_ = await outcomes(stage, run.id, "model")
        assert told == f"{code}, then fine"
        assert failed.error == code
        assert failed.detail["used"]["steps"] <= 1
        if status:
            assert {each["status"] for each in failed.detail["attempts"]} == {status}
        view = await run.show()
        assert 0 <= view.spent.money < 10_000_000
        first, second = [step.children[0].action for step in view.steps]
        assert first is not None
        assert all(f" {code}" in each for each in first.tried)
        assert len(first.tried) >= 1
        assert second is not None
        assert second.tried == ()
        book = stage.platform._parts.house.gate.parts.budgets
        assert book._local == {}, "nothing is held once it is over"
        assert (await stage.platform.replay(run.id)).verdict == "equal"


async def test_a_failed_run_of_an_agent_can_be_forked_and_finished(script: Script, tmp_path: Path) -> None:
    """The way forward once the provider is back."""
    clerk = Agent("clerk2", prompt="You answer.")
    script(clerk).fails("unauthorized").says("back again")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk2", question="hello")
        assert await ended(run) == "failed"
        with pytest.raises(RunFailed, match="key"):
            await run.result()
        fork = await stage.platform.fork(run.id)
        assert await fork.result() == "back again"
