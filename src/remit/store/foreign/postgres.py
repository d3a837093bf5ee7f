"""A Postgres of somebody else: short transactions, with a time limit that the server keeps.

Postgres itself writes a row as JSON and makes the same row out of it again, so nothing is lost in between.
"""

from __future__ import annotations

import json
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from remit.store.databases.postgres_driver import asyncpg, is_loss
from remit.store.foreign.database import (
    LARGEST_ANSWER,
    Answer,
    AnswerTooLarge,
    BrokenOff,
    ForeignProblem,
    NotNow,
    OutcomeUnknown,
    StatementRefused,
    Table,
)
from remit.store.foreign.names import distinct, quoted
from remit.store.foreign.postgres_values import bound, schema_type

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator, Sequence

    from remit.store.databases.postgres_driver import Connection

Json = Any
_CONNECTIONS = 4
_CONNECT_SECONDS = 10.0
_CHUNK = 50
_EXACT = 2**53
_SESSION = {
    "application_name": "remit tools", "timezone": "UTC", "datestyle": "ISO", "intervalstyle": "postgres",
    "extra_float_digits": "1", "bytea_output": "hex", "idle_in_transaction_session_timeout": "60000",
}  # fmt: skip
_AGAIN = (
    asyncpg.SerializationError, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError,
    asyncpg.TooManyConnectionsError, asyncpg.CannotConnectNowError,
)  # fmt: skip


class PostgresForeign:
    """Implements `ForeignDatabase` over a small pool."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._password = ""

    @asynccontextmanager
    async def transaction(
        self, *, read_only: bool, seconds: float, password: str = ""
    ) -> AsyncGenerator[PostgresTransaction]:
        """A transaction of READ COMMITTED; a reading one cannot write, whatever it is told."""
        with _explained():
            pool = await self._pool_for(password)
            connection: Any = await pool.acquire(timeout=_CONNECT_SECONDS)
        try:
            transaction = connection.transaction(isolation="read_committed", readonly=read_only)
            with _explained():
                await transaction.start()
                limit = f"{max(1, int(seconds * 1000))}"
                await connection.execute(
                    f"SET LOCAL statement_timeout = {limit}; SET LOCAL lock_timeout = {limit}"
                )
            try:
                yield PostgresTransaction(connection)
            except Exception:
                with suppress(Exception):
                    await transaction.rollback()
                raise
            with _explained(OutcomeUnknown):
                await transaction.commit()
        except BaseException as wrong:
            if not isinstance(wrong, Exception):
                connection.terminate()  # whoever is interrupted waits for nothing; the server rolls back
            raise
        finally:
            await pool.release(connection)

    async def table(self, name: str, password: str = "") -> Table | None:
        """A table as the catalog describes it."""
        async with self.transaction(read_only=True, seconds=10, password=password) as opened:
            return await opened.describe(name)

    async def parameters(self, sql: str, password: str = "") -> list[str]:
        """What the server takes for each placeholder."""
        async with self.transaction(read_only=True, seconds=10, password=password) as opened:
            return await opened.parameters(sql)

    async def close(self) -> None:
        """Let go of the pool."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.terminate()

    async def _pool_for(self, password: str) -> asyncpg.Pool[asyncpg.Record]:
        if self._pool is None or password != self._password:
            await self.close()
            self._password = password
            given: dict[str, Any] = {"password": password} if password else {}
            self._pool = await asyncpg.create_pool(
                self._url, min_size=0, max_size=_CONNECTIONS, timeout=_CONNECT_SECONDS, statement_cache_size=0,
                server_settings=_SESSION, **given,
            )  # fmt: skip
        return self._pool


