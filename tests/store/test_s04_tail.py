"""S4: a reader of the whole log never skips an event, however late its transaction commits."""

from __future__ import annotations

import asyncio

import asyncpg

from remit.store.database import Cursor, Database, TailedEvent
from tests.store.stores import Journal, Store, enlist, owned_run

START = Cursor(0, 0)
ADD = """
INSERT INTO events (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""


async def test_s04_the_log_is_read_page_by_page_in_order(store: Store) -> None:
    database = await store.open()
    await enlist(database)
    runs = [await owned_run(database, f"r-{n}") for n in range(3)]
    await asyncio.gather(*[database.submit(run.step()) for run in runs for _ in range(10)])
    found = await _all(database, START, page=7)
    assert [event.cursor for event in found] == sorted({event.cursor for event in found})
    for run in runs:
        assert [each.row.seq for each in found if each.row.stream == run.stream] == list(range(1, 12))
    assert await _all(database, found[-1].cursor, page=7) == []


async def test_s04_a_reader_beside_many_writers_misses_nothing(store: Store) -> None:
    handles = [await store.open() for _ in range(3)]
    runs = [await _run_of(handle, f"{n}") for n, handle in enumerate(handles)]
    reader = await store.open()
    found: list[TailedEvent] = []
    writing = asyncio.gather(*[_write(handle, run) for handle, run in zip(handles, runs, strict=True)])
    while not writing.done() or len(found) < 3 * 101:
        found += await _all(reader, found[-1].cursor if found else START, page=20)
    await writing
    assert len({(each.row.stream, each.row.seq) for each in found}) == len(found) == 3 * 101


async def test_s04_an_event_that_commits_late_is_not_skipped(postgres_place: Store) -> None:
    database, late = await postgres_place.open(), await asyncpg.connect(postgres_place.place)
    await enlist(database)
    run, slow = await owned_run(database), Journal("r-slow", "w-1")
    before = await _all(database, START, page=100)
    async with late.transaction():
        await late.execute(ADD, *slow.event())
        await database.submit(run.step())
        assert await _all(database, before[-1].cursor, page=100) == []
        await late.execute(ADD, *slow.event())
    after = await _all(database, before[-1].cursor, page=1)
    assert [each.row.stream for each in after] == [slow.stream, slow.stream, run.stream]
    assert after[0].cursor.pos < after[2].cursor.pos < after[1].cursor.pos
    await late.close()
    await postgres_place.close()


async def _run_of(handle: Database, name: str) -> Journal:
    await enlist(handle, f"w-{name}")
    return await owned_run(handle, f"r-{name}")


async def _write(handle: Database, run: Journal) -> None:
    for _ in range(20):
        await asyncio.gather(*[handle.submit(run.step()) for _ in range(5)])


async def _all(database: Database, after: Cursor, page: int) -> list[TailedEvent]:
    found: list[TailedEvent] = []
    while more := await database.tail(found[-1].cursor if found else after, page):
        found += more
    return found
