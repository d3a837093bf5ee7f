"""A process that writes to one SQLite file as fast as it may: `python -m tests.store.writing_process FILE NAME COUNT`.

It waits for a line on its input, so that several start together.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from remit.store.databases.sqlite import SqliteDatabase
from tests.store.stores import enlist, owned_run, shared


async def main(path: Path, name: str, count: int) -> None:
    database = SqliteDatabase(path)
    await database.open()
    await enlist(database, f"w-{name}")
    run = await owned_run(database, f"r-{name}")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    for n in range(count):
        commit = run.step()
        if n % 10 == 0:
            commit.shared.append(shared())
        await database.submit(commit)
    await database.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])))
