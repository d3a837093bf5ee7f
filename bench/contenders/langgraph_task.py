"""LangGraph as functions: an entrypoint that awaits no-op tasks, each kept before the next
(durability="sync").

It owns one entrypoint. It must not share state between runs: each run is a thread of its own.
"""

from __future__ import annotations

import uuid
from typing import Any

import uvloop
from langgraph.func import entrypoint, task

from bench.contenders.lanes import fill, result
from bench.contenders.langgraph_savers import open_saver
from bench.protocol import options, serve_async


@task
async def noop(_index: int) -> dict[str, object]:
    return result()


async def main() -> None:
    async with open_saver(options()) as saver:

        @entrypoint(checkpointer=saver)
        async def ten(count: int) -> int:
            for index in range(count):
                await noop(index)
            return count

        async def run_tasks(steps: int) -> None:
            if await ten.ainvoke(steps, thread(steps), durability="sync") != steps:
                raise RuntimeError("the entrypoint returned something else")

        await serve_async(lambda case: fill(case, run_tasks))


def thread(steps: int) -> Any:
    return {"configurable": {"thread_id": uuid.uuid4().hex}, "recursion_limit": steps + 10}


if __name__ == "__main__":
    uvloop.run(main())
