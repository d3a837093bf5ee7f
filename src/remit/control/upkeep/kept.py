"""Looking into the database of a workspace that is checked, if there is one already. Nothing in it is changed, and what
is wrong with it is for others to mend: here it is only named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.ground.ground import database_for, folder_of
from remit.control.upkeep.bench import Problem
from remit.domain.clock import SystemClock
from remit.domain.errors import RemitError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from remit.control.upkeep.bench import Bench
    from remit.store.database import Database


async def with_database(
    bench: Bench, check: str, look: Callable[[Database], Awaitable[list[Problem]]], missing: Sequence[Problem] = ()
) -> list[Problem]:  # fmt: skip
    """Look into the database, if there is one already; `missing` is what is wrong before there is one."""
    url = bench.chosen.database
    file = bench.root / (url.removeprefix("sqlite:///") or folder_of(bench.root) / "remit.db")
    if not url.startswith("postgres") and not file.exists():
        return list(missing)
    database = database_for(bench.root, url, SystemClock())
    try:
        await database.open()
        return await look(database) if await database.fetch("migrations.table") else list(missing)
    except RemitError as wrong:
        return [bench.problem(check, wrong, "warning")]
    finally:
        await database.close()
