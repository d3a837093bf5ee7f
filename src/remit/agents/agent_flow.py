"""A flow whose whole body is one agent: how an agent is run by name, from the terminal or by another system."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.agents.loop import ask
from remit.agents.story import Story
from remit.engine.flow import Flow
from remit.wire.attachment import Attachment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.agent import Agent


def flow_of(agent: Agent) -> Flow:
    """The agent as a flow: it takes a question and what is attached to it, and gives the answer."""

    async def answer(
        run: Any, question: Any, attach: Sequence[Attachment] = (), story: Story | None = None
    ) -> Any:
        return run.open(await ask(run, agent, (question,), {}, story or Story(), attach))

    answer.__doc__ = agent.description or f"Ask the agent {agent.name}."
    answer.__annotations__ = {
        "run": Any,
        "question": Any,
        "attach": list[Attachment],
        "story": Story | None,
        "return": agent.output or str,
    }
    made = Flow(answer, agent.name, "", "UTC")
    made.internal = frozenset({"story"})
    return made
