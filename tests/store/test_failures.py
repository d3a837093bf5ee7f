"""When the ground gives way each failure gets its own clear sentence, and what was acknowledged stays."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import asyncpg
import pytest

from remit.domain.errors import StoreCorrupt, StoreFull, StoreOutdated, StoreReadOnly, StoreUnavailable
from remit.store.database import Commit
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.postgres_connections import without_password
from remit.store.databases.postgres_driver import explain
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.migrate import migrate
from tests.postgres import PostgresServer
from tests.store.stores import Store, enlist, owned_run, seqs

NOBODY = 65534


# --- SQLite ---------------------------------------------------------------------------------------------------


async def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "remit.db").write_bytes(b"These are not the pages you are looking for. " * 500)
    with pytest.raises(StoreCorrupt, match="damaged or not a database"):
        await SqliteDatabase(tmp_path / "remit.db").open()


async def test_a_damaged_page_is_reported_when_it_is_read(sqlite_place: Store) -> None:
    database = await sqlite_place.open()
    await enlist(database)
    run = await owned_run(database)
    await asyncio.gather(*[database.submit(run.step()) for _ in range(500)])
    await database.close()
    _damage(Path(sqlite_place.place))
    database = await sqlite_place.open()
    with pytest.raises(StoreCorrupt):
        await database.fetch("log.read", run.stream, 1, 1000)
    await sqlite_place.close()


async def test_a_full_disk_refuses_and_then_goes_on(sqlite_place: Store) -> None:
    database = SqliteDatabase(Path(sqlite_place.place))
    await database.open()
    await enlist(database)
    run = await owned_run(database)
    connection = database._connection  # pyright: ignore[reportPrivateUsage]
    connection.pragma("max_page_count", connection.pragma("page_count") + 20)
    commits = [Commit(events=[run.event(size=3000)], fence=run.fence) for _ in range(60)]
    answers = [await asyncio.gather(database.submit(commit), return_exceptions=True) for commit in commits]
    refused = [
        commit for commit, (answer,) in zip(commits, answers, strict=True) if isinstance(answer, StoreFull)
    ]
    assert 0 < len(refused) < 60
    connection.pragma("max_page_count", 1_000_000)
    for commit in refused:
        await database.submit(commit)
    assert await seqs(database, run.stream) == list(range(1, 62))
    await database.close()


async def test_a_folder_that_may_not_be_written() -> None:
    with TemporaryDirectory() as folder, _unprivileged(Path(folder)):
        with pytest.raises(StoreReadOnly, match="write access"):
            await SqliteDatabase(Path(folder) / "remit.db").open()
        with pytest.raises(StoreReadOnly, match="write access"):
            await SqliteDatabase(Path(folder) / "below" / "remit.db").open()


async def test_a_database_without_tables_asks_to_migrate(postgres_dsn: str) -> None:
    database = PostgresDatabase(postgres_dsn)
    await database.open()
    with pytest.raises(StoreOutdated, match="remit migrate"):
        await database.fetch("runs.get", "r-1")
    await migrate(database)
    assert await database.fetch("runs.get", "r-1") == []
    await database.close()


# --- Postgres -------------------------------------------------------------------------------------------------


async def test_a_server_that_is_not_there() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database = PostgresDatabase(f"postgresql://me:secret@127.0.0.1:{port}/remit")
    with pytest.raises(StoreUnavailable, match=r"127\.0\.0\.1") as caught:
        await database.open()
    assert "secret" not in str(caught.value)


async def test_a_database_that_does_not_exist(postgres: PostgresServer) -> None:
    with pytest.raises(StoreUnavailable, match="no such database"):
        await PostgresDatabase(postgres.dsn("nowhere")).open()


async def test_a_server_that_takes_no_writes(postgres_dsn: str) -> None:
    connection = await asyncpg.connect(postgres_dsn)
    name = await connection.fetchval("SELECT current_database()")
    database = PostgresDatabase(postgres_dsn)
    await database.open()
    await migrate(database)
    await database.close()
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    await connection.close()
    database = PostgresDatabase(postgres_dsn)
    await database.open()
    with pytest.raises(StoreReadOnly, match="takes no writes"):
        await enlist(database)
    await database.close()


def test_a_server_without_room_is_a_full_disk() -> None:
    assert isinstance(explain(asyncpg.DiskFullError("no space left"), "somewhere"), StoreFull)


def test_a_missing_driver_names_the_extra() -> None:
    script = (
        "import sys; sys.modules['asyncpg'] = None\n"
        "from remit.domain.errors import StoreUnavailable\n"
        "try: import remit.store.databases.postgres\n"
        "except StoreUnavailable as wrong: print(wrong)"
    )
    said = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True).stdout
    assert 'pip install "remit[postgres]"' in said


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://me:s3cret@host:5432/db", "postgresql://me@host:5432/db"),
        (
            "postgresql://me:p%40ss@host/db?password=s3cret&sslmode=require",
            "postgresql://me@host/db?sslmode=require",
        ),
        ("postgresql:///db?host=/run/pg", "postgresql:///db?host=/run/pg"),
    ],
)
def test_a_password_is_never_shown(url: str, shown: str) -> None:
    assert without_password(url) == shown


async def test_behind_a_pooler_nothing_is_prepared(postgres_place: Store) -> None:
    joint = "&" if "?" in postgres_place.place else "?"
    database = PostgresDatabase(f"{postgres_place.place}{joint}statement_cache_size=0")
    await database.open()
    await enlist(database)
    run = await owned_run(database)
    await asyncio.gather(*[database.submit(run.step()) for _ in range(5)])
    assert await seqs(database, run.stream) == [1, 2, 3, 4, 5, 6]
    connection = database._writer._connection  # pyright: ignore[reportPrivateUsage, reportOptionalMemberAccess]
    assert connection is not None
    assert await connection.fetchval("SELECT count(*) FROM pg_prepared_statements") == 0
    await database.close()


def _damage(path: Path) -> None:
    """Overwrite what was written last: events, and no page of the schema."""
    with path.open("r+b") as file:
        file.seek(-4096 * 30, os.SEEK_END)
        file.write(b"\xff" * 4096 * 30)


@contextmanager
def _unprivileged(folder: Path) -> Generator[None]:
    """Act as somebody who may read the folder and not write to it, even if we are a superuser."""
    folder.chmod(0o555)
    is_superuser = os.geteuid() == 0
    if is_superuser:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if is_superuser:
            os.seteuid(0)
        folder.chmod(0o755)
