"""What a commit promises on either database: all or nothing, in order, durable when answered, refused alone."""

from __future__ import annotations

import asyncio
import random
import re
from pathlib import Path
from typing import cast

import apsw
import asyncpg
import pytest

from remit.domain.errors import Fenced, StoreUnavailable
from remit.domain.events import SignalSent
from remit.domain.runs import RunStatus
from remit.engine.outside import shared_event
from remit.store.database import BlobRow, Commit, Committed, Conflict, Cursor, Database, Head, Op
from remit.store.databases.sqlite_driver import connect
from remit.store.log import Log
from remit.store.pen import INLINE_LIMIT
from remit.store.queries import queries
from remit.store.runs import run_row
from tests.store.erasing import ring
from tests.store.stores import NOW, Journal, Store, enlist, owned_run, seqs, shared, stream_of


@pytest.fixture
async def run(database: Database) -> Journal:
    await enlist(database)
    return await owned_run(database)


async def test_every_named_query_is_understood(store: Store) -> None:
    statements = queries(store.dialect).values()
    assert len(statements) > 50
    if store.dialect == "sqlite":
        connection = connect(store.place)
        for query in statements:
            places = [int(n) for n in re.findall(r"\?(\d+)", query.sql)]
            connection.execute(f"EXPLAIN {query.sql}", [None] * max(places, default=0))
        connection.close()
    else:
        server = await asyncpg.connect(store.place)
        for query in statements:
            await server.prepare(query.sql)
        await server.close()


async def test_events_come_back_as_they_were_in_order(database: Database, run: Journal) -> None:
    commits = [run.step() for _ in range(100)]
    answers = await asyncio.gather(*[database.submit(commit) for commit in commits])
    positions = [answer.pos for answer in answers]
    assert positions == sorted(set(positions))
    written = [event for commit in commits for event in commit.events]
    assert (await stream_of(database, run.stream))[1:] == written


async def test_s02_every_commit_of_a_batch_is_told_its_own_position(database: Database) -> None:
    worker, chance = await enlist(database), random.Random(2)
    runs = [await owned_run(database, f"r-{n}") for n in range(4)]
    for _ in range(20):
        commits: list[Commit] = []
        for _ in range(chance.randrange(1, 12)):
            run, kind = chance.choice(runs), chance.choice(("appends", "appends", "changes", "stale"))
            ops = [Op("runs.repin", (run.run, "new"))] if kind == "changes" else []
            pen = run if kind != "stale" else Journal(run.run, worker.id, epoch=7)
            commits.append(
                Commit([pen.event() for _ in range(chance.randrange(1, 4))], [], ops, fence=pen.fence)
            )
        answers = await asyncio.gather(*map(database.submit, commits), return_exceptions=True)
        for commit, answer in zip(commits, answers, strict=True):
            if commit.fence in {run.fence for run in runs}:
                assert isinstance(answer, Committed)
                last = commit.events[-1]
                assert await database.fetch("log.positions", last.stream, last.seq) == [(answer.pos,)]
            else:
                assert isinstance(answer, Fenced)


def test_a_statement_of_sqlite_is_planned_once(sqlite_place: Store) -> None:
    connection = connect(sqlite_place.place)
    planned: list[int] = []

    def note(action: int, *about: object) -> int:
        planned.append(action)
        return apsw.SQLITE_OK

    cast("apsw.Connection", connection).authorizer = note
    for name in ("log.hold", "runs.get", "runs.release", "runs.finish"):
        sql = queries("sqlite")[name].sql
        given = ["1"] * max(int(n) for n in re.findall(r"\?(\d+)", sql))
        connection.execute(sql, given).fetchall()
        planned.clear()
        connection.execute(sql, given).fetchall()
        assert not planned, name
    connection.close()


