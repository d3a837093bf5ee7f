"""A SQLite file of somebody else: each transaction on a connection and a thread of its own, never on the loop.

A reading transaction cannot write, whatever it is told: the file is opened read-only, and an authorizer lets nothing
but reading be compiled.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, cast

import apsw

from remit.store.foreign.database import (
    LARGEST_ANSWER,
    Answer,
    AnswerTooLarge,
    ForeignProblem,
    NotNow,
    StatementRefused,
    Table,
)
from remit.store.foreign.names import distinct, quoted

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence
    from pathlib import Path

Json = Any
_STEPS = 1_000
_MOST_PARAMETERS = 200
_EXACT = 2**53
_READING = frozenset({apsw.SQLITE_SELECT, apsw.SQLITE_READ, apsw.SQLITE_FUNCTION, apsw.SQLITE_RECURSIVE})
_BUSY = (apsw.BusyError, apsw.LockedError, apsw.CantOpenError)
_TRIGGERS = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = $1 COLLATE NOCASE"
_REFERENCES = """
SELECT m.name, f."from", f.on_delete, f.on_update FROM sqlite_master m, pragma_foreign_key_list(m.name) f
WHERE m.type = 'table' AND f."table" = $1 COLLATE NOCASE
"""


class SqliteForeign:
    """Implements `ForeignDatabase` over a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @asynccontextmanager
    async def transaction(
        self, *, read_only: bool, seconds: float, password: str = ""
    ) -> AsyncGenerator[SqliteTransaction]:
        """A transaction; a writing one holds the file from its first word."""
        del password
        until = time.monotonic() + seconds
        with ThreadPoolExecutor(1, "foreign sqlite") as thread:
            opened = SqliteTransaction(thread, until)
            try:
                await opened.on_thread(lambda: opened.open(self._file, read_only=read_only))
                yield opened
                await opened.on_thread(opened.commit)
            finally:
                await opened.on_thread(opened.close)

    async def table(self, name: str, password: str = "") -> Table | None:
        """A table as the file describes it."""
        del password
        async with self.transaction(read_only=False, seconds=10) as opened:
            return await opened.on_thread(lambda: opened.describe(name))

    async def parameters(self, sql: str, password: str = "") -> list[str]:
        """SQLite gives no types to placeholders; the statement is checked all the same."""
        del password
        async with self.transaction(read_only=False, seconds=10) as opened:
            await opened.on_thread(lambda: opened.compile(sql))
        return []

    async def close(self) -> None:
        """Nothing is held open between transactions."""


