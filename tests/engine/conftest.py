"""Each test whose promise depends on the store runs on both databases, each on a fresh one with today's schema."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest

from remit.control.platform import Platform
from tests.engine.places import Place
from tests.engine.steps import OUTSIDE
from tests.postgres import PostgresServer
from tests.recycling import Recycled


class Opened(NamedTuple):
    """A workspace that was opened once: schema, keys and owner are there."""

    folder: Path
    databases: Recycled


_OPENED: dict[Path, Opened] = {}
"""The workspace that was opened on each server."""


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
def on_postgres(tmp_path: Path, postgres: PostgresServer, opened: Opened) -> Iterator[Place]:
    """A workspace on Postgres: the opened one again, with its keys."""
    name = opened.databases.take()
    shutil.copytree(opened.folder, tmp_path, dirs_exist_ok=True)
    yield Place(tmp_path, postgres.dsn(name))
    opened.databases.give_back(name)


@pytest.fixture(scope="session")
def opened(postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    """The one of this server."""
    if postgres.home not in _OPENED:  # other folders of tests take this fixture over, and share the server
        folder = tmp_path_factory.mktemp("opened")
        databases = Recycled(postgres, partial(_open_once, folder))
        _OPENED[postgres.home] = Opened(folder, databases)
    yield _OPENED[postgres.home]
    _OPENED[postgres.home].databases.close()


async def _open_once(folder: Path, database: str) -> None:
    async with Platform.open(folder, database=database, worker=False):
        pass
