"""pydantic-ai under Remit; run by `make test-integrations` in an environment that has both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import FunctionModel

from remit.agents.agent import Agent as Ours
from remit.agents.run import Run
from remit.engine.flow import flow
from remit.integrations import carried
from remit.integrations.pydantic_ai import RemitDurability, RemitModel, RemitTools
from remit.testing.scripting import Script
from remit.testing.stage import stage
from remit.tools.tool import tool

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class World:
    """How often anything was really done."""

    def __init__(self) -> None:
        self.asked = self.paid = self.looked = 0
        self.dies = True

    def model(self, messages: list[Any], info: Any) -> ModelResponse:
        del info
        self.asked += 1
        said = [part for each in messages for part in each.parts if part.part_kind == "tool-return"]
        if not said:
            calls = [ToolCallPart("look", {"what": "x"}), ToolCallPart("pay", {"cents": 5})]
            return ModelResponse(parts=calls)
        return ModelResponse(parts=[TextPart(f"paid {[each.content for each in said]}")])

    def agent(self) -> Agent[None, str]:
        made: Agent[None, str] = Agent(
            FunctionModel(self.model), name="clerk", capabilities=[RemitDurability()]
        )

        @made.tool_plain(metadata={"remit": {"effect": "read"}})
        async def look(what: str) -> str:
            self.looked += 1
            return what

        @made.tool_plain
        async def pay(cents: int) -> int:
            self.paid += 1
            return cents

        return made


async def test_what_an_agent_did_is_not_done_again_after_a_crash(tmp_path: Path) -> None:
    world = World()
    agent = world.agent()

    @flow
    async def work(run: Run, question: str) -> str:
        result = await carried(run, agent.run(question))
        await run.signal("go")
        return result.output

    async with stage(work, workspace=tmp_path) as made:
        run = await made.start(work, question="pay")
        assert (await run.waits_for()).kind == "signal"
        assert [world.asked, world.looked, world.paid] == [2, 1, 1]
        await made.crash_and_restart()
        await run.signal("go")
        assert await run.result() == "paid ['x', 5]"
        assert [world.asked, world.looked, world.paid] == [2, 1, 1]
        steps = [(step.name, step.kind) for step in (await run.show()).steps]
        assert steps[0] == ("clerk__model.request", "step")
        assert [kind for _, kind in steps].count("write") == 1  # the payment was claimed, the look was not


async def test_outside_of_a_run_the_agent_is_as_it_was() -> None:
    assert (await World().agent().run("pay")).output == "paid ['x', 5]"


async def test_a_route_and_tools_of_the_workspace_pass_the_gate(tmp_path: Path) -> None:
    paid: list[int] = []

    @tool(effect="write")
    async def refund(cents: int) -> int:
        """Pay back."""
        paid.append(cents)
        return cents

    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.cedar").write_text(
        "permit (principal, action, resource);\n"
        '@id("large") @ask("owners") @reason("much")\n'
        'forbid (principal, action == Action::"call", resource == Tool::"refund")'
        " when { context.cents > 100 };\n"
    )
    script = Script()
    script("helper").calls("refund", cents=500).says("it is done")
    theirs: Agent[None, str] = Agent(
        RemitModel("fast", agent="helper"), name="helper", toolsets=[RemitTools("refund", agent="helper")],
        capabilities=[RemitDurability()], instructions="You help.",
    )  # fmt: skip

    @flow
    async def work(run: Run) -> str:
        return (await carried(run, theirs.run("refund 500"))).output

    ours = Ours("helper", prompt="Help.", tools=[refund])
    async with stage(work, workspace=tmp_path, script=script, agents=[ours]) as made:
        run = await made.start(work)
        assert (await run.waits_for()).group == "owners"
        assert paid == []
        await made.crash_and_restart()
        await run.approve()
        assert await run.result() == "it is done"
        assert paid == [500]
        steps = (await run.show()).steps
        assert steps[0].name == "model"
        assert {step.action.agent for step in steps if step.action is not None} == {"helper"}
    script.check()
