"""Each test whose promise depends on the store runs on both databases, each on a fresh one with today's schema."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from remit.store.databases.postgres import PostgresDatabase
from remit.store.migrate import migrate
from tests.engine.places import Place
from tests.engine.steps import OUTSIDE
from tests.postgres import PostgresServer

TEMPLATE = "migrated_for_engine"


@pytest.fixture(autouse=True)
def fresh_world() -> None:
    """Nothing has happened outside yet."""
    OUTSIDE.happened.clear()
    OUTSIDE.doors.clear()


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> Place:
    """A workspace on each dialect in turn."""
    found = request.getfixturevalue(f"on_{request.param}")
    assert isinstance(found, Place)
    return found


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Place:
    """A workspace on SQLite, for what no store can change."""
    return Place(tmp_path)


@pytest.fixture
def on_postgres(tmp_path: Path, postgres: PostgresServer, schema: str) -> Iterator[Place]:
    """A workspace on Postgres."""
    name = f"test_{uuid4().hex}"
    dsn = postgres.create_database(name, template=schema)
    yield Place(tmp_path, dsn)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def schema(postgres: PostgresServer) -> str:
    """The name of a database to clone."""
    asyncio.run(_migrate(PostgresDatabase(postgres.create_database(TEMPLATE))))
    return TEMPLATE


async def _migrate(database: PostgresDatabase) -> None:
    await database.open()
    await migrate(database)
    await database.close()
