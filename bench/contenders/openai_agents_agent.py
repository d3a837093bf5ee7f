"""openai-agents: an agent on a Model class of its own, with one function tool, in memory, tracing off.

It owns the agent and the fake model.
"""

from __future__ import annotations

from typing import Any

import uvloop
from agents import Agent, Model, ModelResponse, RunConfig, Runner, Usage, function_tool, set_tracing_disabled
from openai.types.responses import ResponseFunctionToolCall, ResponseOutputMessage, ResponseOutputText

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


class Fake(Model):
    """Asks for the tool as often as it is told to, then answers."""

    steps = 0

    async def get_response(self, *_: Any, **asked: Any) -> ModelResponse:
        said = asked["input"]
        turns = 0 if isinstance(said, str) else (len(said) - 1) // 2
        call = next_call(turns, self.steps)
        answer = _answer() if call is None else ResponseFunctionToolCall(
            arguments=call.arguments, call_id=call.id, name="look", type="function_call"
        )  # fmt: skip
        usage = Usage(
            requests=1,
            input_tokens=PROMPT_TOKENS,
            output_tokens=ANSWER_TOKENS,
            total_tokens=PROMPT_TOKENS + ANSWER_TOKENS,
        )
        return ModelResponse(output=[answer], usage=usage, response_id=None)

    def stream_response(self, *_: Any, **__: Any) -> Any:
        raise RuntimeError("nobody asked for a stream")


def _answer() -> ResponseOutputMessage:
    text = ResponseOutputText(annotations=[], text=ANSWER, type="output_text")
    return ResponseOutputMessage(
        id="answer", content=[text], role="assistant", status="completed", type="message"
    )


@function_tool
async def look(n: int, note: str) -> str:
    """Look something up."""
    return row(n, note)


async def main() -> None:
    be_quiet()
    set_tracing_disabled(True)
    fake = Fake()
    agent = Agent(name="worker", instructions=INSTRUCTIONS, tools=[look], model=fake)
    quiet = RunConfig(tracing_disabled=True)

    async def one(steps: int) -> None:
        fake.steps = steps
        result = await Runner.run(agent, question(steps), max_turns=steps + 10, run_config=quiet)
        check(result.final_output)

    await serve_async(lambda case: fill(case, one))


if __name__ == "__main__":
    uvloop.run(main())