async def test_refused_operations_without_events_are_divided_until_they_stand_alone(
    database: Database,
) -> None:
    impossible = Commit(ops=[Op("runs.pause", ("r-nobody", 1), one=True)])
    fine = [Commit(ops=[Op("workspace.set", (f"k{n}", "v"))]) for n in range(7)]
    commits = [impossible, *fine[:4], impossible, *fine[4:]]
    answers = await asyncio.gather(*[database.submit(each) for each in commits], return_exceptions=True)
    assert [n for n, answer in enumerate(answers) if isinstance(answer, Conflict)] == [0, 5]
    assert [n for n, answer in enumerate(answers) if isinstance(answer, BaseException)] == [0, 5]
    for n in range(7):
        assert await database.fetch("workspace.get", f"k{n}") == [("v",)]


async def test_a_commit_that_is_there_already_is_done(database: Database, run: Journal) -> None:
    commit = run.step([Op("runs.repin", ("r-1", "new"))])
    first = await database.submit(commit)
    again, behind = await asyncio.gather(database.submit(commit), database.submit(run.step()))
    assert again.pos == first.pos
    assert behind.pos > first.pos
    assert await seqs(database, run.stream) == [1, 2, 3]


async def test_another_event_in_the_same_place_is_fenced(database: Database, run: Journal) -> None:
    stale = Journal("r-1", run.worker)
    stale.pen.seq, stale.pen.hash = run.pen.seq, run.pen.hash
    await database.submit(run.step())
    with pytest.raises(Fenced):
        await database.submit(Commit(events=[stale.event(size=10)], fence=stale.fence))
    assert await seqs(database, run.stream) == [1, 2]


async def test_a_refused_commit_leaves_nothing_and_its_batch_is_kept(
    database: Database, run: Journal
) -> None:
    await database.submit(Journal("r-0", run.worker).birth())
    others = [await owned_run(database, f"r-{n}") for n in range(10, 20)]
    double = Journal("r-0", run.worker).birth()
    double.events = []
    double.blobs = [BlobRow(bytes(32), "k", b"never")]
    bad = Commit(ops=[Op("runs.pause", ("nobody", 1), one=True)])
    futures = [database.submit(other.step()) for other in others[:5]]
    refused = [database.submit(double), database.submit(bad)]
    futures += [database.submit(other.step()) for other in others[5:]]
    answers = await asyncio.gather(*refused, return_exceptions=True)
    assert [type(answer) for answer in answers] == [Conflict, Conflict]
    assert [answer.query for answer in answers if isinstance(answer, Conflict)] == ["runs.add", "runs.pause"]
    await asyncio.gather(*futures)
    assert await database.fetch("log.blob", bytes(32)) == []
    for other in others:
        assert await seqs(database, other.stream) == [1, 2]


