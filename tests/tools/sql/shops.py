"""A shop in SQLite or Postgres, and its tools as a workspace declares them."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from remit.tools.registry import Registry
from remit.tools.sources import open_sources

Row = tuple[Any, ...]
SCHEMA = """
CREATE TABLE orders (id integer PRIMARY KEY, customer text NOT NULL, status text, total double precision);
CREATE TABLE lines (order_id integer, number integer, text text, PRIMARY KEY (order_id, number));
CREATE TABLE audited (id integer PRIMARY KEY, text text);
CREATE TABLE trail (text text);
CREATE TABLE parents (id integer PRIMARY KEY, text text);
CREATE TABLE children (id integer PRIMARY KEY, parent integer REFERENCES parents (id) ON DELETE CASCADE);
CREATE TABLE nameless (text text);
CREATE TABLE remit_keys (key text PRIMARY KEY, answer text NOT NULL);
INSERT INTO orders VALUES (1, 'ada', 'open', 1.5), (2, 'bob', 'open', 2.5), (3, 'ada', 'held', NULL);
INSERT INTO lines VALUES (1, 1, 'tea'), (1, 2, 'it''s a pot');
"""
TRIGGERS = {
    "sqlite": "CREATE TRIGGER audit AFTER UPDATE ON audited BEGIN INSERT INTO trail VALUES (new.text); END",
    "postgres": (
        "CREATE FUNCTION audit() RETURNS trigger AS 'BEGIN INSERT INTO trail VALUES (new.text); RETURN new; END' "
        "LANGUAGE plpgsql; CREATE TRIGGER audit AFTER UPDATE ON audited FOR EACH ROW EXECUTE FUNCTION audit()"
    ),
}
STATEMENTS = {
    "set_status": "update orders as o set status = :status where o.id = :id",
    "settle": "UPDATE orders SET status = :status, total = total + 1 WHERE customer = :customer -- and id = :no",
    "add_order": "insert into orders (id, customer, status) values (:id, :customer, :status) returning status",
    "drop_order": "delete from orders where id = :id",
    "move_order": "update orders set id = :to where id = :id",
    "set_line": "update lines set text = :text where order_id = :order_id and number = :number",
    "set_audited": "update audited set text = :text where id = :id",
    "drop_parent": "delete from parents where id = :id",
    "add_nameless": "insert into nameless values (:text)",
    "put_order": (
        "insert into orders (id, customer) values (:id, :customer) "
        "on conflict (id) do update set customer = excluded.customer"
    ),
}


class Shop:
    """One database, and a way past the tools, as strangers have it."""

    def __init__(self, url: str, kind: str, execute: Callable[..., Any]) -> None:
        self.url = url
        self.kind = kind
        self._execute = execute

    async def execute(self, sql: str, *values: Any) -> list[Row]:
        """What somebody else does."""
        return await self._execute(sql, values)

    async def state(self) -> dict[str, list[Row]]:
        """Everything in it."""
        tables = ("orders", "lines", "audited", "parents", "children")
        return {name: sorted(await self.execute(f"SELECT * FROM {name}"), key=repr) for name in tables}  # noqa: S608

    def toml(self, **more: str) -> str:
        """tools.toml."""
        parts = [f'[sql.shop]\nurl = "{self.url}"\nquery = "ask_shop"\nrows = 50\n{more.get("source", "")}']
        parts += [
            "[sql.shop.read.orders_of]",
            'query = "select id, status from orders where customer = :customer order by id"',
        ]
        for name, text in STATEMENTS.items():
            keyed = "keyed = true" if name == "settle" else ""
            parts += [
                f"[sql.shop.write.{name}]",
                f"statement = {json.dumps(text)}",
                keyed,
                more.get(name, ""),
            ]
        return "\n".join([*parts, more.get("rest", "")])

    @asynccontextmanager
    async def tools(self, workspace: Path, **more: str) -> AsyncGenerator[Registry]:
        """The tools, opened."""
        (workspace / "tools.toml").write_text(self.toml(**more))
        registry = Registry()
        assert await open_sources(workspace, registry) == []
        try:
            yield registry
        finally:
            await registry.close()


@asynccontextmanager
async def sqlite_shop(workspace: Path) -> AsyncGenerator[Shop]:
    """A shop in a file."""
    file = workspace / "shop.db"
    connection: Any = apsw.Connection(str(file))
    connection.execute(SCHEMA + TRIGGERS["sqlite"])

    async def execute(sql: str, values: Row) -> list[Row]:
        places = {str(number): value for number, value in enumerate(values, 1)}
        return [tuple(row) for row in connection.execute(sql, places)]

    try:
        yield Shop("sqlite:///shop.db", "sqlite", execute)
    finally:
        connection.close()


async def stock(dsn: str) -> None:
    """Make a shop of a database on a server."""
    connection = await asyncpg.connect(dsn)
    await connection.execute(SCHEMA + TRIGGERS["postgres"])
    await connection.close()


@asynccontextmanager
async def postgres_shop(dsn: str) -> AsyncGenerator[Shop]:
    """A shop on a server, that was stocked."""
    connection = await asyncpg.connect(dsn)

    async def execute(sql: str, values: Row) -> list[Row]:
        return [tuple(row) for row in await connection.fetch(sql, *values)]

    try:
        yield Shop(dsn, "postgres", execute)
    finally:
        await connection.close()


def shop_of(kind: str, workspace: Path, dsn: str) -> AbstractAsyncContextManager[Shop]:
    """A shop of one kind."""
    return sqlite_shop(workspace) if kind == "sqlite" else postgres_shop(dsn)
