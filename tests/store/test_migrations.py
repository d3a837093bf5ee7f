"""The schema grows forward only, once, and is what the committed files say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from remit.domain.errors import Infrastructure, StoreCorrupt, StoreNewer, StoreOutdated
from remit.store import migrate as module
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.migrate import Migration, check_schema, migrate, migrations
from scripts.schema import FOLDER, postgres_schema, sqlite_schema
from tests.store.stores import Store


@pytest.fixture(params=["sqlite", "postgres"])
def empty_place(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A database without any table."""
    if request.param == "sqlite":
        return Store("sqlite", "", lambda: SqliteDatabase(tmp_path / "remit.db"))
    dsn: str = request.getfixturevalue("postgres_dsn")
    return Store("postgres", dsn, lambda: PostgresDatabase(dsn))


@pytest.fixture
async def empty(empty_place: Store) -> AsyncIterator[Store]:
    yield empty_place
    await empty_place.close()


async def test_the_committed_schema_is_the_sum_of_the_migrations(tmp_path: Path, postgres_dsn: str) -> None:
    assert (FOLDER / "sqlite.sql").read_text() == await sqlite_schema(tmp_path / "empty.db")
    assert (FOLDER / "postgres.sql").read_text() == await postgres_schema(postgres_dsn)


async def test_processes_that_start_together_migrate_once(empty: Store) -> None:
    handles = [await empty.open() for _ in range(4)]
    applied = await asyncio.gather(*[migrate(handle) for handle in handles])
    names = [migration.name for migration in migrations(empty.dialect)[1:]]
    assert sorted(name for each in applied for name in each) == names
    for handle in handles:
        await check_schema(handle)
    assert await migrate(handles[0]) == []


async def test_a_database_without_tables_is_outdated(empty: Store) -> None:
    with pytest.raises(StoreOutdated, match="0001_spine"):
        await check_schema(await empty.open())


async def test_a_newer_schema_is_refused(store: Store) -> None:
    database = await store.open()
    await database.run_script(
        "INSERT INTO migrations (version, name, digest) VALUES (9999, '9999_future', 'x')"
    )
    for refused in (migrate, check_schema):
        with pytest.raises(StoreNewer, match=r"newer Remit.*9999_future"):
            await refused(database)
    await database.run_script("DELETE FROM migrations WHERE version = 9999")


async def test_a_changed_old_migration_is_refused(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    database = await store.open()
    record, first, *rest = migrations(store.dialect)
    _pretend(monkeypatch, record, replace(first, statements=first.statements + "-- edited"), *rest)
    with pytest.raises(StoreCorrupt, match="altered"):
        await migrate(database)


async def test_a_failing_migration_leaves_nothing_behind(
    empty: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await empty.open()
    await migrate(database)
    known = migrations(empty.dialect)
    broken = Migration(9000, "9000_broken", "CREATE TABLE half (n bigint); INSERT INTO nowhere VALUES (1);")
    mended = replace(broken, statements="CREATE TABLE half (n bigint);")
    _pretend(monkeypatch, *known, broken)
    with pytest.raises(Infrastructure):
        await migrate(database)
    _pretend(monkeypatch, *known, mended)
    assert await migrate(database) == ["9000_broken"]


async def test_an_empty_database_is_made_whole_or_not_at_all(
    empty: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = await empty.open()
    known = migrations(empty.dialect)
    _pretend(monkeypatch, *known, Migration(9000, "9000_broken", "INSERT INTO nowhere VALUES (1);"))
    with pytest.raises(Infrastructure):
        await migrate(database)
    with pytest.raises(StoreOutdated, match="0001_spine"):
        await check_schema(database)
    _pretend(monkeypatch, *known)
    assert await migrate(database) == [each.name for each in known[1:]]


def test_files_of_both_dialects_have_the_same_names_without_a_gap() -> None:
    names = {dialect: [each.name for each in migrations(dialect)] for dialect in ("sqlite", "postgres")}
    assert names["sqlite"] == names["postgres"]
    assert [each.version for each in migrations("sqlite")] == list(range(len(names["sqlite"])))


def _pretend(monkeypatch: pytest.MonkeyPatch, *known: Migration) -> None:
    def pretended(_dialect: str) -> tuple[Migration, ...]:
        return known

    monkeypatch.setattr(module, "migrations", pretended)
