"""A process whose agents draw on one budget until they are refused:
`python -m tests.gate.budgets.spending_process URL NAME AGENTS CALLS [HOLD]`.

It waits for a line on its input, so that several start together, and prints `call` for every call let pass. With HOLD
it makes so many calls, leaves the last one open, and stands still.
"""

from __future__ import annotations

import asyncio
import sys

from remit.domain.action_errors import BudgetExhausted
from tests.gate.budgets.books import CALL, Book, Place, team


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


async def main(url: str, name: str, agents: int, calls: int, hold: int) -> None:
    place = Place(url)
    book = await place.book(name)
    say("ready")
    await asyncio.to_thread(sys.stdin.readline)
    if hold:
        for _ in range(hold - 1):
            await book.spend([team(calls)])
            say("call")
        await book.admit([team(calls)], CALL)
        say("call")
        await asyncio.to_thread(sys.stdin.readline)
    await asyncio.gather(*(drain(book, calls) for _ in range(agents)))
    await book.book.stop()
    await place.close()


async def drain(book: Book, calls: int) -> None:
    while True:
        try:
            reservation = await book.admit([team(calls)], CALL)
        except BudgetExhausted:
            return
        say("call")
        await book.settle(reservation, CALL)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), int((*sys.argv, "0")[5])))
