"""A statement as a binding: images of every row that it touches are taken in the very transaction that changes them.

Undo is compare-and-swap on whole rows, in one transaction each: exact, or not at all.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

from remit.domain.action_errors import CannotUndo
from remit.domain.effects import Absent, Happened
from remit.domain.errors import Retry, ToolFailed
from remit.domain.tools import ObjectImage, Performed
from remit.store.foreign.names import quoted
from remit.tools.answers import plain_answer
from remit.tools.sql.keys import recall, remember
from remit.tools.sql.statement import Verb, numbered
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.domain.tools import Receipt
    from remit.store.foreign.database import Table, Transaction
    from remit.tools.binding import ToolContext
    from remit.tools.sql.database import SqlDatabase
    from remit.tools.sql.statement import Statement

Json = Any
Row = dict[str, Json]
_KEY = "remit_key_"


@dataclass(frozen=True, slots=True)
class WriteSpec:
    """A statement that was checked against its database."""

    name: str
    statement: Statement
    table: Table | None
    """Where its rows are; None if it is not known what it touches, and nothing can be taken back."""
    label: str
    """The name of the table among all systems, such as `shop.orders`."""
    most: int
    keyed: bool


class WriteBinding:
    """One declared statement."""

    def __init__(self, database: SqlDatabase, spec: WriteSpec) -> None:
        self._database = database
        self._spec = spec

    async def perform(self, arguments: dict[str, Json], context: ToolContext) -> Performed:
        """Look, change, look again: one transaction."""
        async with self._database.transaction(context, read_only=False) as opened:
            if self._spec.keyed and context.key:
                known = await recall(opened, context.key, claim=True)
                if known is not None:
                    return _performed(known)
            performed = await self._change(opened, arguments)
            if self._spec.keyed and context.key:
                await remember(opened, context.key, asdict(performed))
        return performed

    async def before(self, arguments: dict[str, Json], context: ToolContext) -> Json:
        """Nothing: the images are taken where the change is made."""

    async def reconcile(self, arguments: dict[str, Json], context: ToolContext) -> Happened | Absent | None:
        """A keyed write leaves its key in the same transaction, so it can be found out exactly."""
        del arguments
        if not self._spec.keyed or not context.key:
            return None
        async with self._database.transaction(context, read_only=True) as opened:
            known = await recall(opened, context.key)
        return Absent() if known is None else Happened(_performed(known))

    async def current(self, receipt: Receipt, image: ObjectImage, context: ToolContext) -> tuple[Json, str]:
        """The row now, and its digest."""
        del receipt
        table = self._table()
        async with self._database.transaction(context, read_only=False) as opened:
            row = await opened.image(table, _like(image))
        return row, _digest(row)

    async def restore(
        self, receipt: Receipt, image: ObjectImage, wanted: Json, precondition: str, context: ToolContext
    ) -> Performed:
        """Make the row as it is wanted, if it is still as it was compared."""
        del receipt
        table = self._table()
        try:
            async with self._database.transaction(context, read_only=False) as opened:
                now = await opened.image(table, _like(image))
                if _digest(now) != precondition:
                    raise CannotUndo(
                        f"{image.object} was changed by somebody else at this very moment; that is not overwritten.",
                        "Look at it, and undo again if it should be.",
                    )
                await _make(opened, table, now, cast("Row | None", wanted))
        except ToolFailed as wrong:
            raise CannotUndo(f"{image.object} cannot be put back: {wrong}") from None
        return Performed(None, (ObjectImage(image.object, now, wanted, _digest(wanted)),))

    async def close(self) -> None:
        """The database is shared, and closed once by whoever comes first."""
        await self._database.close()

    # --- the change -----------------------------------------------------------------------------------

    async def _change(self, opened: Transaction, arguments: dict[str, Json]) -> Performed:
        spec, table = self._spec, self._spec.table
        if table is None:
            sql = spec.statement.sql()
            answer = await opened.run(sql.text, [arguments.get(name) for name in sql.names], spec.most)
            return Performed({"rows": plain_answer(answer.rows)})
        before = await self._before(opened, table, arguments)
        touched, returned = await self._run(opened, table, arguments)
        if spec.statement.verb is not Verb.INSERT and len(touched) != len(before):
            raise _other_rows()
        after = [] if spec.statement.verb is Verb.DELETE else await self._after(opened, table, touched)
        if spec.statement.verb is Verb.UPDATE and not spec.statement.sets(table.key):
            self._check_same(table, before, after)
        result: dict[str, Json] = {"changed": len(touched)}
        if spec.statement.returning:
            result["rows"] = plain_answer(returned)
        return Performed(result, tuple(self._images(table, before, after)))

    async def _before(self, opened: Transaction, table: Table, arguments: dict[str, Json]) -> list[Row]:
        statement, most = self._spec.statement, self._spec.most
        if statement.verb is Verb.INSERT:
            return []
        where = numbered(statement.where or ())
        values = [arguments.get(name) for name in where.names]
        found = await opened.images(table, statement.alias, where.text, values, most + 1)
        self._check_count(len(found))
        return found

    async def _run(
        self, opened: Transaction, table: Table, arguments: dict[str, Json]
    ) -> tuple[list[Row], list[Row]]:
        """The keys of the rows that were touched, and what the statement itself gives of each."""
        keys = ", ".join(f"{quoted(column)} AS {_KEY}{n}" for n, column in enumerate(table.key))
        sql = self._spec.statement.with_returning(keys)
        answer = await opened.run(sql.text, [arguments.get(name) for name in sql.names], self._spec.most + 1)
        self._check_count(len(answer.rows))
        touched = [{column: row[f"{_KEY}{n}"] for n, column in enumerate(table.key)} for row in answer.rows]
        returned = [{k: v for k, v in row.items() if not k.startswith(_KEY)} for row in answer.rows]
        return cast("list[Row]", [plain_answer(row) for row in touched]), returned

    async def _after(self, opened: Transaction, table: Table, touched: list[Row]) -> list[Row]:
        found = [await opened.image(table, row) for row in touched]
        return [row for row in found if row is not None]

    def _images(self, table: Table, before: list[Row], after: list[Row]) -> list[ObjectImage]:
        """One for each row; a row whose key was changed is gone under one name, and there under another."""
        was = {self._object(table, row): row for row in before}
        now = {self._object(table, row): row for row in after}
        return [
            ObjectImage(name, was.get(name), now.get(name), _digest(now.get(name)))
            for name in [*was, *(name for name in now if name not in was)]
        ]

    def _object(self, table: Table, row: Row) -> str:
        return f"{self._spec.label}/{','.join(quote(str(row[column]), safe='') for column in table.key)}"

    def _check_same(self, table: Table, before: list[Row], after: list[Row]) -> None:
        """A condition may find other rows a moment later, or by chance."""
        if {self._object(table, row) for row in before} != {self._object(table, row) for row in after}:
            raise _other_rows()

    def _check_count(self, count: int) -> None:
        most = self._spec.most
        if count > most:
            raise ToolFailed(f"it would touch more than {most:,} rows, which is the limit; nothing was done.")

    def _table(self) -> Table:
        if self._spec.table is None:
            raise CannotUndo(f"nobody knows which rows {self._spec.name} touched.")
        return self._spec.table


def _other_rows() -> Retry:
    return Retry("other rows came to match while it was done, and nothing was done.")


async def _make(opened: Transaction, table: Table, now: Row | None, wanted: Row | None) -> None:
    if wanted is None:
        if now is not None:
            await opened.delete(table, now)
    elif now is None:
        await opened.insert(table, wanted)
    else:
        columns = [column for column in table.columns if now.get(column) != wanted.get(column)]
        if columns:
            await opened.update(table, wanted, columns)


def _like(image: ObjectImage) -> Row:
    """A row with the key of an image."""
    return cast("Row", image.after if image.after is not None else image.before)


def _digest(row: Json) -> str:
    return canonical.digest(row)


def _performed(known: Json) -> Performed:
    images = tuple(ObjectImage(**each) for each in known["images"])
    return Performed(known["result"], images, known["best_effort"])
