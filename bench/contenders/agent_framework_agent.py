"""agent-framework: its Agent on a chat client of its own with the framework's function calling, in memory,
instrumentation off.

It owns the agent and the fake client.
"""

from __future__ import annotations

from typing import Any

import uvloop
from agent_framework import (
    Agent,
    BaseChatClient,
    ChatResponse,
    Content,
    FunctionInvocationLayer,
    Message,
    tool,
)
from agent_framework.observability import disable_instrumentation

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


class Fake(FunctionInvocationLayer[Any], BaseChatClient[Any]):
    """Asks for the tool as often as it is told to, then answers."""

    steps = 0

    def _inner_get_response(self, *, messages: Any, **_: Any) -> Any:
        return self._answer(messages)

    async def _answer(self, messages: Any) -> ChatResponse[Any]:
        call = next_call(len(messages) // 2 - 1, self.steps)
        said = (
            Content.from_text(ANSWER)
            if call is None
            else Content.from_function_call(call.id, "look", arguments=call.arguments)
        )
        usage: Any = {"input_token_count": PROMPT_TOKENS, "output_token_count": ANSWER_TOKENS}
        return ChatResponse(messages=[Message("assistant", [said])], usage_details=usage, model="fake")


@tool(approval_mode="never_require")
async def look(n: int, note: str) -> str:
    """Look something up."""
    return row(n, note)


async def main() -> None:
    be_quiet()
    disable_instrumentation()
    fake = Fake(function_invocation_configuration={"max_iterations": 10_000})
    agent = Agent(fake, INSTRUCTIONS, name="worker", tools=[look])

    async def one(steps: int) -> None:
        fake.steps = steps
        check((await agent.run(question(steps))).text)

    await serve_async(lambda case: fill(case, one))


if __name__ == "__main__":
    uvloop.run(main())
