"""Looking after a database that is not open: its schema, and its return from a backup.

What needs the platform open (a backup, a shred) is asked of the platform.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.ground.ground import database_for, folder_of
from remit.control.workspace.founding import write_default_policy
from remit.control.workspace.place import FILE
from remit.domain.clock import SystemClock
from remit.store import migrate as schema
from remit.store.backup import restore as fill
from remit.store.ledger import ShredLedger

if TYPE_CHECKING:
    from pathlib import Path

    from remit.store.backup import BackupSummary


async def missing_migrations(workspace: Path, url: str) -> list[str]:
    """What this Remit needs and the database lacks; refuses a newer database."""
    database = database_for(workspace, url, SystemClock())
    await database.open()
    try:
        return await schema.missing(database)
    finally:
        await database.close()


async def bring_forward(workspace: Path, url: str) -> list[str]:
    """Apply what is missing; the names of what was applied."""
    database = database_for(workspace, url, SystemClock())
    await database.open()
    try:
        return await schema.migrate(database)
    finally:
        await database.close()


async def restore(
    archive: Path, keys: Path | None, folder: Path, url: str
) -> tuple[BackupSummary, list[Path]]:
    """Bring a backup back into a folder that has no data yet; what was shredded stays so.

    Gives also the files that a workspace cannot do without and that were not there: settings, and the rules of a
    new workspace. Neither is in a backup: both live where the code lives.
    """
    clock = SystemClock()
    database = database_for(folder, url, clock)
    await database.open()
    try:
        ledger = ShredLedger(folder_of(folder) / "keys" / "shredded")
        summary = await fill(database, archive, ledger=ledger, at=clock.now(), keys=keys)
    finally:
        await database.close()
    made: list[Path] = []
    if not (folder / FILE).exists():
        (folder / FILE).write_text(_NOTE)
        made.append(folder / FILE)
    rules = write_default_policy(folder)
    return summary, [*made, rules] if rules else made


_NOTE = "# restored from a backup; the code of the workspace belongs beside this file\n"
