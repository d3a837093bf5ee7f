"""S25: what one run of a flow may use in all holds for its own calls, its agents, its generations and its restarts."""

from __future__ import annotations

from pathlib import Path

from remit import Run, flow
from remit.agents.agent import Agent
from remit.domain.action_errors import BudgetExhausted
from remit.testing import stage
from remit.testing.scripting import Script
from tests.agents.conftest import World, script, world

__all__ = ["script", "world"]


async def test_s25_a_run_has_its_flows_budget_through_generations_agents_and_crashes(
    tmp_path: Path, world: World, script: Script
) -> None:
    reader = Agent("reader", prompt="Read.", tools=[world.get_ticket])
    script(reader).calls("get_ticket", id=3).says("read").calls("get_ticket", id=3).says("read again")

    @flow
    async def patient(run: Run, generation: int = 1, read: int = 0) -> tuple[int, str]:
        """Reads two tickets by itself, one by an agent, and then too many, over two generations."""
        if generation == 1:
            await run.call(world.get_ticket, 1)
            await run.call(world.get_ticket, 2)
            run.continue_as(generation=2, read=2)
        await run.ask(reader, "look")
        await run.signal("on")
        try:
            await run.call(world.get_ticket, 1)
        except BudgetExhausted as wrong:
            return read + 1, wrong.message
        return read + 2, "never told"

    (tmp_path / "budgets.toml").write_text("[flows.patient]\ncalls = 3\n")
    async with stage(patient, workspace=tmp_path, script=script) as platform:
        run = await platform.start(patient)
        assert (await run.waits_for()).name == "on"
        await platform.crash_and_restart()
        await run.signal("on")
        said = "this run may use 3 tool calls: 3 tool calls used, 0 tool calls reserved, and this may need 1 tool call."
        assert await run.result() == (3, said)
        another = await platform.start(patient, generation=2)
        assert (await another.waits_for()).name == "on", "each run has a budget of its own"
    assert world.reads == 4
