"""A fork of an agent's run thinks anew and writes nothing, unless a person lets each write through (S18)."""

from __future__ import annotations

from typing import Any

from remit.agents.agent import Agent
from remit.testing.scripting import Script
from remit.testing.stage import stage
from remit.wire.messages import Message, ModelResponse, Text, ToolCall, Usage
from tests.agents.conftest import World
from tests.engine.places import until


def _closes(status: list[str]) -> Any:
    """Sets ticket 1 to what the list says by now, then tells what it was told."""

    def decide(scene: Any) -> ModelResponse:
        tools = [
            part for message in scene.request.messages for part in message.parts if hasattr(part, "failed")
        ]
        if not tools:
            call = ToolCall("c1", "set_status", f'{{"id": 1, "status": "{status[-1]}"}}')
            return ModelResponse("sim", Message("assistant", (call,)), "tools", Usage())
        said = "".join(inner.text for inner in tools[-1].parts)
        return ModelResponse("sim", Message("assistant", (Text(said),)), "stop", Usage())

    return decide


async def test_s18_a_fork_answers_known_writes_from_the_past_and_others_not_at_all(
    world: World, script: Script
) -> None:
    agent = Agent("closer", prompt="You close tickets.", tools=[world.set_status])
    status = ["solved"]
    script(agent).plays(_closes(status)).forever()
    async with stage(agents=[agent], script=script) as made:
        run = await made.start("closer", question="close 1")
        original = await run.result()
        assert world.writes == [(1, "solved")]
        same = await made.platform.fork(run.id)
        assert await same.result() == original
        status.append("rejected")
        other = await made.platform.fork(run.id)
        assert "a fork does not perform it" in await other.result()
        assert world.writes == [(1, "solved")], "a fork writes nothing"
        assert world.tickets[1] == "solved"
        view = await made.platform.show(other.id)
        assert view.simulated


async def test_s18_a_live_fork_asks_for_every_write(world: World, script: Script) -> None:
    agent = Agent("closer", prompt="You close tickets.", tools=[world.set_status])
    script(agent).plays(_closes(["solved"])).forever()
    async with stage(agents=[agent], script=script) as made:
        run = await made.start("closer", question="close 1")
        await run.result()
        for answer in ("yes", "no"):
            fork = made.run((await made.platform.fork(run.id, live=True)).id)
            asked = await fork.waits_for()
            assert len(world.writes) == (1 if answer == "yes" else 2)
            del asked
            if answer == "yes":
                await fork.approve(by="lea")
                await until(lambda: len(world.writes) == 2)
            else:
                await fork.reject("not again", by="lea")
            await fork.result()
        assert world.writes == [(1, "solved")] * 2
