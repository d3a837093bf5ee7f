"""Remit waking a run: from `platform.signal` to the flow's own code behind the wait.

It owns a flow with a history and the clock inside it. A wait that is replayed must not be taken for a wake:
only the one that is expected stops the clock.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from typing import Any

from bench.contenders.loop import run_main
from bench.contenders.remit_engine import database
from bench.protocol import Answer, Case, options, serve_async
from remit import Platform, Run, flow, step

PATIENCE_LOOKS = 60_000

woken: dict[tuple[str, int], asyncio.Future[float]] = {}


@step(effect="read")
async def remember(index: int) -> int:
    return index


@flow
async def wait_often(run: Run, history: int, wakes: int) -> int:
    for index in range(history):
        await run.step(remember, index)
    for wake in range(wakes):
        await run.signal("go")
        clock = woken.get((str(run.id), wake))
        if clock is not None and not clock.done():
            clock.set_result(time.perf_counter())
    return wakes


async def main() -> None:
    wanted = options()
    async with Platform.open(wanted["directory"], database=database(wanted), flows=[wait_often]) as platform:
        await serve_async(lambda case: wake(platform, case))


async def wake(platform: Platform, case: Case) -> Answer:
    """`case.runs` runs with a history of `case.steps`, each woken `case.seconds` times, one at a time."""
    wakes = int(case.seconds)
    handles = [await platform.start(wait_often, history=case.steps, wakes=wakes) for _ in range(case.runs)]
    waits: list[float] = []
    for number in range(wakes):
        for handle in handles:
            await _parked(handle)
            waits.append(await _one_wake(platform, str(handle.id), number))
    for handle in handles:
        await handle.result()
    ordered = sorted(waits)
    return {
        "p50": statistics.median(ordered),
        "p95": ordered[int(len(ordered) * 0.95)],
        "worst": ordered[-1],
        "wakes": len(waits),
    }


async def _parked(handle: Any) -> None:
    """A signal to a run that still executes would be a message, not a wake."""
    for _ in range(PATIENCE_LOOKS):
        if await handle.status() == "parked":
            return
        await asyncio.sleep(0.001)
    raise RuntimeError(f"run {handle.id} did not park; it is {await handle.status()}")


async def _one_wake(platform: Platform, run: str, number: int) -> float:
    clock = woken[run, number] = asyncio.get_running_loop().create_future()
    began = time.perf_counter()
    await platform.signal(run, "go", None)
    waited = await clock - began
    del woken[run, number]
    return waited * 1e3


if __name__ == "__main__":
    run_main(main())
