"""A worker to be killed: `killed.py WORKSPACE DATABASE POINT AFTER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from remit.control.platform import Platform
from remit.testing import kill_at
from tests.knowledge.flows import FLOWS


async def serve(place: str, database: str, point: str, after: int) -> None:
    kill_at(point, after=after)
    async with Platform.open(place, database=database, flows=FLOWS):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])))
