"""A conversation is shortened before a route would say that it does not fit: by what frames it, and with its answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.agents.agent import Agent, Limits
from remit.models.simulation.lines import calls, says
from remit.testing import stage
from remit.testing.scripting import Script
from remit.tools.tool import tool

MODELS = """
[providers.sim]
kind = "simulated"
[models.sim-small]
provider = "sim"
window = {window}
max_output = {most}
capabilities = ["tools", "json_schema", "streaming", "parallel_tools"]
price = {{ input = 1, output = 1 }}
[routes.fast]
models = ["sim-small"]
"""


@tool(effect="read", reads="desk")
def page(number: int, letters: int) -> str:
    """A page."""
    return f"page {number} {'x' * letters}"


@pytest.mark.parametrize(
    ("letters", "turns", "answer", "most", "window"),
    [(1, 200, 256, 2000, 6000), (1500, 30, 4096, 8000, 12000), (6000, 12, 1000, 1000, 12000)],
    ids=["many short messages", "long answers", "a model of short answers"],
)
async def test_a_long_conversation_never_outgrows_its_route(
    letters: int, turns: int, answer: int, most: int, window: int, tmp_path: Path
) -> None:
    (tmp_path / "models.toml").write_text(MODELS.format(most=most, window=window))
    limits = Limits(steps=turns + 5, repeats=500, answer_tokens=answer)
    agent = Agent("reader", prompt="Read.", tools=[page], limits=limits)
    script = Script()
    count = {"read": 0, "short": 0}

    def decide(scene: Any) -> Any:
        if not scene.tools:
            count["short"] += 1
            return says("some pages were read")
        count["read"] += 1
        number = count["read"]
        return calls("page", number=number, letters=letters) if number <= turns else says("done")

    script(agent).plays(decide).forever()
    async with stage(agents=[agent], workspace=tmp_path, script=script) as platform:
        run = await platform.start("reader", question="Read all.")
        assert await run.result() == "done"
    assert count["read"] == turns + 1
    assert count["short"] >= 1, "it would not have fitted"
