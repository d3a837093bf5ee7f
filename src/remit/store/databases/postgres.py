"""One Postgres database for a fleet of workers: one connection writes, a few read, one rings and listens.

Everything pending becomes one transaction; the server's clock measures leases, and the log is read below
its oldest open transaction. Needs the extra `postgres`; what PgBouncer needs stands in
`postgres_connections`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.store.database import Cursor, EventRow, TailedEvent
from remit.store.databases.postgres_bell import PostgresBell
from remit.store.databases.postgres_connections import PATIENCE_SECONDS, Server
from remit.store.databases.postgres_copy import filling, scrub, snapshot
from remit.store.databases.postgres_driver import explained
from remit.store.databases.postgres_writer import PostgresWriter
from remit.store.queries import queries

if TYPE_CHECKING:
    import asyncio
    from contextlib import AbstractAsyncContextManager

    from remit.store.database import Commit, Committed, Row, WorkerIdentity
    from remit.store.databases.postgres_copy import PostgresFilling, PostgresSnapshot

_LONG = 3600.0
"""Seconds that a migration of a large table may take."""


class PostgresDatabase:
    """The database of a fleet."""

    dialect = "postgres"

    def __init__(self, url: str, patience: float = PATIENCE_SECONDS) -> None:
        self._server = Server(url, patience)
        self._queries = queries("postgres")
        self.identity: WorkerIdentity | None = None
        self._writer: PostgresWriter | None = None
        self._bell: PostgresBell | None = None

    @property
    def url(self) -> str:
        """Where it is, without the password."""
        return self._server.url

    async def open(self) -> None:
        """Connect; raise one clear sentence when that fails."""
        if self._writer is None:
            await self._server.open()
            self._writer = PostgresWriter(self._server, lambda: self.identity)
            self._bell = PostgresBell(self._server)

    async def close(self) -> None:
        """Make durable what was submitted, tell others, then let go."""
        writer, bell = self._writer, self._bell
        self._writer = self._bell = None
        if writer is not None and bell is not None:
            await writer.close()
            await bell.close()
            await self._server.close()

    def abandon(self) -> None:
        """Cut every connection, as a killed process would."""
        writer, bell = self._writer, self._bell
        self._writer = self._bell = None
        if writer is not None and bell is not None:
            writer.abandon()
            bell.abandon()
            self._server.abandon()

    def submit(self, commit: Commit) -> asyncio.Future[Committed]:
        """Queue a commit for the next transaction."""
        return self._open_writer().submit(commit)

    def hurry(self, commit: Commit) -> None:
        """Batches form while the one before is on its way; nothing is held back."""

    async def fetch(self, query: str, *params: object) -> list[Row]:
        """Read on a connection of the pool."""
        rows = await self._server.fetch(self._queries[query].sql, params)
        return [tuple(row) for row in rows]

    async def tail(self, after: Cursor, limit: int) -> list[TailedEvent]:
        """Events of finished transactions only, in an order in which none can appear behind (S4)."""
        rows = await self.fetch("log.tail", after.tx, after.pos, limit)
        return [TailedEvent(Cursor(row[0], row[1]), EventRow(*row[2:])) for row in rows]

    async def run_script(self, statements: str) -> None:
        """Execute statements in one transaction, one process at a time."""
        with explained(self.url):
            connection = await self._server.connect()
            try:
                async with connection.transaction():
                    await connection.fetch(self._queries["migrations.lock"].sql, timeout=_LONG)
                    await connection.execute(statements, timeout=_LONG)
            finally:
                await connection.close()

    async def lease_now(self) -> int:
        """The server's clock: the only one that all workers share."""
        return (await self.fetch("workers.server_clock"))[0][0]

    async def wait_for_change(self, seconds: float) -> None:
        """Wait for the bell."""
        if self._bell is None:
            raise self._server.closed()
        await self._bell.wait(seconds)

    def announce(self) -> None:
        """Ring the bell."""
        if self._bell is not None:
            self._bell.ring()

    def snapshot(self) -> AbstractAsyncContextManager[PostgresSnapshot]:
        """One read-only transaction on a connection of its own."""
        return snapshot(self._server)

    def filling(self) -> AbstractAsyncContextManager[PostgresFilling]:
        """One transaction on a connection of its own."""
        return filling(self._server)

    async def scrub(self) -> None:
        """Reclaim the rows of destroyed keys; what the server's own WAL archive keeps is its operator's."""
        await scrub(self._server)

    def _open_writer(self) -> PostgresWriter:
        if self._writer is None:
            raise self._server.closed()
        return self._writer
