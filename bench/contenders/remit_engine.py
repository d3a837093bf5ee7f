"""Remit as its users run it: one platform on SQLite or Postgres, flows of no-op steps, a conversation that
grows.

It owns the flows. It must use public names only, and must leave every setting as it ships.
"""

from __future__ import annotations

import random
import string
from pathlib import Path
from typing import Any

from bench.contenders.lanes import fill, result
from bench.contenders.loop import run_main
from bench.protocol import Answer, Case, Tally, options, serve_async
from remit import Conversation, Platform, Run, flow, step


@step(effect="read")
async def noop(_index: int) -> dict[str, object]:
    return result()


@flow
async def ten(run: Run, count: int) -> int:
    for index in range(count):
        await run.step(noop, index)
    return count


@step(effect="read")
async def speak(_talk: Conversation, turn: int) -> dict[str, str]:
    letters = random.Random(turn).choices(string.ascii_letters + string.digits, k=1000)
    return {"role": "assistant", "content": "".join(letters)}


@flow
async def converse(run: Run, messages: int) -> int:
    talk = Conversation()
    for turn in range(messages):
        talk = talk.add(await run.step(speak, talk, turn))
    return messages


async def main() -> None:
    wanted = options()
    async with Platform.open(
        wanted["directory"], database=database(wanted), flows=[ten, converse]
    ) as platform:

        async def run_ten(steps: int) -> None:
            handle = await platform.start(ten, count=steps)
            if await handle.result() != steps:
                raise RuntimeError("the flow returned something else")

        async def handle(case: Case) -> Answer | Tally:
            if case.work == "conversation":
                run = await platform.start(converse, messages=case.steps)
                return {"messages": await run.result()}
            return await fill(case, run_ten)

        await serve_async(handle)


def database(wanted: dict[str, Any]) -> str:
    """Where the log of this contender lives."""
    return (
        wanted["dsn"]
        if wanted["store"] == "postgres"
        else f"sqlite:///{Path(wanted['directory']) / 'remit.db'}"
    )


if __name__ == "__main__":
    run_main(main())
