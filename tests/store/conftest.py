"""Each test of the store runs on both databases, each on a fresh one with today's schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from remit.store.database import Database
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.migrate import migrate
from remit.store.tables import TABLES
from tests.postgres import PostgresServer
from tests.store.stores import Store

DATABASE = "store"


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Store:
    """A database with today's schema, of each dialect in turn."""
    return request.getfixturevalue(f"{request.param}_place")


@pytest.fixture
async def store(place: Store) -> AsyncIterator[Store]:
    """That database, whose handles are closed after the test."""
    yield place
    await place.close()


@pytest.fixture
async def database(store: Store) -> Database:
    """One open handle on the database."""
    return await store.open()


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Store:
    """A SQLite file."""
    path = tmp_path / "remit.db"
    asyncio.run(_migrate(SqliteDatabase(path)))
    return Store("sqlite", str(path), lambda: SqliteDatabase(path))


@pytest.fixture
def postgres_place(migrated: str) -> Store:
    """The Postgres database of this session, emptied."""
    asyncio.run(_empty(migrated))
    return Store("postgres", migrated, lambda: PostgresDatabase(migrated))


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """A database with today's schema."""
    dsn = postgres.create_database(DATABASE)
    asyncio.run(_migrate(PostgresDatabase(dsn)))
    return dsn


async def _empty(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    tables = [name for name in TABLES if name != "migrations"]
    await connection.execute(f"TRUNCATE {', '.join(tables)} RESTART IDENTITY")
    await connection.close()


async def _migrate(database: Database) -> None:
    await database.open()
    await migrate(database)
    await database.close()
