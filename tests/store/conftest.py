"""Each test of the store runs on both databases, each on a fresh one with today's schema."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from remit.store.database import Database
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.migrate import migrate
from tests.postgres import PostgresServer
from tests.store.stores import Store

TEMPLATE = "migrated"


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
def postgres_place(postgres: PostgresServer, migrated: str) -> Iterator[Store]:
    """A Postgres database, cloned from one that is migrated already."""
    name = f"test_{uuid4().hex}"
    dsn = postgres.create_database(name, template=migrated)
    yield Store("postgres", dsn, lambda: PostgresDatabase(dsn))
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def migrated(postgres: PostgresServer) -> str:
    """The name of a database to clone."""
    asyncio.run(_migrate(PostgresDatabase(postgres.create_database(TEMPLATE))))
    return TEMPLATE


async def _migrate(database: Database) -> None:
    await database.open()
    await migrate(database)
    await database.close()
