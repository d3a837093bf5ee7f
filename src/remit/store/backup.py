"""Backup and restore: data in one file, keys in another, so that a shred reaches every backup (S7).

A backup is taken while others write. A restore fills a new database in one transaction, destroys again what
the shred ledger lists, and frees the runs that were being executed. A backup of one dialect restores into
the other.
"""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.domain.errors import BadInput, Refused, StoreNewer
from remit.store.archive import ArchiveReader, ArchiveWriter, Manifest, reading, writing
from remit.store.migrate import migrate, newest
from remit.store.shred import PURGED
from remit.store.tables import BACKED_UP, KEY_TABLES

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.store.database import Column, Database, Filling, Row, Snapshot
    from remit.store.ledger import ShredLedger


@dataclass(frozen=True, slots=True)
class BackupSummary:
    """What went into a backup."""

    events: int
    upto: int
    runs: int
    keys: int


async def back_up(database: Database, archive: Path, *, at: int, keys: Path | None = None) -> BackupSummary:
    """Write the data to `archive`, and the wrapped keys to a file of their own if one is named."""
    async with database.snapshot() as snapshot:
        with ExitStack() as files:
            data = files.enter_context(writing(archive))
            upto = await _write(data, snapshot, BACKED_UP)
            data.finish(Manifest("data", at, newest(database.dialect), data.rows))
            kept = 0
            if keys is not None:
                secret = files.enter_context(writing(keys))
                await _write(secret, snapshot, sorted(KEY_TABLES))
                secret.finish(Manifest("keys", at, newest(database.dialect), secret.rows))
                kept = sum(secret.rows.values())
    return BackupSummary(data.rows["events"], upto, data.rows["runs"], kept)


async def restore(
    database: Database, archive: Path, *, ledger: ShredLedger, at: int, keys: Path | None = None
) -> BackupSummary:
    """Fill an empty database, and bring its schema up to date."""
    with ExitStack() as files:
        data = _opened(files, archive, "data", database)
        secret = None if keys is None else _opened(files, keys, "keys", database)
        await _refuse_unless_empty(database)
        await migrate(database, data.manifest.schema)
        rows = data.manifest.rows
        shredded = ledger.read()
        async with database.filling() as filling:
            upto = max([await _fill(filling, data, table, shredded) for table in BACKED_UP if table in rows])
            await filling.perform("runs.set_free", [(at,)])
            kept = await _fill_keys(filling, secret, shredded)
    await migrate(database)
    return BackupSummary(rows["events"], upto, rows["runs"], kept)


async def restore_keys(database: Database, keys: Path, *, ledger: ShredLedger) -> int:
    """Add the keys of a key backup to data that was restored without them; how many can be used."""
    with ExitStack() as files:
        secret = _opened(files, keys, "keys", database)
        async with database.filling() as filling:
            return await _fill_keys(filling, secret, ledger.read())


# --- out ----------------------------------------------------------------------------------------------------


async def _write(writer: ArchiveWriter, snapshot: Snapshot, tables: Iterable[str]) -> int:
    """Write tables, and return the position of the last event among them."""
    upto = 0
    for table in tables:
        columns = await snapshot.columns(table)
        writer.begin(table, columns)
        async for rows in snapshot.rows(table, columns):
            await asyncio.to_thread(writer.add, rows)
            if table == "events":
                upto = max(upto, _largest(columns, rows))
    return upto


# --- in -----------------------------------------------------------------------------------------------------


def _opened(files: ExitStack, path: Path, kind: str, database: Database) -> ArchiveReader:
    archive = files.enter_context(reading(path))
    if archive.manifest.kind != kind:
        raise BadInput(
            f"{path} holds {archive.manifest.kind}, not {kind}.", "Name the other of the two files."
        )
    if archive.manifest.schema > newest(database.dialect):
        raise StoreNewer(f"{path} was written by a newer Remit.", "Upgrade this one, then restore.")
    return archive


async def _refuse_unless_empty(database: Database) -> None:
    if await database.fetch("migrations.table") and await database.fetch("log.any"):
        raise Refused(
            f"{database.url} is not empty, and a restore never overwrites what is there.",
            "Restore into a new workspace or a new database.",
        )


async def _fill(filling: Filling, archive: ArchiveReader, table: str, shredded: dict[str, int]) -> int:
    """Add a table without what destroyed keys had sealed; returns the position of its last event."""
    columns = archive.columns(table)
    key_id = next(
        (n for n, column in enumerate(columns) if table in PURGED and column.name == "key_id"), None
    )
    pages = archive.rows(table, columns)
    upto = 0
    while rows := await asyncio.to_thread(next, pages, None):
        if key_id is not None:
            rows = [row for row in rows if row[key_id] not in shredded]
        await filling.add(table, columns, rows)
        if table == "events":
            upto = max(upto, _largest(columns, rows))
    return upto


async def _fill_keys(filling: Filling, archive: ArchiveReader | None, shredded: dict[str, int]) -> int:
    """Add keys, without the secrets of those that the ledger lists; how many can be used."""
    usable = 0
    if archive is not None:
        await _fill_root_keys(filling, archive)
        columns = archive.columns("data_keys")
        names = [column.name for column in columns]
        for rows in archive.rows("data_keys", columns):
            keys = [_destroyed_again(dict(zip(names, row, strict=True)), shredded) for row in rows]
            await filling.perform("keys.restore", keys)
            usable += sum(key[3] is not None for key in keys)
    await filling.perform("keys.note_shredded", list(shredded.items()))
    return usable


async def _fill_root_keys(filling: Filling, archive: ArchiveReader) -> None:
    """Root keys that a service has sealed; a key backup of before there were such has none."""
    if "root_keys" not in archive.manifest.rows:
        return
    columns = archive.columns("root_keys")
    names = [column.name for column in columns]
    for rows in archive.rows("root_keys", columns):
        keys = [dict(zip(names, row, strict=True)) for row in rows]
        sealed = [(key["id"], key["sealed"], key["turn"], key["at"]) for key in keys]
        await filling.perform("protection.restore_root_key", sealed)


def _destroyed_again(key: dict[str, Any], shredded: dict[str, int]) -> Row:
    at = shredded.get(key["id"])
    wrapped, shredded_at = (key["wrapped"], key["shredded_at"]) if at is None else (None, at)
    return (key["id"], key["team"], key["subject_tag"], wrapped, key["created_at"], shredded_at)


def _largest(columns: list[Column], rows: list[Row]) -> int:
    place = [column.name for column in columns].index("pos")
    return max((row[place] for row in rows), default=0)
