"""S2: what no database can hold is refused alone, for good and in its own words; the writer outlives it, and whoever
waits for a writer that did die is told so.
"""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from remit.domain.errors import NotEncodable, StoreUnavailable
from remit.domain.events import PatchChosen, StepDone
from remit.store.database import Commit, Committed, Database, EventRow, Head, Op, SharedEvent
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.store.keys import DataKey
from remit.store.pen import Pen
from tests.store.stores import NOW, SECRET, Store, enlist, owned_run, seqs, stream_of


class Odd:
    """What no driver knows how to bind."""


@pytest.mark.parametrize("value", [2**80, "\udcff", Odd()], ids=["too large", "half a character", "no value"])
async def test_s02_what_cannot_be_written_fails_its_run_and_nobody_elses(store: Store, value: object) -> None:
    database = await store.open()
    await enlist(database)
    runs = [await owned_run(database, f"r-{n}") for n in range(5)]
    culprit = runs[2]
    commits = [run.step() for run in runs]
    commits[2].ops.append(Op("runs.release", (culprit.run, value)))
    commits.append(culprit.step())  # sealed on top of it
    answers = await asyncio.gather(*map(database.submit, commits), return_exceptions=True)
    assert [type(answer) for answer in answers] == [
        Committed, Committed, NotEncodable, Committed, Committed, NotEncodable
    ]  # fmt: skip
    assert [await seqs(database, run.stream) for run in runs] == [[1, 2], [1, 2], [1], [1, 2], [1, 2]]
    await database.submit(runs[0].step())


async def test_s02_what_fails_while_it_is_sealed_fails_alone(store: Store) -> None:
    database = await store.open()
    await enlist(database)
    run = await owned_run(database)

    def seal(head: Head) -> EventRow:
        raise KeyError("a defect of whoever seals")

    broken = database.submit(Commit(shared=[SharedEvent("team:team", seal)]))
    sound = database.submit(run.step())
    with pytest.raises(NotEncodable, match="a defect of whoever seals"):
        await broken
    await sound
    assert await seqs(database, run.stream) == [1, 2]


@pytest.mark.parametrize(
    ("content", "path"), [(Odd(), "a"), ("\ud800", "a"), ("x", "\ud800"), ("x" * 10_000, "\ud800")]
)
async def test_s02_an_event_that_cannot_be_sealed_takes_no_place(
    store: Store, content: object, path: str
) -> None:
    database = await store.open()
    await enlist(database)
    run = await owned_run(database)
    before = run.pen.seq, run.pen.hash
    with pytest.raises(NotEncodable):
        run.pen.write(StepDone("f", "d", content, NOW), path, NOW)
    assert (run.pen.seq, run.pen.hash, run.pen.blobs) == (*before, [])
    await database.submit(run.step())
    assert len(await stream_of(database, run.stream)) == 2


def test_s02_a_pen_that_refused_writes_the_same_as_one_that_was_never_asked() -> None:
    asked, fresh = (Pen("run:r-1", "team", DataKey("k", SECRET)) for _ in range(2))
    with pytest.raises(NotEncodable):
        asked.write(PatchChosen(active=True), "\ud800", NOW)
    first, other = (pen.write(PatchChosen(active=True), "a", NOW) for pen in (asked, fresh))
    assert (first.seq, first.hash) == (other.seq, other.hash)


async def test_s02_a_writer_that_died_answers_and_lets_the_process_stop(store: Store) -> None:
    database = await store.open()
    await enlist(database)
    run = await owned_run(database)
    under_way = _kill_the_writer(database, run.step())
    with pytest.raises(StoreUnavailable):
        await under_way
    with pytest.raises(StoreUnavailable):
        await database.submit(run.step())
    await database.close()
    again = await store.open()
    assert await seqs(again, run.stream) == [1]


def _kill_the_writer(database: Database, commit: Commit) -> Any:
    """Let what writes end as by a defect of its own, with a commit in its hands."""
    if isinstance(database, SqliteDatabase):

        def die(batch: object) -> Any:
            raise BaseException("the writer is dead")  # noqa: TRY002 - what nobody expects

        database._writer.write = die
        return database.submit(commit)
    assert isinstance(database, PostgresDatabase)
    writer = database._writer
    assert writer is not None
    answer = database.submit(commit)
    writer._task.cancel()
    return answer
