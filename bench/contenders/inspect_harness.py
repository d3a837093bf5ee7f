"""Inspect AI: a task of samples, its `generate` solver, its exact scorer, its own mock model; the log is on the disk.

It owns the task. The display is off. The model says its usage itself, so nothing has to be counted.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from inspect_ai import Task, eval_async
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.model import ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import exact
from inspect_ai.solver import generate

from bench.contenders.harness_work import ANSWER, ANSWER_TOKENS, PROMPT_TOKENS, play, question
from bench.protocol import options, serve_async

MODEL = "mockllm/model"


def _said(*_: Any, **__: Any) -> ModelOutput:
    output = ModelOutput.from_content(MODEL, ANSWER)
    output.usage = ModelUsage(
        input_tokens=PROMPT_TOKENS, output_tokens=ANSWER_TOKENS, total_tokens=PROMPT_TOKENS + ANSWER_TOKENS
    )
    return output


async def main() -> None:
    logs = Path(options()["directory"]) / "logs"

    async def whole(scenarios: int, at_once: int) -> int:
        samples = [Sample(input=question(n), target=ANSWER, id=n) for n in range(scenarios)]
        task = Task(dataset=MemoryDataset(samples), solver=generate(), scorer=exact())
        model = get_model(MODEL, custom_outputs=_said, memoize=False)
        (log,) = await eval_async(
            task, model=model, log_dir=str(logs), max_samples=at_once, max_connections=at_once, log_level="error",
        )  # fmt: skip
        if log.results is None:
            raise RuntimeError(f"the evaluation ended as {log.status}: {log.error}")
        return round(log.results.scores[0].metrics["mean"].value * scenarios)

    await serve_async(lambda case: play(case, whole))


if __name__ == "__main__":
    asyncio.run(main())
