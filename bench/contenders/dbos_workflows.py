"""DBOS: a workflow of no-op steps, written both ways its documentation offers, on the stores it is given.

It owns the flows and the launch. It must not decide which way is better: it is told `sync` or `async`, both
are measured, and the benchmark keeps the better one.
"""

from __future__ import annotations

import uvloop
from dbos import DBOS

from bench.contenders.lanes import fill, fill_threads, result
from bench.protocol import serve, serve_async

# More threads than lanes, so that all fifty runs are in flight. (A pool of two gets through no-ops 1.5 times
# faster, for want of threads that fight over the interpreter, but then two runs are in flight, not fifty.)
THREADS = 64


@DBOS.step()
def noop(_index: int) -> dict[str, object]:
    return result()


@DBOS.workflow()
def ten(count: int) -> int:
    for index in range(count):
        noop(index)
    return count


@DBOS.step()
async def noop_async(_index: int) -> dict[str, object]:
    return result()


@DBOS.workflow()
async def ten_async(count: int) -> int:
    for index in range(count):
        await noop_async(index)
    return count


def contend(url: str, mode: str) -> None:
    """Launch on one database and answer cases; nothing but what a no-op step needs is switched on."""
    DBOS(
        config={
            "name": "bench",
            "system_database_url": url,
            "log_level": "ERROR",
            "run_admin_server": False,
            "max_executor_threads": THREADS,
        }
    )
    try:
        if mode == "async":
            uvloop.run(_contend_async())
        else:
            DBOS.launch()
            serve(lambda case: fill_threads(case, _run))
    finally:
        DBOS.destroy()


async def _contend_async() -> None:
    DBOS.launch()
    await serve_async(lambda case: fill(case, _run_async))


def _run(steps: int) -> None:
    if ten(steps) != steps:
        raise RuntimeError("the workflow returned something else")


async def _run_async(steps: int) -> None:
    if await ten_async(steps) != steps:
        raise RuntimeError("the workflow returned something else")
