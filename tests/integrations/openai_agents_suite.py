"""The OpenAI Agents SDK under Remit; run by `make test-integrations` in an environment that has both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from agents import Agent, Runner, function_tool
from pydantic import BaseModel

from remit.agents.agent import Agent as Ours
from remit.agents.run import Run
from remit.domain.action_errors import NotInARun
from remit.engine.flow import flow
from remit.integrations import carried
from remit.integrations.openai_agents import durable, routes, workspace_tools
from remit.testing.scripting import Script
from remit.testing.stage import stage
from remit.tools.tool import tool

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Verdict(BaseModel):
    """A typed answer."""

    good: bool


POLICY = (
    "permit (principal, action, resource);\n"
    '@id("large") @ask("owners") @reason("much")\n'
    'forbid (principal, action == Action::"call", resource == Tool::"refund")'
    " when { context.cents > 100 };\n"
)


async def test_a_runner_asks_routes_and_its_tools_pass_the_gate(tmp_path: Path) -> None:
    paid: list[int] = []
    looked: list[str] = []

    @tool(effect="write")
    async def refund(cents: int) -> int:
        """Pay back."""
        paid.append(cents)
        return cents

    @function_tool
    async def look(what: str) -> str:
        """Look."""
        looked.append(what)
        return what

    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.cedar").write_text(POLICY)
    script = Script()
    script("helper").calls("look", what="a").also("look", what="b").calls("refund", cents=500).says(
        "it is done"
    )

    @flow
    async def work(run: Run, question: str) -> str:
        async def theirs() -> str:
            agent = Agent(
                name="helper", instructions="You help.",
                tools=[durable(look, effect="read"), *workspace_tools("refund", agent="helper")],
            )  # fmt: skip
            return (await Runner.run(agent, question, run_config=routes(agent="helper"))).final_output

        return await carried(run, theirs())

    ours = Ours("helper", prompt="Help.", tools=[refund])
    async with stage(work, workspace=tmp_path, script=script, agents=[ours]) as made:
        run = await made.start(work, question="refund 500")
        assert (await run.waits_for()).group == "owners"
        assert (paid, looked) == ([], ["a", "b"])
        await made.crash_and_restart()
        await run.approve()
        assert await run.result() == "it is done"
        assert (paid, looked) == ([500], ["a", "b"])
        view = await run.show()
        assert [step.name for step in view.steps] == [
            "model",
            "look",
            "look#2",
            "model#2",
            "refund",
            "model#3",
        ]
        assert view.spent.model_calls == 3
    script.check()


async def test_typed_answers_handoffs_and_streams(tmp_path: Path) -> None:
    script = Script()
    script("helper").calls("transfer_to_judge").says('{"good": true}')

    @flow
    async def work(run: Run) -> dict[str, Any]:
        async def theirs() -> dict[str, Any]:
            judge = Agent(name="judge", instructions="You judge.", output_type=Verdict)
            front = Agent(name="front", instructions="You hand on.", handoffs=[judge])
            streamed = Runner.run_streamed(front, "is it good?", run_config=routes(agent="helper"))
            seen = [event.type async for event in streamed.stream_events()]
            return {"answer": streamed.final_output.model_dump(), "seen": len(seen)}

        return await carried(run, theirs())

    async with stage(
        work, workspace=tmp_path, script=script, agents=[Ours("helper", prompt="Help.")]
    ) as made:
        result = await (await made.start(work)).result()
        assert result["answer"] == {"good": True}
        assert result["seen"] > 0
    script.check()


async def test_outside_of_a_run_it_says_where_it_belongs() -> None:
    with pytest.raises(NotInARun, match="carried"):
        await Runner.run(Agent(name="x"), "hello", run_config=routes())


async def test_what_a_rule_refuses_is_told_to_the_model(tmp_path: Path) -> None:
    @tool(effect="write")
    async def refund(cents: int) -> int:
        """Pay back."""
        raise AssertionError(cents)

    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "default.cedar").write_text(
        "permit (principal, action, resource);\n"
        '@id("never") @reason("nobody pays back")\n'
        'forbid (principal, action == Action::"call", resource == Tool::"refund");\n'
    )
    script = Script()
    script("helper").calls("refund", cents=5).says("I may not")

    @flow
    async def work(run: Run) -> str:
        async def theirs() -> str:
            agent = Agent(name="helper", tools=workspace_tools("refund", agent="helper"))
            return (await Runner.run(agent, "refund 5", run_config=routes(agent="helper"))).final_output

        return await carried(run, theirs())

    ours = Ours("helper", prompt="Help.", tools=[refund])
    async with stage(work, workspace=tmp_path, script=script, agents=[ours]) as made:
        assert await (await made.start(work)).result() == "I may not"
    script.check()
