"""DeepEval: test cases of an application that answers at once, its exact-match metric; nothing is kept or drawn.

It owns the cases. DeepEval scores what an application has said and runs none itself, so the application is a function
here: of the model call that the others make, nothing is charged to it. Its evaluation wants a loop of its own, so it
stands on a thread.
"""

from __future__ import annotations

import asyncio
import os

os.environ["DEEPEVAL_TELEMETRY_OPT_OUT"] = "YES"

from deepeval import evaluate
from deepeval.evaluate import AsyncConfig, CacheConfig, DisplayConfig
from deepeval.metrics import ExactMatchMetric
from deepeval.test_case import LLMTestCase

from bench.contenders.harness_work import ANSWER, play, question
from bench.protocol import options, serve_async


def _evaluate(scenarios: int, at_once: int) -> int:
    cases = [
        LLMTestCase(input=question(n), actual_output=ANSWER, expected_output=ANSWER) for n in range(scenarios)
    ]
    found = evaluate(
        test_cases=cases,
        metrics=[ExactMatchMetric()],
        async_config=AsyncConfig(run_async=True, max_concurrent=at_once, throttle_value=0),
        display_config=DisplayConfig(show_indicator=False, print_results=False),
        cache_config=CacheConfig(write_cache=False, use_cache=False),
    )
    return sum(bool(each.success) for each in found.test_results)


async def main() -> None:
    os.chdir(options()["directory"])  # it leaves a folder where it stands
    await serve_async(lambda case: play(case, lambda *asked: asyncio.to_thread(_evaluate, *asked)))


if __name__ == "__main__":
    asyncio.run(main())
