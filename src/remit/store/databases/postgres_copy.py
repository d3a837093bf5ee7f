"""The whole of a Postgres database, out and in: a snapshot for a backup, and the filling of a new one.

Only columns that both dialects have are carried: a restored event belongs to the transaction that restored
it, so the reading order of tailers starts afresh on a server whose transactions are numbered differently.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from remit.store.database import Column
from remit.store.databases.postgres_driver import explained
from remit.store.queries import queries

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator

    from remit.store.database import Row
    from remit.store.databases.postgres_connections import Server
    from remit.store.databases.postgres_driver import Connection

_PAGE = 1000
_COUNTED = {"events": "pos", "inbox": "n"}
"""Tables whose rows the server numbers, and the column of that number."""


@asynccontextmanager
async def snapshot(server: Server) -> AsyncGenerator[PostgresSnapshot]:
    """One read-only transaction that sees one moment, however long the reading takes."""
    with explained(server.url):
        connection = await server.connect()
    try:
        async with connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield PostgresSnapshot(connection, server.url)
    finally:
        await connection.close()


class PostgresSnapshot:
    """Reads inside that transaction."""

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection = connection
        self._url = url

    async def columns(self, table: str) -> list[Column]:
        """Those of a type that SQLite has, too."""
        with explained(self._url):
            found = await self._connection.fetch(queries("postgres")["migrations.columns"].sql, table)
        return [Column(name, kind == "bytea") for name, kind in found if kind in {"bigint", "text", "bytea"}]

    async def rows(self, table: str, columns: list[Column]) -> AsyncIterator[list[Row]]:
        """Through a cursor, in the order in which the server keeps them."""
        names = ", ".join(column.name for column in columns)
        statement = f"SELECT {names} FROM {table}"  # noqa: S608 - names of our own schema
        with explained(self._url):
            cursor = await self._connection.cursor(statement)
            while page := await cursor.fetch(_PAGE):
                yield [tuple(row) for row in page]


@asynccontextmanager
async def filling(server: Server) -> AsyncGenerator[PostgresFilling]:
    """One transaction; the server's own counters go on after what was filled in."""
    with explained(server.url):
        connection = await server.connect()
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            yield PostgresFilling(connection, server.url)
            for table, column in _COUNTED.items():
                await connection.fetch(_advance(table, column))
    finally:
        await connection.close()


class PostgresFilling:
    """Adds rows inside that transaction."""

    def __init__(self, connection: Connection, url: str) -> None:
        self._connection = connection
        self._url = url

    async def add(self, table: str, columns: list[Column], rows: list[Row]) -> None:
        """Rows as they were, positions included."""
        names = [column.name for column in columns]
        with explained(self._url):
            await self._connection.copy_records_to_table(table, records=rows, columns=names, timeout=3600)

    async def perform(self, query: str, rows: list[Row]) -> None:
        """Inside the same transaction."""
        with explained(self._url):
            await self._connection.executemany(queries("postgres")[query].sql, rows, timeout=3600)


async def scrub(server: Server) -> None:
    """Let the server reclaim the rows that held destroyed keys and blobs."""
    with explained(server.url):
        connection = await server.connect()
        try:
            # a plain vacuum leaves the bytes of what it frees in their page
            await connection.execute("VACUUM (FULL) data_keys", timeout=3600)
            await connection.execute("VACUUM blobs, reductions", timeout=3600)
        finally:
            await connection.close()


def _advance(table: str, column: str) -> str:
    return (
        f"SELECT setval(pg_get_serial_sequence('{table}', '{column}'), max({column}))"  # noqa: S608 - our own names
        f" FROM {table} HAVING max({column}) IS NOT NULL"
    )
