"""S25 across real processes: together they let pass exactly what the budget has, and a killed one costs no more than
what it left open.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from signal import SIGKILL

from tests.architecture.tree import ROOT
from tests.cli.processes import Process
from tests.gate.budgets.books import QUICK, Book, Place, admits, team
from tests.warm import Warm

CALLS, PROCESSES, AGENTS = 200, 4, 16
TOGETHER = 64


async def test_s25_64_agents_of_several_processes_admit_exactly_k(url: str, warm: Warm) -> None:
    assert PROCESSES * AGENTS == TOGETHER
    with ExitStack() as stack:
        processes = [stack.enter_context(start(warm, url, f"w-{n}", AGENTS)) for n in range(PROCESSES)]
        for process in processes:
            assert await asyncio.to_thread(process.line) == "ready"
        for process in processes:
            process.tell("go")
        codes = [await asyncio.to_thread(process.end) for process in processes]
    counts = [process.said.count("call") for process in processes]
    assert codes == [0] * PROCESSES
    assert sum(counts) == CALLS
    assert sum(count > 0 for count in counts) > 1


async def test_s25_a_killed_process_costs_what_it_left_open_and_no_more(place: Place, warm: Warm) -> None:
    with start(warm, place.url, "w-victim", 1, hold=5) as victim:
        assert await asyncio.to_thread(victim.line) == "ready"
        victim.tell("go")
        for _ in range(5):
            assert await asyncio.to_thread(victim.line) == "call"
        victim.signal(SIGKILL)
        assert await asyncio.to_thread(victim.end) == -SIGKILL

    heir = await place.book("w-heir", terms=QUICK._replace(patience=0.2))
    before = await drain(heir)
    assert 5 + before < CALLS  # nobody knows yet that it is dead: what it leased is out of reach
    await place.fence("w-victim")
    assert not await admits(lambda: heir.spend([team(CALLS)]))  # dead, with a call still open

    record = {"holder": "w-victim", "leases": [["team:support", ""]], "most": [0, 0, 0, 1]}
    await heir.commit(heir.book.lost_ops(record))
    after = await drain(heir)
    assert 5 + before + after == CALLS


async def drain(book: Book) -> int:
    count = 0
    while await admits(lambda: book.spend([team(CALLS)])):
        count += 1
    return count


def start(warm: Warm, url: str, name: str, agents: int, hold: int = 0) -> Process:
    words = [url, name, str(agents), str(CALLS), str(hold)]
    return Process(
        warm, ["python", "-m", "tests.gate.budgets.spending_process", *words], ROOT, dict(os.environ)
    )
