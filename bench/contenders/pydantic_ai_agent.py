"""pydantic-ai: an agent on its own FunctionModel, with one typed tool, in memory.

It owns the agent. Nothing instruments it, and no limit is set that it would have to look at.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import uvloop
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.usage import RequestUsage, UsageLimits

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

if TYPE_CHECKING:
    from pydantic_ai.messages import ModelMessage

UNLIMITED = UsageLimits(request_limit=None)


async def main() -> None:
    be_quiet()
    wanted = 0

    async def play(messages: list[ModelMessage], _info: AgentInfo) -> ModelResponse:
        call = next_call(len(messages) // 2, wanted)
        said = TextPart(ANSWER) if call is None else ToolCallPart("look", call.arguments, call.id)
        usage = RequestUsage(input_tokens=PROMPT_TOKENS, output_tokens=ANSWER_TOKENS)
        return ModelResponse(parts=[said], usage=usage, model_name="fake")

    agent = Agent(FunctionModel(play), instructions=INSTRUCTIONS)

    @agent.tool_plain
    async def look(n: int, note: str) -> str:
        """Look something up."""
        return row(n, note)

    async def one(steps: int) -> None:
        nonlocal wanted
        wanted = steps
        check((await agent.run(question(steps), usage_limits=UNLIMITED)).output)

    await serve_async(lambda case: fill(case, one))


if __name__ == "__main__":
    uvloop.run(main())
