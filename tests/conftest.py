"""What every test has: one event loop, no network, a real Postgres on request, and the scale of the crash
tests.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, settings

from remit.store.databases.postgres import PostgresDatabase
from remit.store.migrate import migrate
from tests.network import ban_network
from tests.postgres import PostgresServer, postgres_server
from tests.recycling import Recycled
from tests.samples import samples
from tests.warm import Warm

MEMORY, ROOM = Path("/dev/shm"), 4 * 2**30  # noqa: S108 - a disk that never waits, if it is large enough
"""What a test writes need not outlive the machine: thousands of databases each wait for a disk else."""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--crash-scale",
        type=int,
        default=1,
        metavar="N",
        help="multiply the number of simulated and real crashes by N",
    )


def pytest_configure() -> None:
    ban_network()
    patient = settings(
        deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )  # time measures the machine
    settings.register_profile("ordinary", patient, max_examples=samples(40))
    settings.load_profile("ordinary")
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))
        os.environ["TMPDIR"] = str(MEMORY)
        tempfile.tempdir = None  # whoever asked before is asked again


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def crash_scale(request: pytest.FixtureRequest) -> int:
    scale = request.config.getoption("--crash-scale")
    assert isinstance(scale, int)
    return scale


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the session (for each worker, when there are several)."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_dsn(postgres: PostgresServer) -> Iterator[str]:
    """A fresh empty database, dropped after the test."""
    name = f"test_{uuid4().hex}"
    yield postgres.create_database(name)
    postgres.drop_database(name)


@pytest.fixture(scope="session")
def warm() -> Iterator[Warm]:
    """The interpreter that processes are forked from."""
    with closing(Warm()) as made:
        yield made


@pytest.fixture(scope="session")
def migrated_databases(postgres: PostgresServer) -> Iterator[Recycled]:
    """Databases with today's schema, and nothing in it."""

    async def bring_up_to_date(dsn: str) -> None:
        database = PostgresDatabase(dsn)
        await database.open()
        await migrate(database)
        await database.close()

    with closing(Recycled(postgres, bring_up_to_date)) as made:
        yield made


@pytest.fixture
def migrated_dsn(postgres: PostgresServer, migrated_databases: Recycled) -> Iterator[str]:
    """A database that has today's schema and nothing in it."""
    name = migrated_databases.take()
    yield postgres.dsn(name)
    migrated_databases.give_back(name)
