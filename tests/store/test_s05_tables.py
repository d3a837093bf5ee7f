"""S5: every table is log, state or projection, both dialects have the same, and projections can go at any time."""

from __future__ import annotations

import asyncpg

from remit.store.database import Column, Commit, Cursor, Database, Op
from remit.store.databases.sqlite_driver import connect
from remit.store.tables import BACKED_UP, KEY_TABLES, POSTGRES_ONLY, TABLES, TableClass, tables_of
from tests.store.stores import Store, enlist, owned_run


async def test_s05_every_table_is_in_exactly_one_class(store: Store) -> None:
    existing = await _tables(store)
    classed = [name for kind in TableClass for name in tables_of(kind, store.dialect)]
    assert sorted(classed) == sorted(existing)
    assert len(set(classed)) == len(classed)


def test_s05_a_backup_carries_the_log_and_the_state_and_no_key() -> None:
    kept_at_home = {"migrations", "workers", "checkpointer", "anchors"} | POSTGRES_ONLY | KEY_TABLES
    projections = {name for name, kind in TABLES.items() if kind is TableClass.PROJECTION}
    assert set(BACKED_UP) == TABLES.keys() - projections - kept_at_home


async def test_s05_both_dialects_have_the_same_columns(sqlite_place: Store, postgres_place: Store) -> None:
    found: list[dict[str, list[Column]]] = []
    for place in (sqlite_place, postgres_place):
        async with (await place.open()).snapshot() as snapshot:
            found.append({table: await snapshot.columns(table) for table in TABLES.keys() - POSTGRES_ONLY})
        await place.close()
    assert found[0] == found[1]


async def test_s05_deleting_projections_loses_nothing(store: Store) -> None:
    database = await store.open()
    await enlist(database)
    for n in range(3):
        run = await owned_run(database, f"r-{n}")
        for _ in range(n):
            await database.submit(run.step())
    kept = [
        name for name in TABLES if TABLES[name] is not TableClass.PROJECTION and name not in POSTGRES_ONLY
    ]
    await _project(database)
    rest, facts = await _contents(database, kept), await _contents(database, ["run_facts"])
    assert facts["run_facts"]
    await _delete(store, tables_of(TableClass.PROJECTION, store.dialect))
    assert await _contents(database, kept) == rest
    await _project(database)
    assert await _contents(database, ["run_facts"]) == facts


async def _project(database: Database) -> None:
    """The smallest projection: what the log says about each run."""
    events = await database.tail(Cursor(0, 0), 1000)
    facts = [
        Op("projections.add_facts", (each.row.stream, 1, 0, each.row.at, each.row.kind)) for each in events
    ]
    await database.submit(Commit(ops=facts))


async def _contents(database: Database, tables: list[str]) -> dict[str, list[tuple[object, ...]]]:
    async with database.snapshot() as snapshot:
        found: dict[str, list[tuple[object, ...]]] = {}
        for table in tables:
            pages = [page async for page in snapshot.rows(table, await snapshot.columns(table))]
            found[table] = sorted((row for page in pages for row in page), key=repr)
        return found


async def _tables(store: Store) -> list[str]:
    if store.dialect == "sqlite":
        connection = connect(store.place)
        rows = connection.execute(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type = 'table' AND name NOT LIKE 'sqlite%'"
        ).fetchall()
        connection.close()
        return [row[0] for row in rows]
    server = await asyncpg.connect(store.place)
    found = await server.fetch(
        "SELECT relname::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    await server.close()
    return [row[0] for row in found]


async def _delete(store: Store, tables: list[str]) -> None:
    statements = "; ".join(f"DELETE FROM {table}" for table in tables)  # noqa: S608 - names of our own schema
    await store.opened[0].run_script(statements)