class PostgresTransaction:
    """Implements `Transaction`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def run(self, sql: str, values: Sequence[Json], most: int) -> Answer:
        """Execute one statement: a prepared one cannot be two."""
        with _explained(BrokenOff):
            statement = await self._connection.prepare(sql)
            given = [
                bound(value, kind) for value, kind in zip(values, statement.get_parameters(), strict=True)
            ]
            names = distinct([each.name for each in statement.get_attributes()])
            if not names:
                await statement.fetch(*given)
                return Answer()
            return await _read(await statement.cursor(*given), names, most)

    async def acting(self, functions: Sequence[str]) -> list[str]:
        """What Postgres and its extensions call volatile, apart from time and chance; and what executes text."""
        with _explained():
            rows = await self._connection.fetch(_ACTING, list(functions), _HARMLESS, _EXECUTING)
        return [row["name"] for row in rows]

    async def images(
        self, table: Table, alias: str, where: str, values: Sequence[Json], most: int
    ) -> list[dict[str, Json]]:
        """Rows as Postgres writes them, locked."""
        name = alias or table.name
        columns = ", ".join(
            f"{name}.{quoted(column)}{f'::text AS {quoted(column)}' if column in table.documents else ''}"
            for column in table.columns
        )
        condition = f"WHERE {where}" if where else ""
        inner = f"SELECT {columns} FROM {table.name} {f'AS {alias}' if alias else ''} {condition} FOR UPDATE"  # noqa: S608 - quoted
        answer = await self.run(f"SELECT row_to_json(r)::text AS row FROM ({inner}) r", values, most)  # noqa: S608 - quoted
        return [_exactly(row["row"]) for row in answer.rows]

    async def image(self, table: Table, like: dict[str, Json]) -> dict[str, Json] | None:
        """The row with the key of an image."""
        record = f"json_populate_record(NULL::{table.name}, $1::json)"
        places = " AND ".join(
            f"remit_row.{quoted(column)} = (SELECT {quoted(column)} FROM {record})"  # noqa: S608 - quoted
            for column in table.key
        )
        found = await self.images(table, "remit_row", places, [_key(table, like)], 1)
        return found[0] if found else None

    async def insert(self, table: Table, image: dict[str, Json]) -> None:
        """Make a row, its own identity included."""
        columns = [column for column in table.columns if column in image]
        names, values = (
            ", ".join(map(quoted, columns)),
            ", ".join(_value(table, column) for column in columns),
        )
        await self._with_image(
            f"INSERT INTO {table.name} ({names}) OVERRIDING SYSTEM VALUE SELECT {values}", table, image, ""
        )  # fmt: skip

    async def update(self, table: Table, image: dict[str, Json], columns: Sequence[str]) -> None:
        """Set columns."""
        sets = ", ".join(f"{quoted(column)} = {_value(table, column)}" for column in columns)
        await self._with_image(f"UPDATE {table.name} AS remit_row SET {sets}", table, image, _same_key(table))  # noqa: S608 - quoted

    async def delete(self, table: Table, image: dict[str, Json]) -> None:
        """Remove a row."""
        sql = f"DELETE FROM {table.name} AS remit_row USING {_record(table)} {_same_key(table)}"  # noqa: S608 - quoted
        await self.run(sql, [json.dumps(image)], 0)

    async def _with_image(self, sql: str, table: Table, image: dict[str, Json], where: str) -> None:
        await self.run(f"{sql} FROM {_record(table)} {where}", [json.dumps(image)], 0)

    async def parameters(self, sql: str) -> list[str]:
        with _explained():
            statement = await self._connection.prepare(sql)
            return [schema_type(each) for each in statement.get_parameters()]

    async def describe(self, name: str) -> Table | None:
        with _explained():
            try:
                known = await self._connection.fetchrow(_TABLE, name)
            except asyncpg.InvalidNameError:
                known = None
            if known is None:
                return None
            oid = known["oid"]
            columns = await self._connection.fetch(_COLUMNS, oid)
            aside = [str(row["what"]) for row in await self._connection.fetch(_ASIDE, oid)]
        return Table(
            known["name"], tuple(row["name"] for row in columns if row["place"] is not None),
            tuple(row["name"] for row in columns if not row["generated"]),
            tuple(row["name"] for row in columns if row["type"] in {"json", "jsonb"}), tuple(aside),
        )  # fmt: skip


_HARMLESS = [
    "random", "random_normal", "clock_timestamp", "timeofday", "gen_random_uuid", "uuidv4", "uuidv7", "currval",
    "uuid_generate_v1", "uuid_generate_v1mc", "uuid_generate_v4", "gen_salt", "gen_random_bytes",
]  # fmt: skip
_EXECUTING = ["query_to_xml", "query_to_xmlschema", "query_to_xml_and_xmlschema", "cursor_to_xml", "ts_stat"]
"""Functions that execute a text which nobody has looked at."""
_ACTING = """
SELECT DISTINCT p.proname::text AS name FROM pg_proc p
WHERE p.proname = ANY($1::text[]) AND (p.proname = ANY($3::text[]) OR (
    p.provolatile = 'v' AND NOT p.proname = ANY($2::text[]) AND (
        p.pronamespace = 'pg_catalog'::regnamespace
        OR EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e'))))
ORDER BY name
"""
_TABLE = """
SELECT c.oid, quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p')
"""
_COLUMNS = """
SELECT a.attname::text AS name, a.attgenerated::text <> '' AS generated, t.typname::text AS type,
       array_position(i.indkey::int2[], a.attnum) AS place
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_index i ON i.indrelid = a.attrelid AND i.indisprimary
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped
ORDER BY a.attnum
"""
_ASIDE = """
SELECT 'the trigger ' || tgname AS what FROM pg_trigger WHERE tgrelid = $1 AND NOT tgisinternal
UNION ALL
SELECT 'the rule ' || rulename FROM pg_rewrite WHERE ev_class = $1
UNION ALL
SELECT conrelid::regclass::text || ' (' || pg_get_constraintdef(oid) || ')' FROM pg_constraint
WHERE confrelid = $1 AND contype = 'f' AND (confdeltype IN ('c', 'n', 'd') OR confupdtype IN ('c', 'n', 'd'))
"""


def _record(table: Table) -> str:
    return f"json_populate_record(NULL::{table.name}, $1::json) AS remit_image"


def _value(table: Table, column: str) -> str:
    """A column of the image; JSON stands in it as text, and would become a JSON text."""
    if column in table.documents:
        literal = column.replace("'", "''")
        return f"($1::json ->> '{literal}')::jsonb"
    return f"remit_image.{quoted(column)}"


def _same_key(table: Table) -> str:
    return "WHERE " + " AND ".join(f"remit_row.{quoted(c)} = remit_image.{quoted(c)}" for c in table.key)


def _key(table: Table, image: dict[str, Json]) -> str:
    return json.dumps({column: image[column] for column in table.key})


def _exactly(text: str) -> dict[str, Json]:
    """A row that Postgres wrote: a number that a reader could round stays text, and is read as a number again."""
    return json.loads(text, parse_float=str, parse_int=lambda n: int(n) if abs(int(n)) < _EXACT else n)


async def _read(cursor: Any, names: list[str], most: int) -> Answer:
    rows: list[dict[str, Json]] = []
    size = 0
    while chunk := await cursor.fetch(_CHUNK):
        for record in chunk:
            if len(rows) == most:
                return Answer(rows, more=True)
            size += sum(len(each) if isinstance(each, str | bytes) else 8 for each in record)
            if size > LARGEST_ANSWER:
                raise AnswerTooLarge(f"the answer has more than {LARGEST_ANSWER >> 20} MiB")
            rows.append(dict(zip(names, record, strict=True)))
    return Answer(rows)


@contextmanager
def _explained(lost: type[ForeignProblem] = NotNow) -> Generator[None]:
    """What the server says, as what it means for the transaction; `lost` is what a lost connection means."""
    try:
        yield
    except ForeignProblem:
        raise
    except _AGAIN as wrong:
        raise NotNow(str(wrong)) from None
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as wrong:
        said = " ".join(str(wrong).split()) or type(wrong).__name__
        if not is_loss(wrong) and not isinstance(wrong, OSError):
            raise StatementRefused(said) from None
        raise lost(said) from None
    except (ValueError, TypeError, ArithmeticError) as wrong:
        raise StatementRefused(str(wrong)) from None
