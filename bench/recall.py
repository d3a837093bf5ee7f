"""How long it takes to find what descends from a bad source: `python -m bench.recall`. A log of many runs, made by real
ones, of which a few read a bad page and pass on what it said, by memory, by children and by signals.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from remit.agents.run import Run
from remit.control.platform import Platform
from remit.engine.flow import flow
from remit.store.database import Cursor
from remit.tools.tool import tool
from tests.postgres import postgres_server

EVENTS, LIMIT_SECONDS = 100_000, 2.0
_READS, _AT_ONCE, _BAD_EVERY = 20, 100, 200
_PAGE = 20_000
_BAD = "https://bad.example/prices"
_POLICY = '@id("all") permit (principal, action, resource);\n'


@tool(effect="read")
async def look(url: str) -> str:
    """Read a page."""
    return f"text of {url}"


@tool
async def push(number: int, *, idempotency_key: str) -> int:
    """Write something down."""
    del idempotency_key
    return number


@flow
async def works(run: Run, number: int) -> None:
    """Reads pages, remembers something and writes something down."""
    for page in range(_READS):
        await run.call(look, url=f"https://pages.example/{number}/{page}")
    if number % _BAD_EVERY == 0:
        await run.call(look, url=f"{_BAD}?{number}")
        await run.remember(f"hint-{number}", "buy", scope="team")
    if number % _BAD_EVERY == _BAD_EVERY - 1:
        await run.recall(key=f"hint-{number - _BAD_EVERY + 1}", scope="team")
    await run.call(push, number=number)


def main() -> int:
    """Measure on both stores and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.recall", description=main.__doc__)
    parser.add_argument("--events", type=int, default=EVENTS)
    parser.add_argument("--only", choices=("sqlite", "postgres"), default="")
    wanted = parser.parse_args()
    worst = 0.0
    if wanted.only != "postgres":
        worst = max(worst, _measure("sqlite", "", wanted.events))
    if wanted.only != "sqlite":
        with postgres_server(durable=False) as server:
            server.create_database("recall")
            worst = max(worst, _measure("postgres", server.dsn("recall", tcp=True), wanted.events))
    return 0 if worst < LIMIT_SECONDS else 1


def _measure(store: str, database: str, events: int) -> float:
    with tempfile.TemporaryDirectory(prefix="remit-recall-") as folder:
        place = Path(folder)
        (place / "policies").mkdir()
        (place / "policies" / "default.cedar").write_text(_POLICY)
        (place / "remit.toml").write_text("")
        return asyncio.run(_conduct(store, place, database, events))


async def _conduct(store: str, place: Path, database: str, events: int) -> float:
    async with Platform.open(place, database=database, flows=[works]) as platform:
        written = await _fill(platform, events)
    worst = 0.0
    async with Platform.open(place, database=database, flows=[works], worker=False) as platform:
        bad = next(iter((await platform.trace(_BAD)).runs))  # and every page of the file is in memory
        for source in (_BAD, f"{bad}/look#{_READS + 1}", "memory:team:default/hint-0"):
            begun, busy = time.perf_counter(), time.process_time()
            found = await platform.trace(source)
            took = time.perf_counter() - begun
            worst = max(worst, took)
            print(
                f"  {store}: {written:,} events, {source}: {len(found.runs):,} runs and {len(found.effects):,} effects "
                f"in {took:.2f} s ({time.process_time() - busy:.2f} s of processor time)"
            )
    return worst


async def _fill(platform: Any, events: int) -> int:
    number, written = 0, 0
    while written < events:
        runs = [await platform.start(works, number=number + n) for n in range(_AT_ONCE)]
        await asyncio.gather(*[run.result() for run in runs])
        number += _AT_ONCE
        written = await _size(platform)
    return written


async def _size(platform: Any) -> int:
    """How many events there are: positions are given one by one."""
    cursor, found = Cursor(0, 0), 0
    while page := await platform.ground.database.fetch("evidence.tail", *cursor, _PAGE):
        cursor, found = Cursor(page[-1][0], page[-1][1]), found + len(page)
    return found


if __name__ == "__main__":
    sys.exit(main())