async def test_what_was_sealed_on_a_refused_event_is_refused(database: Database, run: Journal) -> None:
    refused = run.step([Op("runs.pause", ("nobody", 1), one=True)])
    behind = [run.step(), run.step([Op("runs.repin", ("r-1", "new"))]), run.step()]
    answers = await asyncio.gather(
        *[database.submit(commit) for commit in (refused, *behind)], return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [Conflict] * 4
    later = await asyncio.gather(database.submit(run.step()), return_exceptions=True)
    assert [type(answer) for answer in later] == [Conflict]
    assert await seqs(database, run.stream) == [1]
    assert (await database.fetch("runs.get", "r-1"))[0][9] == "pin"


async def test_the_last_operation_gives_its_rows(database: Database, run: Journal) -> None:
    free = Journal("r-free", run.worker).birth()
    row = free.ops[0].params
    free.ops = [Op("runs.add", (*row[:3], "ready", NOW, 100, None, 0, *row[8:]))]
    await database.submit(free)
    claims = [Op("runs.claim", (run.worker, NOW, '["flow"]', 5, None))]
    first, second = await asyncio.gather(*[database.submit(Commit(ops=claims)) for _ in range(2)])
    assert [[row[0] for row in answer.rows] for answer in (first, second)] == [["r-free"], []]


async def test_claims_take_no_more_than_asked_and_never_the_same(store: Store, database: Database) -> None:
    await enlist(database)
    row = Journal("r", "w-1").birth().ops[0].params
    waiting = [(f"r-{n}", *row[1:3], "ready", NOW, 100 - n, None, 0, *row[8:]) for n in range(20)]
    await database.submit(Commit(ops=[Op("runs.add", each) for each in waiting]))
    handles = [database, await store.open(), await store.open()]
    claim = Commit(ops=[Op("runs.claim", ("w-1", NOW, '["flow"]', 3, None))])
    first = await database.submit(claim)
    assert {each[0] for each in first.rows} == {"r-19", "r-18", "r-17"}
    answers = await asyncio.gather(*[handle.submit(claim) for handle in handles])
    taken = [each[0] for answer in answers for each in answer.rows]
    assert len(set(taken)) == len(taken) <= 9
    assert {each[0] for each in first.rows}.isdisjoint(taken)


async def test_shared_events_are_sealed_on_the_end_that_is_there(store: Store, database: Database) -> None:
    await enlist(database)
    for n in range(3):
        await owned_run(database, f"r-{n}")
    elsewhere = await store.open()
    handles = [database, elsewhere] * 10
    await asyncio.gather(
        *[handle.submit(_message(f"r-{n % 3}", f"m-{n}")) for n, handle in enumerate(handles)]
    )
    rows = await stream_of(database, "team:team")
    assert len(rows) == 20
    found = [row for n in range(3) for row in await database.fetch("inbox.read", f"r-{n}")]
    assert sorted(row[4] for row in found) == list(range(1, 21))
    assert Head(*(await database.fetch("log.head", "team:team"))[0]) == Head(20, rows[-1].hash)


async def test_a_message_to_an_ended_run_leaves_no_gap_in_the_stream(
    database: Database, run: Journal
) -> None:
    await database.submit(run.step([Op("runs.finish", ("r-1", "succeeded", "", NOW), one=True)]))
    other = await owned_run(database, "r-2")
    messages = [_message("r-2", "m-1"), _message("r-1", "m-2"), _message("r-2", "m-3")]
    answers = await asyncio.gather(*[database.submit(each) for each in messages], return_exceptions=True)
    assert isinstance(answers[1], Conflict)
    assert await seqs(database, "team:team") == [1, 2]
    assert [row[0] for row in await database.fetch("inbox.read", other.run)] == ["m-1", "m-3"]


async def test_a_large_shared_event_brings_its_blobs(database: Database) -> None:
    keys = ring(database)
    key = await keys.team_key("team", NOW)
    letter = SignalSent("r-1", "letter", "x" * 3 * INLINE_LIMIT, "me")
    await database.submit(Commit(shared=[shared_event("team:team", "team", key, letter, NOW)]))
    entries, _ = await Log(database, keys).read("team:team")
    assert [entry.event for entry in entries] == [letter]


async def test_equal_blobs_are_kept_once(database: Database, run: Journal) -> None:
    blob = run.pen.key.seal(b"content", b"place")
    commits = [run.step(), run.step()]
    for commit in commits:
        commit.blobs = [BlobRow(b"n" * 32, run.pen.key.id, blob)]
    await asyncio.gather(*[database.submit(commit) for commit in commits])
    assert await database.fetch("log.blob", b"n" * 32) == [(b"n" * 32, run.pen.key.id, blob)]


async def test_commits_made_at_once_share_transactions(store: Store, database: Database) -> None:
    await enlist(database)
    runs = [await owned_run(database, f"r-{n}") for n in range(50)]
    await asyncio.gather(*[database.submit(run.step()) for run in runs])
    before = await _transactions(store, database)
    await asyncio.gather(*[database.submit(run.step()) for run in runs for _ in range(4)])
    assert await _transactions(store, database) - before <= 12


async def test_a_commit_that_has_not_left_takes_more_along(database: Database, run: Journal) -> None:
    first, second = run.step(), run.step()
    first.patient = True
    durable = database.submit(first)
    assert first.gathering
    first.events += second.events
    first.ops.append(Op("exchanges.add", ("tag", run.run, "request", "", NOW)))
    database.hurry(first)
    assert (await durable).pos
    assert not first.gathering
    assert await seqs(database, run.stream) == [1, 2, 3]
    assert len(await database.fetch("exchanges.get", "tag")) == 1


async def test_a_run_may_begin_and_end_in_one_commit(database: Database) -> None:
    worker = await enlist(database)
    lives = [Journal(f"r-{n}", worker.id) for n in range(4)]
    commits = [journal.birth() for journal in lives]
    for journal, commit in zip(lives, commits, strict=True):
        commit.events.append(journal.event())
        commit.ops.append(Op("runs.finish", (journal.run, "succeeded", "", NOW)))
    commits[1].ops.append(
        Op("protection.mark", (lives[1].run, "personal"))
    )  # one that is not like the others
    told = await asyncio.gather(*map(database.submit, commits))
    rows = [run_row((await database.fetch("runs.get", journal.run))[0]) for journal in lives]
    assert [(row.status, row.owner, row.ended_at) for row in rows] == [(RunStatus.SUCCEEDED, None, NOW)] * 4
    for journal, commit, answer in zip(lives, commits, told, strict=True):
        assert await stream_of(database, journal.stream) == commit.events
        assert await database.fetch("log.positions", journal.stream, 2) == [(answer.pos,)], "its own position"


async def test_what_nobody_waits_for_leaves_by_itself_and_before_what_may_stand_on_it(
    database: Database, run: Journal
) -> None:
    first, second = run.step(), run.step()
    first.patient = second.patient = True
    await database.submit(first)
    patient = database.submit(second)
    await database.submit(Commit(ops=[Op("exchanges.add", ("tag", run.run, "request", "", NOW))]))
    assert patient.done(), "an operation of no run came before what it may stand on"
    assert await seqs(database, run.stream) == [1, 2, 3]


async def test_closing_makes_durable_what_was_submitted(
    store: Store, database: Database, run: Journal
) -> None:
    futures = [database.submit(run.step()) for _ in range(20)]
    await database.close()
    await asyncio.gather(*futures)
    again = await store.open()
    assert await seqs(again, run.stream) == list(range(1, 22))


async def test_what_was_answered_survives_being_abandoned(
    store: Store, database: Database, run: Journal
) -> None:
    await asyncio.gather(*[database.submit(run.step()) for _ in range(5)])
    database.submit(run.step())
    database.abandon()
    again = await store.open()
    assert (await seqs(again, run.stream))[:6] == list(range(1, 7))


async def test_a_closed_database_says_so(database: Database) -> None:
    await database.close()
    await database.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.submit(Commit())
    with pytest.raises(StoreUnavailable, match="closed"):
        await database.fetch("log.count", "x")


async def test_a_write_without_a_worker_is_fenced(database: Database, run: Journal) -> None:
    database.identity = None
    with pytest.raises(Fenced):
        await database.submit(run.step())


def _message(run: str, message: str) -> Commit:
    ops = [
        Op("inbox.add_shared", (run, message, "signal", "go", "team:team", NOW)),
        Op("runs.mail", (run, NOW), one=True),
    ]
    return Commit(ops=ops, shared=[shared()])


async def _transactions(store: Store, database: Database) -> int:
    """How many transactions were committed, as the server numbers them or as the WAL marks them."""
    if store.dialect == "postgres":
        return len({event.cursor.tx for event in await database.tail(Cursor(0, 0), 100_000)})
    return _commits_in(Path(f"{store.place}-wal"))


def _commits_in(path: Path) -> int:
    wal = path.read_bytes()
    frames = range(32, len(wal), 24 + int.from_bytes(wal[8:12], "big"))
    return sum(wal[frame + 4 : frame + 8] != bytes(4) for frame in frames)
