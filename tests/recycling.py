"""Postgres databases that are used again. Making one with a schema costs a second of a server's time, and putting one
back to how it was costs a hundredth of that: what was written is taken out, and what was there before is put back. One
whose schema, settings or migrations a test has changed, or that somebody still holds, is thrown away instead. Each is
put back over a connection that stays open, since a new one reads the catalogue again.
"""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Callable, Coroutine, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg

from tests.postgres import PostgresServer

T = TypeVar("T")

_TABLES = "SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
_SEQUENCES = """
    SELECT quote_ident(sequencename), coalesce(last_value, start_value), last_value IS NOT NULL
    FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1
"""
_SHAPE = """
    SELECT md5(string_agg(said, ';' ORDER BY said)) FROM (
        SELECT format('%s %s %s %s', c.relname, c.relkind, c.reloptions, c.relpersistence) FROM pg_class c
            WHERE c.relnamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s.%s %s %s %s %s', a.attrelid::regclass, a.attname, a.atttypid::regtype, a.attnotnull,
            pg_get_expr(d.adbin, d.adrelid), a.attisdropped) FROM pg_attribute a
            JOIN pg_class c ON c.oid = a.attrelid AND c.relnamespace = 'public'::regnamespace
            LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        UNION ALL SELECT pg_get_constraintdef(oid) FROM pg_constraint
            WHERE connamespace = 'public'::regnamespace
        UNION ALL SELECT format('%s %s %s', tgrelid::regclass, tgname, tgenabled) FROM pg_trigger
        UNION ALL SELECT format('%s %s', pg_get_indexdef(indexrelid), indisvalid) FROM pg_index i
            JOIN pg_class c ON c.oid = i.indexrelid AND c.relnamespace = 'public'::regnamespace
        UNION ALL SELECT pg_get_functiondef(oid) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting s
            JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
        UNION ALL SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_'
    ) AS facts(said)
"""
_CHANGES = """
    SELECT string_agg(said, ' ') FROM (
        SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_class WHERE oid >= 16384
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_attribute WHERE attrelid >= 16384
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_attrdef
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_constraint WHERE oid >= 16384
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_trigger
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_index WHERE indexrelid >= 16384
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_proc WHERE oid >= 16384
        UNION ALL SELECT format('%s %s', count(*), sum(xmin::text::bigint)) FROM pg_namespace
        UNION ALL SELECT setconfig::text FROM pg_db_role_setting s
            JOIN pg_database d ON d.oid = s.setdatabase AND d.datname = current_database()
    ) AS facts(said)
"""
"""What no change of a schema leaves as it is: how many rows the catalogue has, and which transactions wrote them. Where
it has not moved since the shape was looked at, the shape need not be looked at again.
"""
_OTHERS = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@dataclass(frozen=True)
class _Picture:
    """How a database was at first."""

    shape: str
    tables: tuple[str, ...]
    rows: dict[str, bytes]
    sequences: tuple[tuple[str, int, bool], ...]


class Recycled:
    """Databases that are as `make` leaves them, each given to one test after another."""

    def __init__(self, server: PostgresServer, make: Callable[[str], Coroutine[Any, Any, None]]) -> None:
        self._server = server
        self._free: list[str] = []
        self._held: dict[str, asyncpg.Connection[Any]] = {}
        self._known: dict[str, str] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="recycling", daemon=True)
        self._thread.start()
        self._origin = f"origin_{uuid4().hex}"
        self._aside(make(server.create_database(self._origin)))
        self._picture = self._aside(_taken(server.dsn(self._origin)))

    def take(self) -> str:
        """The name of one that nobody has."""
        if self._free:
            return self._free.pop()
        name = f"test_{uuid4().hex}"
        self._server.create_database(name, template=self._origin)
        return name

    def give_back(self, name: str) -> None:
        """It may be used again if it can be put back to how it was."""
        if self._aside(self._put_back(name)):
            self._free.append(name)
        else:
            self._aside(self._let_go(name))
            self._server.drop_database(name)

    @contextmanager
    def one(self) -> Generator[str]:
        """The dsn of one for as long as the block goes on."""
        name = self.take()
        yield self._server.dsn(name)
        self.give_back(name)

    def close(self) -> None:
        """Let go of all of them. Safe to call twice."""
        if self._thread.is_alive():
            for name in list(self._held):
                self._aside(self._let_go(name))
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def _aside(self, work: Coroutine[Any, Any, T]) -> T:
        """Run it on a loop of its own, also while another one is running here."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _put_back(self, name: str) -> bool:
        try:
            connection = await self._connection(name)
            if await connection.fetchval(_OTHERS) or not await self._is_in_shape(name, connection):
                return False
            await _empty(connection, self._picture)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            return False  # whoever used it did away with it, or let nobody in
        return True

    async def _connection(self, name: str) -> asyncpg.Connection[Any]:
        held = self._held.get(name)
        if held is not None and not held.is_closed():
            try:
                await held.execute("SELECT 1")
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                held.terminate()  # the server was started anew meanwhile
            else:
                return held
        self._held[name] = await asyncpg.connect(self._server.dsn(name))
        return self._held[name]

    async def _is_in_shape(self, name: str, connection: asyncpg.Connection[Any]) -> bool:
        changes = await connection.fetchval(_CHANGES)
        if self._known.get(name) != changes:
            if await connection.fetchval(_SHAPE) != self._picture.shape:
                return False
            self._known[name] = changes
        return True

    async def _let_go(self, name: str) -> None:
        held = self._held.pop(name, None)
        if held is not None:
            held.terminate()


async def _taken(dsn: str) -> _Picture:
    connection = await asyncpg.connect(dsn)
    try:
        tables = tuple(row[0] for row in await connection.fetch(_TABLES))
        rows: dict[str, bytes] = {}
        for table in tables:
            copied = io.BytesIO()
            await connection.copy_from_query(f"SELECT * FROM {table}", output=copied, format="binary")  # noqa: S608
            if await connection.fetchval(f"SELECT EXISTS (SELECT FROM {table})"):  # noqa: S608
                rows[table] = copied.getvalue()
        sequences = tuple((row[0], row[1], row[2]) for row in await connection.fetch(_SEQUENCES))
        return _Picture(await connection.fetchval(_SHAPE), tables, rows, sequences)
    finally:
        await connection.close()


async def _empty(connection: asyncpg.Connection[Any], picture: _Picture) -> None:
    async with connection.transaction():
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute("".join(f"DELETE FROM {table};" for table in picture.tables))  # noqa: S608
        for table, rows in picture.rows.items():
            await connection.copy_to_table(table, source=io.BytesIO(rows), format="binary")
        for name, last, used in picture.sequences:
            await connection.execute("SELECT setval($1::text::regclass, $2, $3)", name, last, used)
