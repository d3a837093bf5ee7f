"""S2: a batch that was under way when its run was taken over leaves nothing, and an answer that was lost is found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Literal

import asyncpg
import pytest

from remit.domain.errors import Fenced, StoreUnavailable
from remit.store.database import Commit, Committed, Conflict, Op
from remit.store.databases.postgres import PostgresDatabase
from remit.store.migrate import migrate
from tests.postgres import PostgresServer, postgres_server
from tests.store.conftest import DATABASE
from tests.store.proxy import Proxy, proxied
from tests.store.stores import NOW, Journal, Store, enlist, owned_run, seqs, shared, stream_of, take_over

# A statement's own text does not travel again once it is prepared; what was written does.
ANY_REQUEST, COMMIT, COMMITTED, INSERTED = b"", b"COMMIT\0", b"COMMIT\0", b"INSERT 0 1\0"

SAME_PLACE = """
INSERT INTO events (stream, seq, team, at, kind, path, body, key_id, commitment, prev_hash, hash)
SELECT stream, 2, team, at, kind, path, body, key_id, commitment, prev_hash, hash
FROM events WHERE stream = $1
"""


async def test_s02_a_takeover_in_the_middle_of_a_stream_of_batches(store: Store) -> None:
    old, new = await store.open(), await store.open()
    for n in range(8):
        worker = await enlist(old, f"w-old-{n}")
        await enlist(new, f"w-new-{n}")
        run, bystander = await owned_run(old, f"r-{n}"), Journal(f"r-by-{n}", f"w-new-{n}")
        await new.submit(bystander.birth())
        writes = [old.submit(run.step()) for _ in range(200)]
        await writes[n]
        await take_over(new, worker, run.run)
        loaded = await seqs(new, run.stream)
        answers = await asyncio.gather(*writes, return_exceptions=True)
        acknowledged = [answer for answer in answers if not isinstance(answer, BaseException)]
        refused = [answer for answer in answers if isinstance(answer, BaseException)]
        assert all(isinstance(answer, Fenced) for answer in refused)
        assert len(acknowledged) + 1 == len(loaded)
        assert await seqs(new, run.stream) == loaded
        await new.submit(bystander.step())


async def test_s02_a_stale_claim_is_refused_though_its_worker_lives(store: Store) -> None:
    database = await store.open()
    worker = await enlist(database)
    run = await owned_run(database)
    await database.submit(run.step([Op("runs.release", ("r-1", NOW), one=True)]))
    claim = Op("runs.claim", (worker.id, NOW, '["flow"]', 1, None))
    assert (await database.submit(Commit(ops=[claim]))).rows
    with pytest.raises(Fenced):
        await database.submit(run.step())
    with pytest.raises(Fenced):
        await database.submit(Commit(ops=[Op("runs.repin", ("r-1", "new"))], fence=run.fence))
    run.epoch = 2
    await database.submit(Commit(ops=[Op("runs.repin", ("r-1", "new"))], fence=run.fence))


async def test_s02_a_run_that_was_let_go_takes_no_later_write_of_its_batch(store: Store) -> None:
    database = await store.open()
    await enlist(database)
    run, other = await owned_run(database), await owned_run(database, "r-2")
    letting_go = database.submit(run.step([Op("runs.release", ("r-1", NOW), one=True)]))
    late, fine = database.submit(run.step()), database.submit(other.step())
    answers = await asyncio.gather(letting_go, late, fine, return_exceptions=True)
    assert isinstance(answers[1], Fenced)
    assert not isinstance(answers[2], BaseException)
    assert await seqs(database, run.stream) == [1, 2]


async def test_s02_a_refused_commit_neither_begins_nor_ends_a_run(store: Store) -> None:
    database = await store.open()
    await enlist(database)
    run, stale = await owned_run(database), await owned_run(database, "r-2")
    stale.epoch = 7
    key = Op("keys.add", ("k-child", "team", "", b"wrapped", NOW))
    child = Journal("r-child", "w-1").birth()
    spawning = Commit([stale.event(), *child.events], [], [key, *child.ops], fence=stale.fence)
    ending = stale.step([Op("runs.finish", ("r-2", "failed", "code", NOW))])
    fine = run.step([Op("runs.finish", ("r-1", "succeeded", "", NOW))])
    answers = await asyncio.gather(*map(database.submit, (spawning, ending, fine)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [Fenced, Fenced, Committed]
    assert await database.fetch("runs.get", "r-child") == []
    assert await database.fetch("keys.get", "k-child") == []
    assert [row[3] for row in await database.fetch("runs.get", "r-2")] == ["running"]
    assert [row[3] for row in await database.fetch("runs.get", "r-1")] == ["succeeded"]


# --- Postgres: the two orders in which a batch and a takeover can meet ----------------------------------------


async def test_s02_a_batch_waits_for_a_takeover_and_is_refused(postgres_place: Store) -> None:
    old, rescuer = await postgres_place.open(), await asyncpg.connect(postgres_place.place)
    await enlist(old)
    run = await owned_run(old)
    async with rescuer.transaction():
        await rescuer.execute("UPDATE workers SET epoch = epoch + 1, fenced_at = 1")
        write = old.submit(run.step())
        await until_somebody_waits(postgres_place)
        await rescuer.execute("UPDATE runs SET owner = NULL, status = 'ready', due = 1")
    with pytest.raises(Fenced):
        await write
    assert await seqs(old, run.stream) == [1]
    await rescuer.close()
    await postgres_place.close()


async def test_s02_a_takeover_waits_for_a_batch_and_sees_it(postgres_place: Store) -> None:
    old, rescuer = await postgres_place.open(), await asyncpg.connect(postgres_place.place)
    await enlist(old)
    run = await owned_run(old)
    blocker = await asyncpg.connect(postgres_place.place)
    await blocker.execute("BEGIN")
    await blocker.execute(SAME_PLACE, run.stream)
    write = old.submit(run.step())
    await until_somebody_waits(postgres_place)
    fence = asyncio.create_task(rescuer.execute("UPDATE workers SET epoch = 2, fenced_at = 1"))
    await until_somebody_waits(postgres_place, many=2)
    await blocker.execute("ROLLBACK")
    await asyncio.gather(write, fence)
    assert await seqs(old, run.stream) == [1, 2]
    await rescuer.close()
    await blocker.close()
    await postgres_place.close()


# --- Postgres: answers that were lost -------------------------------------------------------------------------


@pytest.fixture
async def line(
    postgres: PostgresServer, postgres_place: Store
) -> AsyncIterator[tuple[PostgresDatabase, Proxy]]:
    """A database behind a proxy, with a worker."""
    async with proxied(postgres.dsn(DATABASE, tcp=True)) as (dsn, proxy):
        database = PostgresDatabase(dsn)
        await database.open()
        await enlist(database)
        yield database, proxy
        await database.close()


@pytest.mark.parametrize("lost", ["request", "answer"])
async def test_s02_a_single_statement_whose_line_was_cut(
    line: tuple[PostgresDatabase, Proxy], lost: str
) -> None:
    database, proxy = line
    run = await owned_run(database)
    for _ in range(3):
        _arm(proxy, lost, ANY_REQUEST, INSERTED)
        answer = await database.submit(run.step())
        assert proxy.cut.is_set()
        assert [row[0] for row in await database.fetch("log.positions", run.stream, run.pen.seq)] == [
            answer.pos
        ]
        proxy.cut.clear()
    assert await seqs(database, run.stream) == [1, 2, 3, 4]


@pytest.mark.parametrize("lost", ["request", "answer"])
@pytest.mark.parametrize("what", ["with an event", "without an event", "with a shared event"])
async def test_s02_a_transaction_whose_commit_was_cut_takes_place_once(
    line: tuple[PostgresDatabase, Proxy], lost: str, what: str
) -> None:
    database, proxy = line
    run = await owned_run(database)
    for n in range(1, 4):
        _arm(proxy, lost, COMMIT, COMMITTED)
        mail = Op("runs.mail", ("r-1", NOW), one=True)
        commit = run.step([mail]) if what == "with an event" else Commit(ops=[mail], fence=run.fence)
        if what == "with a shared event":
            commit = Commit(ops=[mail], shared=[shared()])
        await database.submit(commit)
        assert proxy.cut.is_set()
        assert (await database.fetch("runs.with_mail", run.worker)) == [("r-1", n)]
        proxy.cut.clear()
    assert len(await stream_of(database, "team:team")) == (3 if what == "with a shared event" else 0)


async def test_s02_the_rows_of_a_commit_whose_answer_was_cut_are_not_lost(
    line: tuple[PostgresDatabase, Proxy],
) -> None:
    database, proxy = line
    run = await owned_run(database)
    await database.submit(run.step([Op("runs.release", ("r-1", NOW), one=True)]))
    proxy.lose_answer(COMMITTED)
    claim = Op("runs.claim", (run.worker, NOW, '["flow"]', 1, None))
    assert [row[0] for row in (await database.submit(Commit(ops=[claim]))).rows] == ["r-1"]
    assert proxy.cut.is_set()


async def test_s02_another_event_in_the_place_of_a_lost_one_is_fenced(
    line: tuple[PostgresDatabase, Proxy], postgres_place: Store
) -> None:
    database, proxy = line
    run = await owned_run(database)
    thief, direct = Journal("r-1", run.worker), await postgres_place.open()
    thief.pen.seq, thief.pen.hash = run.pen.seq, run.pen.hash
    proxy.open_for_new.clear()
    proxy.lose_request(ANY_REQUEST)
    write = database.submit(run.step())
    await proxy.cut.wait()
    await direct.submit(Commit(events=[thief.event(size=10)]))
    proxy.open_for_new.set()
    with pytest.raises(Fenced):
        await write
    await postgres_place.close()


async def test_s02_a_refusal_next_to_a_cut_is_still_only_its_own(
    line: tuple[PostgresDatabase, Proxy],
) -> None:
    database, proxy = line
    runs = [await owned_run(database, f"r-{n}") for n in range(6)]
    proxy.lose_answer(COMMITTED)
    writes = [database.submit(run.step([Op("runs.mail", (run.run, NOW), one=True)])) for run in runs]
    bad = database.submit(Commit(ops=[Op("runs.mail", ("nobody", NOW), one=True)]))
    answers = await asyncio.gather(*writes, bad, return_exceptions=True)
    assert isinstance(answers[-1], Conflict)
    assert proxy.cut.is_set()
    assert sorted(await database.fetch("runs.with_mail", "w-1")) == [(run.run, 1) for run in runs]


async def test_a_server_that_stays_away_is_unavailable(
    postgres: PostgresServer, postgres_place: Store
) -> None:
    async with proxied(postgres.dsn(DATABASE, tcp=True)) as (dsn, proxy):
        database = PostgresDatabase(dsn, patience=0.2)
        await database.open()
        await enlist(database)
        run = await owned_run(database)
        proxy.refuse()
        commits = [run.step(), run.step()]
        answers = await asyncio.gather(*map(database.submit, commits), return_exceptions=True)
        assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
        with pytest.raises(StoreUnavailable):
            await database.fetch("log.count", run.stream)
        proxy.refuse(for_good=False)
        with pytest.raises(StoreUnavailable):
            await database.submit(commits[1])
        direct = await postgres_place.open()
        await direct.submit(Commit(events=commits[0].events))
        await database.submit(commits[1])
        assert await seqs(database, run.stream) == [1, 2, 3]
        await postgres_place.close()
        database.abandon()


@pytest.mark.parametrize("mode", ["immediate", "fast"])
async def test_s02_a_restart_under_load_loses_nothing(mode: Literal["immediate", "fast"]) -> None:
    with postgres_server() as server:
        database = PostgresDatabase(server.create_database())
        await database.open()
        await migrate(database)
        await enlist(database)
        runs = [await owned_run(database, f"r-{n}") for n in range(20)]
        stop = asyncio.Event()
        writers = [asyncio.create_task(_write_until(stop, database, run)) for run in runs]
        for _ in range(2):
            await asyncio.to_thread(server.restart, mode)
            await asyncio.gather(*[_until_written(database, run, run.pen.seq + 5) for run in runs])
        stop.set()
        mail = await asyncio.gather(*writers)
        for run, sent in zip(runs, mail, strict=True):
            assert await seqs(database, run.stream) == list(range(1, run.pen.seq + 1))
            assert (await database.fetch("runs.get", run.run))[0][14] == sent
        await database.close()


async def _write_until(stop: asyncio.Event, database: PostgresDatabase, run: Journal) -> int:
    """Write steps, every third one with a counted operation; returns what the count must be."""
    sent = 0
    while not stop.is_set():
        counted = run.pen.seq % 3 == 0
        await database.submit(run.step([Op("runs.mail", (run.run, NOW), one=True)] if counted else None))
        sent += counted
    return sent


async def _until_written(database: PostgresDatabase, run: Journal, seq: int) -> None:
    while (await database.fetch("log.count", run.stream))[0][0] < seq:
        pass


def _arm(proxy: Proxy, lost: str, request: bytes, answer: bytes) -> None:
    if lost == "request":
        proxy.lose_request(request)
    else:
        proxy.lose_answer(answer)


async def until_somebody_waits(place: Store, many: int = 1) -> None:
    """Return once sessions of this database wait for a lock."""
    watcher = await asyncpg.connect(place.place)
    query = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    while await watcher.fetchval(query) < many:
        pass
    await watcher.close()
