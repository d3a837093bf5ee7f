"""S19: whoever waits hears of changes by another process, and the notification is never part of an append."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from remit.store.database import Commit, Op
from remit.store.databases.postgres import PostgresDatabase
from tests.postgres import PostgresServer
from tests.store.conftest import DATABASE
from tests.store.proxy import proxied
from tests.store.stores import NOW, Store, enlist, owned_run
from tests.store.test_s02_fencing import SAME_PLACE, until_somebody_waits

FOR_EVER = 3600.0


async def test_s19_another_process_hears_of_a_change(store: Store) -> None:
    ours, theirs = await store.open(), await store.open()
    await theirs.wait_for_change(0.06)
    for n in range(3):
        waiting = asyncio.create_task(theirs.wait_for_change(FOR_EVER))
        await ours.submit(Commit(ops=[Op("workspace.set", (f"fact {n}", "value"))]))
        ours.announce()
        await waiting


async def test_s19_without_a_change_the_wait_ends_by_itself(store: Store) -> None:
    database = await store.open()
    await database.wait_for_change(0.06)
    await database.wait_for_change(0.06)


@pytest.mark.parametrize("turns", range(5))
async def test_s19_who_waits_can_be_cancelled_in_the_very_moment_of_a_ring(
    turns: int, postgres_place: Store
) -> None:
    """Else a reader that is told to stop reads on for ever, and the platform never closes."""
    database = await postgres_place.open()
    assert isinstance(database, PostgresDatabase)
    await database.wait_for_change(FOR_EVER)  # until somebody listens
    waiting = asyncio.create_task(database.wait_for_change(FOR_EVER))
    for _ in range(5):
        await asyncio.sleep(0)
    assert database._bell is not None  # pyright: ignore[reportPrivateUsage] - the ring has to come on the turn
    database._bell._heard.set()  # pyright: ignore[reportPrivateUsage] - same
    for _ in range(turns):
        await asyncio.sleep(0)
    if waiting.cancel():
        with pytest.raises(asyncio.CancelledError):
            await waiting
    await postgres_place.close()


async def test_s19_a_notification_does_not_wait_for_an_append(postgres_place: Store) -> None:
    database, listener = await postgres_place.open(), await asyncpg.connect(postgres_place.place)
    heard: asyncio.Queue[int] = asyncio.Queue()
    await listener.add_listener("remit", lambda _connection, pid, _channel, _payload: heard.put_nowait(pid))
    await enlist(database)
    run = await owned_run(database)
    blocker = await asyncpg.connect(postgres_place.place)
    await blocker.execute("BEGIN")
    await blocker.execute(SAME_PLACE, run.stream)
    write = database.submit(run.step())
    await until_somebody_waits(postgres_place)
    appending = await blocker.fetchval(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    database.announce()
    assert await heard.get() != appending
    assert not write.done()
    await blocker.execute("ROLLBACK")
    await write
    for connection in (blocker, listener):
        await connection.close()
    await postgres_place.close()


async def test_s19_rings_that_come_together_are_few(postgres_place: Store) -> None:
    database, listener = await postgres_place.open(), await asyncpg.connect(postgres_place.place)
    heard: list[int] = []
    quiet = asyncio.Event()
    await listener.add_listener("remit", lambda _connection, pid, _channel, _payload: heard.append(pid))
    await listener.add_listener("end", lambda _connection, _pid, _channel, _payload: quiet.set())
    await enlist(database)
    runs = [await owned_run(database, f"r-{n}") for n in range(10)]
    for _ in range(20):
        await asyncio.gather(*[database.submit(run.step()) for run in runs])
        for _ in runs:
            database.announce()
    await database.close()
    await listener.execute('NOTIFY "end"')
    await quiet.wait()
    assert 1 <= len(heard) <= 40
    await listener.close()


@pytest.mark.parametrize("turns", [0, 1, 5, 20])
async def test_s19_what_was_rung_is_heard_though_its_platform_closes_at_once(
    turns: int, postgres_place: Store
) -> None:
    """Even before the bell had a line of its own: a slow machine loses no ring to a quick end."""
    database, listener = await postgres_place.open(), await asyncpg.connect(postgres_place.place)
    heard = asyncio.Event()
    await listener.add_listener("remit", lambda _connection, _pid, _channel, _payload: heard.set())
    database.announce()
    for _ in range(turns):
        await asyncio.sleep(0)
    await database.close()
    await heard.wait()
    await listener.close()


async def test_s19_a_lost_line_is_listened_to_again(postgres: PostgresServer, postgres_place: Store) -> None:
    other = await postgres_place.open()
    async with proxied(postgres.dsn(DATABASE, tcp=True)) as (dsn, proxy):
        database = PostgresDatabase(dsn)
        await database.open()
        await database.wait_for_change(0.05)
        proxy.lose_answer(b"remit")
        other.announce()
        await database.wait_for_change(FOR_EVER)
        assert proxy.cut.is_set()
        waiting = asyncio.create_task(database.wait_for_change(FOR_EVER))
        await other.submit(Commit(ops=[Op("workspace.set", ("fact", str(NOW)))]))
        other.announce()
        await waiting
        await database.close()
    await postgres_place.close()