class SqliteTransaction:
    """Implements `Transaction`; what has no `async` runs on its thread."""

    def __init__(self, thread: ThreadPoolExecutor, until: float) -> None:
        self._thread = thread
        self._until = until
        self._connection: Any = None

    async def run(self, sql: str, values: Sequence[Json], most: int) -> Answer:
        """Execute one statement."""
        return await self.on_thread(lambda: self._answer(sql, values, most))

    async def acting(self, functions: Sequence[str]) -> list[str]:
        """None: whatever a function would do to the file, the authorizer sees it."""
        del functions
        return []

    async def images(
        self, table: Table, alias: str, where: str, values: Sequence[Json], most: int
    ) -> list[dict[str, Json]]:
        """Rows, exactly; the whole file is locked already."""
        rest = f"{f'AS {alias} ' if alias else ''}{f'WHERE {where}' if where else ''}"
        return await self.on_thread(lambda: self._images(table, rest, values, most))

    async def image(self, table: Table, like: dict[str, Json]) -> dict[str, Json] | None:
        """The row with the key of an image."""
        found = await self.images(table, "", _matching(table), [like[column] for column in table.key], 1)
        return found[0] if found else None

    async def insert(self, table: Table, image: dict[str, Json]) -> None:
        """Make a row."""
        columns = [column for column in table.columns if column in image]
        places = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
        sql = f"INSERT INTO {table.name} ({', '.join(map(quoted, columns))}) VALUES ({places})"  # noqa: S608 - quoted
        await self.run(sql, [image[column] for column in columns], 0)

    async def update(self, table: Table, image: dict[str, Json], columns: Sequence[str]) -> None:
        """Set columns."""
        first = len(table.key) + 1
        sets = ", ".join(f"{quoted(column)} = ${first + n}" for n, column in enumerate(columns))
        sql = f"UPDATE {table.name} SET {sets} WHERE {_matching(table)}"  # noqa: S608 - quoted
        await self.run(sql, [image[column] for column in (*table.key, *columns)], 0)

    async def delete(self, table: Table, image: dict[str, Json]) -> None:
        """Remove a row."""
        sql = f"DELETE FROM {table.name} WHERE {_matching(table)}"  # noqa: S608 - quoted
        await self.run(sql, [image[column] for column in table.key], 0)

    async def on_thread(self, act: Callable[[], Any]) -> Any:
        """Do something on the thread; whoever is interrupted interrupts it, and leaves when it is over."""
        waiting = asyncio.get_running_loop().run_in_executor(self._thread, lambda: _explained(act))
        try:
            return await asyncio.shield(waiting)
        except asyncio.CancelledError:
            if self._connection is not None:
                self._connection.interrupt()
            await asyncio.wait({waiting})
            raise

    # --- on the thread --------------------------------------------------------------------------------

    def open(self, file: Path, *, read_only: bool) -> None:
        flags = apsw.SQLITE_OPEN_READONLY if read_only else apsw.SQLITE_OPEN_READWRITE
        self._connection = connection = cast("Any", apsw).Connection(str(file), flags=flags)
        connection.set_busy_timeout(max(1, int((self._until - time.monotonic()) * 1000)))
        connection.set_progress_handler(lambda: time.monotonic() > self._until, _STEPS)
        connection.execute("PRAGMA foreign_keys = ON")
        if read_only:
            connection.execute("PRAGMA query_only = ON")
            connection.authorizer = _only_reading
        else:
            connection.execute("BEGIN IMMEDIATE")

    def commit(self) -> None:
        if self._connection.in_transaction:
            self._connection.set_progress_handler(None)
            self._connection.execute("COMMIT")

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close(True)

    def compile(self, sql: str) -> None:
        """See whether a statement can be compiled, without executing it."""
        cursor: Any = self._connection.cursor()
        cursor.exec_trace = _compiled_only
        with suppress(apsw.ExecTraceAbort):
            cursor.execute(sql, {str(number): None for number in range(1, _MOST_PARAMETERS)})

    def describe(self, name: str) -> Table | None:
        execute: Any = self._connection.execute
        known = list(execute("SELECT name FROM sqlite_master WHERE name = $1 COLLATE NOCASE", {"1": name}))
        if not known:
            return None
        real = str(known[0][0])
        rows = list(execute("SELECT name, pk, hidden FROM pragma_table_xinfo($1)", {"1": real}))
        keys = sorted((pk, column) for column, pk, _ in rows if pk)
        columns = tuple(column for column, _, hidden in rows if not hidden)
        return Table(quoted(real), tuple(column for _, column in keys), columns, (), tuple(self._aside(real)))

    def _aside(self, name: str) -> list[str]:
        execute: Any = self._connection.execute
        found = [f"the trigger {row[0]}" for row in execute(_TRIGGERS, {"1": name})]
        for table, column, on_delete, on_update in execute(_REFERENCES, {"1": name}):
            for when, what in (("DELETE", on_delete), ("UPDATE", on_update)):
                if what in {"CASCADE", "SET NULL", "SET DEFAULT"}:
                    found.append(f"{table}.{column} (ON {when} {what})")
        return found

    def _answer(self, sql: str, values: Sequence[Json], most: int) -> Answer:
        cursor: Any = self._connection.cursor()
        cursor.execute(sql, {str(n): _stored(value) for n, value in enumerate(values, 1)})
        names: list[str] = []
        rows: list[dict[str, Json]] = []
        size = 0
        for row in cursor:
            names = names or distinct([column[0] for column in cursor.get_description()])
            if len(rows) == most:
                return Answer(rows, more=True)
            size += sum(len(each) if isinstance(each, str | bytes) else 8 for each in row)
            _check_size(size)
            rows.append(dict(zip(names, row, strict=True)))
        return Answer(rows)

    def _images(self, table: Table, rest: str, values: Sequence[Json], most: int) -> list[dict[str, Json]]:
        columns = ", ".join(map(quoted, table.columns))
        answer = self._answer(f"SELECT {columns} FROM {table.name} {rest}", values, most)  # noqa: S608 - quoted
        return [
            {name: _kept(value) for name, value in zip(table.columns, row.values(), strict=True)}
            for row in answer.rows
        ]


def _check_size(size: int) -> None:
    if size > LARGEST_ANSWER:
        raise AnswerTooLarge(f"the answer has more than {LARGEST_ANSWER >> 20} MiB")


def _matching(table: Table) -> str:
    return " AND ".join(f"{quoted(column)} IS ${number}" for number, column in enumerate(table.key, 1))


def _kept(value: Json) -> Json:
    """A value of SQLite as JSON, so that exactly it can be made again."""
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, int) and abs(value) >= _EXACT:
        return {"integer": str(value)}
    if isinstance(value, float) and not math.isfinite(value):
        return {"real": str(value)}
    return value


def _stored(value: Json) -> Json:
    """JSON as a value of SQLite."""
    if isinstance(value, dict) and len(cast("dict[str, Json]", value)) == 1:
        kind, text = next(iter(cast("dict[str, Json]", value).items()))
        match kind:
            case "base64":
                return base64.b64decode(text)
            case "integer":
                return int(text)
            case "real":
                return float(text)
            case _:
                pass
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return value


def _compiled_only(*_: object) -> bool:
    return False


def _only_reading(code: int, first: str | None, second: str | None, *_: object) -> int:
    loads = code == apsw.SQLITE_FUNCTION and "load_extension" in {first, second}
    return apsw.SQLITE_OK if code in _READING and not loads else apsw.SQLITE_DENY


def _explained(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except ForeignProblem:
        raise
    except _BUSY as wrong:
        raise NotNow(str(wrong)) from None
    except apsw.InterruptError:  # by the clock: it would take as long again, however often it is tried
        raise StatementRefused("it took longer than a statement may, and was interrupted") from None
    except (apsw.Error, ValueError, TypeError, OverflowError) as wrong:
        raise StatementRefused(str(wrong)) from None
