"""Where crash tests play: workspaces in memory where that is possible, cloned from one that was opened before."""

from __future__ import annotations

import asyncio
import itertools
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from remit.control.platform import Platform
from tests.crash.world import FLOWS
from tests.postgres import PostgresServer

MEMORY = Path("/dev/shm")  # noqa: S108 - what dies here is simulated, and no disk has to be waited for
TEMPLATE = "crash_template"
Ground = tuple[Path, str]
"""A workspace and the URL of its database; empty for the file in it."""
MakeGround = Callable[[], AbstractContextManager[Ground]]


@pytest.fixture(scope="session")
def sqlite_ground() -> Iterator[MakeGround]:
    """Makes workspaces with an SQLite file of their own."""
    with _folder() as opened:
        asyncio.run(_open_once(opened, ""))

        @contextmanager
        def make() -> Generator[Ground]:
            with _folder() as folder:
                shutil.copytree(opened, folder, dirs_exist_ok=True)
                yield folder, ""

        yield make


@pytest.fixture(scope="session")
def postgres_ground(postgres: PostgresServer) -> Iterator[MakeGround]:
    """Makes workspaces with a database of their own on one server."""
    with _folder() as opened:
        asyncio.run(_open_once(opened, postgres.create_database(TEMPLATE)))

        @contextmanager
        def make() -> Generator[Ground]:
            name = f"crash_{next(_numbers)}"
            dsn = postgres.create_database(name, template=TEMPLATE)
            try:
                with _folder() as folder:
                    shutil.copytree(opened, folder, dirs_exist_ok=True)
                    yield folder, dsn
            finally:
                postgres.drop_database(name)

        yield make


@pytest.fixture(params=["sqlite", "postgres"])
def make_ground(request: pytest.FixtureRequest) -> MakeGround:
    """Either store in turn."""
    return request.getfixturevalue(f"{request.param}_ground")


async def _open_once(folder: Path, database: str) -> None:
    """A workspace begins: schema, keys, owner."""
    async with Platform.open(folder, database=database, flows=FLOWS, worker=False):
        pass


@contextmanager
def _folder() -> Generator[Path]:
    below = MEMORY if MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="remit-crash-", dir=below) as folder:
        yield Path(folder)


_numbers = itertools.count(1)
