"""Where crash tests play: workspaces in memory where that is possible, and databases that are migrated already."""

from __future__ import annotations

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from remit.store.databases.postgres import PostgresDatabase
from remit.store.migrate import migrate
from tests.postgres import PostgresServer

MEMORY = Path("/dev/shm")  # noqa: S108 - what dies here is simulated, and no disk has to be waited for
Ground = tuple[Path, str]
"""A workspace and the URL of its database; empty for the file in it."""
MakeGround = Callable[[], AbstractContextManager[Ground]]


@pytest.fixture
def sqlite_ground() -> MakeGround:
    """Makes workspaces with an SQLite file of their own."""

    @contextmanager
    def make() -> Iterator[Ground]:
        with _folder() as folder:
            yield folder, ""

    return make


@pytest.fixture
def postgres_ground(postgres: PostgresServer, crash_template: str) -> MakeGround:
    """Makes workspaces with a database of their own on one server."""

    @contextmanager
    def make() -> Iterator[Ground]:
        name = f"crash_{next(_numbers)}"
        dsn = postgres.create_database(name, template=crash_template)
        try:
            with _folder() as folder:
                yield folder, dsn
        finally:
            postgres.drop_database(name)

    return make


@pytest.fixture(params=["sqlite", "postgres"])
def make_ground(request: pytest.FixtureRequest) -> MakeGround:
    """Either store in turn."""
    return request.getfixturevalue(f"{request.param}_ground")


@pytest.fixture(scope="session")
def crash_template(postgres: PostgresServer) -> str:
    """The name of a database to clone."""
    asyncio.run(_migrate(postgres.create_database("crash_template")))
    return "crash_template"


async def _migrate(dsn: str) -> None:
    database = PostgresDatabase(dsn)
    await database.open()
    await migrate(database)
    await database.close()


@contextmanager
def _folder() -> Iterator[Path]:
    below = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="remit-crash-", dir=below) as folder:
        yield Path(folder)


_numbers = itertools.count(1)
