"""How long after `halt` returned the last action in scope was still admitted: `python -m bench.halt`. Busy runs in
several processes on one database, each call a write or a read through the gate; what counts is what the log says.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from remit.agents.run import Run
from remit.control.office import Office
from remit.control.platform import Platform
from remit.engine.flow import flow
from remit.store.database import Cursor
from remit.tools.tool import tool
from tests.postgres import postgres_server

RUNS, PROCESSES, ROUNDS, LIMIT_SECONDS = 200, 3, 20, 1.0
_POLICY = '@id("all") permit (principal, action, resource);\n'
_BUSY = 0.01
_ADMITTED = {"step.claimed", "action.admitted"}
_PAGE = 5_000


@tool(effect="read", timeout=20)
async def look(number: int) -> int:
    """A read that takes a moment."""
    await asyncio.sleep(_BUSY)
    return number


@tool(timeout=20)
async def push(number: int, *, idempotency_key: str) -> int:
    """A write that takes a moment."""
    del idempotency_key
    await asyncio.sleep(_BUSY)
    return number


@flow
async def busy(run: Run, state: int = 0) -> None:
    """Act for ever."""
    number = state
    while number < state + 200:
        await run.call(look, number=number)
        await run.call(push, number=number)
        number += 1
    run.continue_as(state=number)


def main() -> int:
    """Measure on both stores and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.halt", description=main.__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--processes", type=int, default=PROCESSES)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--only", choices=("sqlite", "postgres"), default="")
    parser.add_argument("--worker", nargs=2, metavar=("FOLDER", "DATABASE"), help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.worker:
        asyncio.run(_work(Path(wanted.worker[0]), wanted.worker[1]))
        return 0
    worst = 0.0
    if wanted.only != "postgres":
        worst = max(worst, _measure("sqlite", "", wanted))
    if wanted.only != "sqlite":
        with postgres_server(durable=True) as server:
            server.create_database("halts")
            worst = max(worst, _measure("postgres", server.dsn("halts", tcp=True), wanted))
    return 0 if worst < LIMIT_SECONDS else 1


def _measure(store: str, database: str, wanted: argparse.Namespace) -> float:
    with tempfile.TemporaryDirectory(prefix="remit-halt-") as folder:
        place = Path(folder)
        (place / "policies").mkdir()
        (place / "policies" / "default.cedar").write_text(_POLICY)
        (place / "remit.toml").write_text("")
        late, admitted = asyncio.run(_conduct(place, database, wanted))
    p50, p99 = (
        statistics.median(late),
        statistics.quantiles(late, n=100, method="inclusive")[98] if len(late) > 1 else late[0],
    )
    print(
        f"  {store}: {wanted.runs} busy runs in {wanted.processes} processes, {len(late)} halts: last admitted "
        f"{p50 * 1000:.0f} ms after the command returned (p50), {p99 * 1000:.0f} ms (p99), "
        f"{max(late) * 1000:.0f} ms at most; {admitted:,.0f} admissions a second before it"
    )
    return max(late)


async def _work(place: Path, database: str) -> None:
    async with Platform.open(place, database=database, flows=[busy]):
        await asyncio.Event().wait()


async def _conduct(place: Path, database: str, wanted: argparse.Namespace) -> tuple[list[float], float]:
    async with Platform.open(place, database=database, flows=[busy], worker=False) as platform:
        for _ in range(wanted.runs):
            await platform.start(busy)
    command = [sys.executable, "-m", "bench.halt", "--worker", str(place), database]
    workers = [subprocess.Popen(command) for _ in range(wanted.processes)]  # noqa: ASYNC220 - before anything is timed
    try:
        async with Office.staffed(place, database, "default") as office:
            return await _rounds(office, wanted.rounds)
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()


async def _rounds(office: Office, rounds: int) -> tuple[list[float], float]:
    cursor, late, rates = Cursor(0, 0), list[float](), list[float]()
    await asyncio.sleep(8)
    for _ in range(rounds):
        cursor, _ = await _admitted(office, cursor)
        begun = time.time()
        await asyncio.sleep(1.5)
        halt = await office.halt("team", reason="measured")
        returned = time.time()
        await asyncio.sleep(1.5)
        cursor, times = await _admitted(office, cursor)
        last = max((at / 1_000_000 for at in times), default=0.0)
        late.append(max(0.0, last - returned))
        rates.append(sum(at / 1_000_000 <= returned for at in times) / (returned - begun))
        await office.lift(halt.id)
        await asyncio.sleep(1.0)
    return late, statistics.median(rates)


async def _admitted(office: Office, cursor: Cursor) -> tuple[Cursor, list[int]]:
    """When actions were admitted since then."""
    found: list[int] = []
    while page := await office.ground.database.tail(cursor, _PAGE):
        cursor = page[-1].cursor
        found += [each.row.at for each in page if each.row.kind in _ADMITTED]
        if len(page) < _PAGE:
            break
    return cursor, found


if __name__ == "__main__":
    sys.exit(main())
