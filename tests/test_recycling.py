"""A database that is used again has nothing of the test before it, and one that was changed is not used again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import asyncpg
import pytest

from tests.postgres import PostgresServer
from tests.recycling import Recycled


@pytest.fixture
def databases(postgres: PostgresServer) -> Iterator[Recycled]:
    async def made(dsn: str) -> None:
        connection = await asyncpg.connect(dsn)
        await connection.execute(
            "CREATE TABLE owners (id bigserial PRIMARY KEY, name text, UNIQUE (name));"
            "CREATE TABLE things (owner bigint NOT NULL REFERENCES owners, what bytea);"
            "INSERT INTO owners (name) VALUES ('first'); INSERT INTO things VALUES (1, '\\x00')"
        )
        await connection.close()

    with closing(Recycled(postgres, made)) as recycled:
        yield recycled


async def rows(dsn: str) -> list[tuple[int, str, bytes]]:
    connection = await asyncpg.connect(dsn)
    found = await connection.fetch("SELECT id, name, what FROM owners JOIN things ON owner = id ORDER BY id")
    await connection.close()
    return [tuple(row) for row in found]


async def test_one_that_is_given_back_is_as_it_was(postgres: PostgresServer, databases: Recycled) -> None:
    name = databases.take()
    connection = await asyncpg.connect(postgres.dsn(name))
    await connection.execute("DELETE FROM things; DELETE FROM owners")
    assert await connection.fetchval("INSERT INTO owners (name) VALUES ('second') RETURNING id") == 2
    await connection.close()
    databases.give_back(name)
    assert databases.take() == name
    assert await rows(postgres.dsn(name)) == [(1, "first", b"\0")]
    connection = await asyncpg.connect(postgres.dsn(name))
    assert await connection.fetchval("INSERT INTO owners (name) VALUES ('third') RETURNING id") == 2
    await connection.close()
    databases.give_back(name)


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE things ADD COLUMN more text",
        "ALTER TABLE things DISABLE TRIGGER ALL",
        "DROP TABLE things",
        "CREATE TABLE others (id int)",
        "CREATE INDEX ON things (what)",
        "ALTER TABLE owners DROP CONSTRAINT owners_name_key",
        "ALTER TABLE owners ALTER name SET NOT NULL",
        "ALTER TABLE owners ALTER name SET DEFAULT 'x'",
        "ALTER TABLE things SET (fillfactor = 50)",
        "CREATE FUNCTION two() RETURNS int LANGUAGE sql AS 'SELECT 2'",
        "DO $$BEGIN EXECUTE format('ALTER DATABASE %I SET work_mem = ''8MB''', current_database()); END$$",
    ],
)
async def test_one_that_was_changed_is_thrown_away(
    change: str, postgres: PostgresServer, databases: Recycled
) -> None:
    databases.give_back(name := databases.take())  # from now on it is known, and only changes are looked for
    assert databases.take() == name
    connection = await asyncpg.connect(postgres.dsn(name))
    await connection.execute(change)
    await connection.close()
    databases.give_back(name)
    assert (other := databases.take()) != name
    assert await rows(postgres.dsn(other)) == [(1, "first", b"\0")]


async def test_one_that_somebody_holds_is_thrown_away(postgres: PostgresServer, databases: Recycled) -> None:
    name = databases.take()
    connection = await asyncpg.connect(postgres.dsn(name))
    databases.give_back(name)
    assert databases.take() != name
    connection.terminate()
