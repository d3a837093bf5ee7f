"""A query as a binding: in a transaction that cannot write, with a limit on time, rows and bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.domain.errors import ToolFailed
from remit.domain.tools import Performed
from remit.tools.answers import plain_answer
from remit.tools.reading import ReadOnly
from remit.tools.sql.statement import StatementError, Verb, read_statement

if TYPE_CHECKING:
    from remit.tools.binding import ToolContext
    from remit.tools.sql.database import SqlDatabase
    from remit.tools.sql.statement import Sql

Json = Any


class QueryBinding(ReadOnly):
    """A declared query."""

    def __init__(self, database: SqlDatabase, sql: Sql, most: int) -> None:
        self._database = database
        self._sql = sql
        self._most = most

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Ask."""
        return await ask(self._database, self._sql, arguments, self._most, context)

    async def close(self) -> None:
        """The database is shared, and closed once by whoever comes first."""
        await self._database.close()


class AnyQueryBinding(ReadOnly):
    """Whatever a model wants to know; only what is proven to read is executed."""

    def __init__(self, database: SqlDatabase, most: int) -> None:
        self._database = database
        self._most = most

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Ask."""
        try:
            statement = read_statement(arguments["sql"])
        except StatementError as wrong:
            raise ToolFailed(f"this cannot be executed: {wrong}.") from None
        if statement.verb is not Verb.READ:
            raise ToolFailed(
                "only a query can be executed here: one SELECT, WITH or VALUES that changes nothing."
            )
        if statement.names:
            raise ToolFailed(f"there is no value for :{statement.names[0]}; write values into the query.")
        return await ask(self._database, statement.sql(), {}, self._most, context, statement.functions)

    async def close(self) -> None:
        """The database is shared, and closed once by whoever comes first."""
        await self._database.close()


async def ask(
    database: SqlDatabase, sql: Sql, arguments: dict[str, Json], most: int, context: ToolContext,
    calling: tuple[str, ...] | None = None,
) -> Performed:  # fmt: skip
    """Execute a query; of one that a model wrote, `calling` are the functions that are called in it."""
    async with database.transaction(context, read_only=True, suspect=calling is not None) as opened:
        acting = await opened.acting(calling) if calling else []
        if acting:
            raise ToolFailed(f"only a query can be executed here, and {acting[0]}() does more than to read.")
        answer = await opened.run(sql.text, [arguments.get(name) for name in sql.names], most)
    found: dict[str, Json] = {"rows": plain_answer(answer.rows)}
    if answer.more:
        found["note"] = f"these are the first {most:,} rows; there are more."
    return Performed(found)
