"""Remit with thousands of runs that wait: how much memory they add, and whether any stays a task.

It owns the flow that waits. It must hold on to nothing itself: a list of handles would be counted as Remit's
memory.
"""

from __future__ import annotations

import asyncio
import gc
import os
import time

from bench.contenders.loop import run_main
from bench.contenders.remit_engine import database
from bench.meter import resident_bytes
from bench.protocol import Answer, Case, options, serve_async
from remit import Platform, Run, flow

WARM_UP = 500
PAUSE = 0.05
IDLE_LOOKS, SETTLE_LOOKS = 60, 600


@flow
async def wait_for_ever(run: Run) -> object:
    return await run.signal("go")


async def main() -> None:
    wanted = options()
    async with Platform.open(
        wanted["directory"], database=database(wanted), flows=[wait_for_ever]
    ) as platform:
        await serve_async(lambda case: park(platform, case))


async def park(platform: Platform, case: Case) -> Answer:
    """Warm caches first, so that what is counted is the runs; then start `case.steps` of them."""
    idle = await _idle_tasks()
    await _start(platform, WARM_UP, case.runs)
    await _settled(idle)
    before, began = _memory(), time.perf_counter()
    await _start(platform, case.steps, case.runs)
    seconds = time.perf_counter() - began
    left = await _settled(idle)
    grown = _memory() - before
    parked = await platform.runs(status="parked", limit=WARM_UP + 2 * case.steps)
    return {
        "parked": len(parked) - WARM_UP,
        "before": before,
        "grown": grown,
        "tasks left": left,
        "seconds": seconds,
    }


async def _idle_tasks() -> int:
    """The platform's own tasks before there is any run: some of them come and go, the most at once counts."""
    seen = 0
    for _ in range(IDLE_LOOKS):
        seen = max(seen, len(asyncio.all_tasks()))
        await asyncio.sleep(PAUSE)
    return seen


async def _start(platform: Platform, runs: int, lanes: int) -> None:
    each, rest = divmod(runs, lanes)
    shares = [each + (lane < rest) for lane in range(lanes)]

    async def lane(share: int) -> None:
        for _ in range(share):
            await platform.start(wait_for_ever)

    await asyncio.gather(*(lane(share) for share in shares))


async def _settled(idle: int) -> int:
    """Wait for the last runs to park; how many tasks stay, however long one waits."""
    for _ in range(SETTLE_LOOKS):
        if len(asyncio.all_tasks()) <= idle:
            break
        await asyncio.sleep(PAUSE)
    return max(0, len(asyncio.all_tasks()) - idle)


def _memory() -> int:
    gc.collect()
    return resident_bytes(os.getpid())


if __name__ == "__main__":
    run_main(main())
