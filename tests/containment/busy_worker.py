"""Runs that act for ever, and a worker for them in a process of its own: `busy_worker.py WORKSPACE DATABASE`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from remit.agents.agent import Agent
from remit.control.platform import Platform
from remit.domain.errors import RemitError
from remit.engine.flow import flow
from remit.models.simulation.lines import Line, Wanted
from remit.tools.tool import tool

ROUNDS = 20


@tool(effect="read", timeout=20)
async def look(number: int) -> int:
    """Look at something, which takes a moment."""
    await asyncio.sleep(0.002)
    return number


@tool(timeout=20)
async def push(number: int, *, idempotency_key: str) -> int:
    """Change something, which takes a moment."""
    del idempotency_key
    await asyncio.sleep(0.002)
    return number


helper = Agent("helper", prompt="You look.", tools=[look])
clerk = Agent("clerk", prompt="You push.", tools=[push], delegates=[helper])


@flow
async def busy(run: Any, state: int = 0) -> None:
    """Let the clerk act again and again; what is refused is tried anew a moment later."""
    for number in range(state, state + ROUNDS):
        try:
            await run.ask(clerk, f"go on with {number}")
        except RemitError:
            await run.sleep(0.02)
    run.continue_as(state=state + ROUNDS)


def play(scene: Any) -> Line:
    """The clerk pushes and hands on, the helper looks; then they are done."""
    wanted = _WANTS[scene.agent][scene.turn :]
    return Line(calls=(wanted[0],)) if wanted else Line("done")


_WANTS = {
    "clerk": [Wanted("push", {"number": 1}), Wanted("helper", {"task": "look"})],
    "helper": [Wanted("look", {"number": 1})],
}


async def _serve(place: str, database: str) -> None:
    async with Platform.open(place, database=database, flows=[busy], agents=[clerk, helper]) as platform:
        platform.simulate(play)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(sys.argv[1], sys.argv[2]))
