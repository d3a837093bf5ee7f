"""A worker to be killed: `kill_worker.py WORKSPACE DATABASE SIGNAL POINT AFTER`. It drains at SIGTERM."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from remit.control.platform import Platform
from remit.testing import kill_at
from tests.crash.kill_flows import FLOWS


async def serve(place: str, database: str, by: str, point: str, after: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    if point:
        kill_at(point, after=after, by=signal.Signals[by])
    async with Platform.open(place, database=database, flows=FLOWS) as _:
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        await stop.wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4], int(sys.argv[5])))
