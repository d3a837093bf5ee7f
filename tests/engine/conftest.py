"""Each test whose promise depends on the store runs on both databases, each on a fresh one with today's schema."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from remit.control.platform import Platform
from tests.engine.places import Place
from tests.engine.steps import OUTSIDE
from tests.postgres import PostgresServer

TEMPLATE = "opened_for_engine"
_OPENED: dict[Path, Path] = {}
"""The folder of the workspace that was opened on each server."""


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
def on_postgres(tmp_path: Path, postgres: PostgresServer, opened: Path) -> Iterator[Place]:
    """A workspace on Postgres: a clone of the opened one, with its keys."""
    name = f"test_{uuid4().hex}"
    dsn = postgres.create_database(name, template=TEMPLATE)
    shutil.copytree(opened, tmp_path, dirs_exist_ok=True)
    yield Place(tmp_path, dsn)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def opened(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a workspace that was opened once: schema, keys and owner are there."""
    if postgres.home not in _OPENED:  # other folders of tests take this fixture over, and share the server
        folder = _OPENED[postgres.home] = tmp_path_factory.mktemp("opened")
        asyncio.run(_open_once(folder, postgres.create_database(TEMPLATE)))
    return _OPENED[postgres.home]


async def _open_once(folder: Path, database: str) -> None:
    async with Platform.open(folder, database=database, worker=False):
        pass
