"""A Remit worker that is there to be killed: its step says that it runs, and then does not end.

It owns the announcement. The run whose step was announced before, by whoever died, ends: it has been resumed.
"""

from __future__ import annotations

import asyncio
import json
import os
import time
from pathlib import Path

from bench.contenders.loop import run_main
from bench.contenders.remit_engine import database
from bench.crash import ANNOUNCEMENTS
from bench.protocol import Answer, Case, options, serve_async
from remit import Platform, Run, flow, step

PATH = Path(options()["directory"]) / ANNOUNCEMENTS


@step(effect="read")
async def hold(run: str) -> str:
    before = announced(run)
    with PATH.open("a", encoding="utf-8") as sink:
        sink.write(json.dumps({"run": run, "pid": os.getpid(), "at": time.monotonic()}) + "\n")
    if not before:
        await asyncio.Event().wait()
    return run


@flow
async def held(run: Run) -> str:
    return await run.step(hold, str(run.id))


def announced(run: str) -> bool:
    lines = PATH.read_text(encoding="utf-8").splitlines() if PATH.exists() else []
    return any(json.loads(line)["run"] == run for line in lines)


async def main() -> None:
    wanted = options()
    async with Platform.open(wanted["directory"], database=database(wanted), flows=[held]) as platform:

        async def handle(_case: Case) -> Answer:
            return {"run": str((await platform.start(held)).id)}

        await serve_async(handle)


if __name__ == "__main__":
    run_main(main())
