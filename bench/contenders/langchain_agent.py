"""langchain: `create_agent` on a chat model of its own, with one typed tool, in memory: no checkpointer, no tracing.

It owns the agent and the fake model.
"""

from __future__ import annotations

from typing import Any

import uvloop
from langchain.agents import create_agent
from langchain.tools import tool
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from bench.contenders.agent_work import (
    ANSWER,
    ANSWER_TOKENS,
    INSTRUCTIONS,
    PROMPT_TOKENS,
    be_quiet,
    check,
    next_call,
    question,
    row,
)
from bench.contenders.lanes import fill
from bench.protocol import serve_async

OPENING = 2
"""The instructions and the question."""


class Fake(BaseChatModel):
    """Asks for the tool as often as it is told to, then answers."""

    steps: int = 0

    @property
    def _llm_type(self) -> str:
        return "fake"

    def bind_tools(self, *_: Any, **__: Any) -> Any:
        return self

    def _generate(self, messages: list[Any], *_: Any, **__: Any) -> ChatResult:
        call = next_call((len(messages) - OPENING) // 2, self.steps)
        usage: Any = {
            "input_tokens": PROMPT_TOKENS,
            "output_tokens": ANSWER_TOKENS,
            "total_tokens": PROMPT_TOKENS + ANSWER_TOKENS,
        }
        if call is None:
            said = AIMessage(ANSWER, usage_metadata=usage)
        else:
            asked: Any = {"name": "look", "args": {"n": call.n, "note": call.note}, "id": call.id}
            said = AIMessage("", tool_calls=[asked], usage_metadata=usage)
        return ChatResult(generations=[ChatGeneration(message=said)])

    async def _agenerate(self, messages: list[Any], *_: Any, **__: Any) -> ChatResult:
        return self._generate(messages)


@tool
async def look(n: int, note: str) -> str:
    """Look something up."""
    return row(n, note)


async def main() -> None:
    be_quiet()
    fake = Fake()
    agent = create_agent(fake, [look], system_prompt=INSTRUCTIONS)

    async def one(steps: int) -> None:
        fake.steps = steps
        asked: Any = {"messages": [{"role": "user", "content": question(steps)}]}
        result = await agent.ainvoke(asked, {"recursion_limit": 3 * steps + 10})
        check(result["messages"][-1].content)

    await serve_async(lambda case: fill(case, one))


if __name__ == "__main__":
    uvloop.run(main())
