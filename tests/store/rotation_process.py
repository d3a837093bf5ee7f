"""A process that replaces the root key and is killed on its way: after the new one is in place, or after some page."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

from remit.store.databases.sqlite import SqliteDatabase
from tests.store.test_rotation import Process


async def main(file: str, key: str, place: str) -> None:
    database = SqliteDatabase(Path(file))
    await database.open()
    process = await Process.on(database, Path(key))
    word, _, page = place.partition(" ")
    left = int(page or 0)
    submit = database.submit

    def counting(commit: Any) -> Any:
        nonlocal left
        if any(op.query == "keys.rewrap" for op in commit.ops):
            if word == "begun" or left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            left -= 1
        return submit(commit)

    database.submit = counting
    await process.rotate()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
