"""Fills a slice with work: the same loop for every contender, on an event loop or on threads.

It owns the timing of a slice and the payload of a step, so that all contenders are measured by the same clock
over the same work. It must not know what a run is: it is given a function that makes one.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable

from bench.protocol import Case, Tally

TEXT = "x" * 1000


def result() -> dict[str, object]:
    """What the no-op step returns: about 1 KB of JSON."""
    return {"ok": True, "text": TEXT}


async def fill(case: Case, make_run: Callable[[int], Awaitable[object]]) -> Tally:
    """Run `case.runs` lanes on this loop; each starts a run when its last has ended, until time is up."""
    began, cpu = time.perf_counter(), time.process_time()
    deadline = began + case.seconds

    async def lane() -> int:
        done = 0
        while not done or time.perf_counter() < deadline:
            await make_run(case.steps)
            done += case.steps
        return done

    steps = sum(await asyncio.gather(*(lane() for _ in range(case.runs))))
    return Tally(steps, time.perf_counter() - began, time.process_time() - cpu)


def fill_threads(case: Case, make_run: Callable[[int], object]) -> Tally:
    """The same on threads, for contenders that block; one lane needs no thread at all."""
    done = [0] * case.runs
    began, cpu = time.perf_counter(), time.process_time()
    deadline = began + case.seconds

    def lane(index: int) -> None:
        while not done[index] or time.perf_counter() < deadline:
            make_run(case.steps)
            done[index] += case.steps

    if case.runs == 1:
        lane(0)
    else:
        _in_threads(lane, case.runs)
    if not all(done):
        raise RuntimeError("a lane ended without finishing a run; its error is printed above")
    return Tally(sum(done), time.perf_counter() - began, time.process_time() - cpu)


def _in_threads(lane: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=lane, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
