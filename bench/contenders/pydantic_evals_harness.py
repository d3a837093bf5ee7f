"""pydantic-evals: a dataset of cases, the equality evaluator it ships, an agent of its own family on its FunctionModel.

It owns the dataset. Nothing instruments it, nothing is written down, and no progress is drawn.
"""

from __future__ import annotations

import uvloop
from pydantic_ai import Agent
from pydantic_ai.messages import ModelResponse, TextPart
from pydantic_ai.models.function import FunctionModel
from pydantic_ai.usage import RequestUsage
from pydantic_evals import Case, Dataset
from pydantic_evals.evaluators import EqualsExpected

from bench.contenders.harness_work import ANSWER, ANSWER_TOKENS, PROMPT_TOKENS, play, question
from bench.protocol import serve_async

USAGE = RequestUsage(input_tokens=PROMPT_TOKENS, output_tokens=ANSWER_TOKENS)


async def main() -> None:
    agent = Agent(
        FunctionModel(lambda _messages, _info: ModelResponse(parts=[TextPart(ANSWER)], usage=USAGE))
    )

    async def ask(asked: str) -> str:
        return (await agent.run(asked)).output

    async def whole(scenarios: int, at_once: int) -> int:
        cases = [Case(name=f"c{n}", inputs=question(n), expected_output=ANSWER) for n in range(scenarios)]
        dataset = Dataset(name="answers", cases=cases, evaluators=[EqualsExpected()])
        report = await dataset.evaluate(ask, max_concurrency=at_once, progress=False)
        return sum(all(each.value for each in case.assertions.values()) for case in report.cases)

    await serve_async(lambda case: play(case, whole))


if __name__ == "__main__":
    uvloop.run(main())
