"""The whole of a SQLite file, out and in: a consistent copy for a backup, and the filling of a new file.

The copy is made by SQLite's online backup in one go, next to the database and never at the backup's
destination: it still holds key material, which must not travel (S7). Other processes write on meanwhile.
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import islice
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import apsw

from remit.store.database import Column
from remit.store.databases.sqlite_driver import connect
from remit.store.databases.sqlite_errors import explained
from remit.store.queries import queries

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator
    from pathlib import Path

    from remit.store.database import Row
    from remit.store.databases.sqlite_driver import Connection
    from remit.store.databases.turnstile import Turnstile

_PAGE = 1000


@asynccontextmanager
async def snapshot(path: Path) -> AsyncGenerator[SqliteSnapshot]:
    """A private copy of the file at `path`, gone at the end."""
    with explained(path):
        folder = TemporaryDirectory(prefix=".copy-", dir=path.parent)
    with folder:
        with explained(path):
            connection = await asyncio.to_thread(_copy, path, f"{folder.name}/copy.db")
        try:
            yield SqliteSnapshot(connection, path)
        finally:
            connection.close()


class SqliteSnapshot:
    """Reads the copy."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def columns(self, table: str) -> list[Column]:
        """As the schema declares them."""
        with explained(self._path):
            found = self._connection.execute(
                "SELECT name, type FROM pragma_table_info(?) ORDER BY cid", (table,)
            )
            return [Column(str(name), kind == "BLOB") for name, kind in found]

    async def rows(self, table: str, columns: list[Column]) -> AsyncIterator[list[Row]]:
        """In the order of the key, which is the order of the file."""
        names = ", ".join(column.name for column in columns)
        cursor = self._connection.cursor()
        with explained(self._path):
            cursor.execute(f"SELECT {names} FROM {table}")  # noqa: S608 - names of our own schema
            while page := await asyncio.to_thread(lambda: list(islice(cursor, _PAGE))):
                yield page


@asynccontextmanager
async def filling(path: Path, turnstile: Turnstile, connection: Connection) -> AsyncGenerator[SqliteFilling]:
    """One transaction on a connection of its own, which it closes; other writers wait outside."""
    await asyncio.to_thread(turnstile.__enter__)
    try:
        with explained(path):
            connection.execute("BEGIN IMMEDIATE")
        yield SqliteFilling(connection, path)
        with explained(path):
            await asyncio.to_thread(connection.execute, "COMMIT")
    finally:
        connection.close()  # which rolls back what was not committed
        turnstile.__exit__(None, None, None)


class SqliteFilling:
    """Adds rows inside the transaction."""

    def __init__(self, connection: Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    async def add(self, table: str, columns: list[Column], rows: list[Row]) -> None:
        """Rows as they were, rowids included."""
        names = ", ".join(column.name for column in columns)
        places = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({names}) VALUES ({places})"  # noqa: S608 - names of our own schema
        with explained(self._path):
            await asyncio.to_thread(self._connection.executemany, statement, rows)

    async def perform(self, query: str, rows: list[Row]) -> None:
        """Inside the same transaction."""
        with explained(self._path):
            await asyncio.to_thread(self._connection.executemany, queries("sqlite")[query].sql, rows)


def scrub(path: Path, turnstile: Turnstile, connection: Connection) -> None:
    """Write back and cut off the WAL, which still holds pages as they were before a deletion."""
    with explained(path), turnstile:
        try:
            connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        finally:
            connection.close()


def _copy(path: Path, target: str) -> Connection:
    source, copy = connect(path), connect(target)
    try:
        copy.execute("PRAGMA synchronous = OFF")
        with copy.backup("main", source, "main") as backup:
            backup.step()  # in one go: in portions it would start again after every commit of another process
    except BaseException:
        copy.close()
        raise
    finally:
        source.close()
    return copy
