"""S25 across real processes: together they let pass exactly what the budget has, and a killed one costs no more than
what it left open.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys

from tests.gate.budgets.books import QUICK, Book, Place, admits, team

CALLS, PROCESSES, AGENTS = 200, 4, 16
TOGETHER = 64


async def test_s25_64_agents_of_several_processes_admit_exactly_k(url: str) -> None:
    assert PROCESSES * AGENTS == TOGETHER
    processes = [start(url, f"w-{n}", AGENTS) for n in range(PROCESSES)]
    for process in processes:
        assert await asyncio.to_thread(line, process) == "ready"
    for process in processes:
        go(process)
    said = [await asyncio.to_thread(process.communicate) for process in processes]
    counts = [out.split().count("call") for out, _ in said]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert sum(counts) == CALLS
    assert sum(count > 0 for count in counts) > 1


async def test_s25_a_killed_process_costs_what_it_left_open_and_no_more(place: Place) -> None:
    victim = start(place.url, "w-victim", 1, hold=5)
    assert await asyncio.to_thread(line, victim) == "ready"
    go(victim)
    for _ in range(5):
        assert await asyncio.to_thread(line, victim) == "call"
    victim.kill()
    await asyncio.to_thread(victim.communicate)

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


def start(url: str, name: str, agents: int, hold: int = 0) -> subprocess.Popen[str]:
    command = [
        sys.executable,
        "-m",
        "tests.gate.budgets.spending_process",
        url,
        name,
        str(agents),
        str(CALLS),
    ]
    return subprocess.Popen([*command, str(hold)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()
