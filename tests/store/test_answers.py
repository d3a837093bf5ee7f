"""Kept answers, on both databases: found by whoever they are for, in a line, for a time, as long as their key lives."""

from __future__ import annotations

from pathlib import Path

from remit.store.answers import Answers
from remit.store.database import Commit, Database, Op
from remit.store.ledger import ShredLedger
from remit.store.shred import shred_subject
from remit.testing.clock import ManualClock
from tests.store.erasing import ring

ALICE = "alice@example.org"
SECOND = 1_000_000


async def test_s07_a_line_of_answers_holds_together_or_is_none(database: Database, tmp_path: Path) -> None:
    keys, clock = ring(database), ManualClock(1_000 * SECOND)
    answers = Answers(database, keys, clock)
    previous = ""
    places: list[str] = []
    for at in range(4):
        key, op = keys.new_run_key(f"r-{at}", "t", ALICE if at == 1 else "", clock.now())
        place = answers.place("response", "me", f"resp_{at}")
        ops = answers.put(place, key, f"r-{at}", "completed", {"at": at}, previous=previous)
        await database.submit(Commit(ops=[op, *ops]))
        places.append(place)
        previous = place
    assert answers.place("response", "you", "resp_0") != places[0], "nobody else finds it"
    assert [kept.body["at"] for kept in await answers.line(places[3])] == [0, 1, 2, 3]
    assert [kept.body["at"] for kept in await answers.line(places[1])] == [0, 1]
    again = answers.put(places[3], await keys.get("k-r-3"), "r-3", "failed", {"at": 33}, previous=places[2])
    await answers.keep(again)
    kept = await answers.get(places[3])
    assert kept is not None
    assert (kept.status, kept.body, kept.previous) == ("failed", {"at": 33}, places[2])
    assert await answers.get(places[3], "cache") is None

    await shred_subject(
        database,
        keys,
        ShredLedger(tmp_path / "shredded"),
        team="t",
        subject=ALICE,
        by="owner",
        at=clock.now(),
    )
    assert await answers.line(places[3]) == [], "without a part of it, it is no conversation"
    assert [kept.body["at"] for kept in await answers.line(places[0])] == [0]
    await answers.drop(places[0])
    assert await answers.get(places[0]) is None


async def test_an_answer_is_kept_for_its_time(database: Database) -> None:
    keys, clock = ring(database), ManualClock(1_000 * SECOND)
    answers = Answers(database, keys, clock)
    key, op = keys.new_run_key("r-1", "t", "", clock.now())
    place = answers.place("cache", "t", "name")
    ops = answers.put(place, key, "r-1", "completed", {"a": 1}, kind="cache", lasts=10 * SECOND)
    await database.submit(Commit(ops=[op, *ops]))
    assert await answers.get(place, "cache") is not None
    await clock.advance(11)
    assert await answers.get(place, "cache") is None
    await clock.advance(60)
    other = answers.place("cache", "t", "other")
    await answers.keep(answers.put(other, key, "r-1", "completed", {}, kind="cache"))
    assert (await database.fetch("keys.count_answers", key.id))[0][0] == 1, "what has expired went with it"


async def test_figures_of_models_add_up(database: Database) -> None:
    for values in ((1, 100, 50, 0, 0), (2, 10, 0, 3, 7)):
        await database.submit(Commit(ops=[Op("figures.add", ("2026-11-21", "fast", "m", *values))]))
    await database.submit(Commit(ops=[Op("figures.add", ("2026-11-20", "fast", "m", 1, 1, 1, 1, 1))]))
    assert [tuple(row) for row in await database.fetch("figures.since", "2026-11-21")] == [
        ("fast", "m", 3, 110, 50, 3, 7)
    ]
    assert [tuple(row) for row in await database.fetch("figures.since", "2026-11-01")] == [
        ("fast", "m", 4, 111, 51, 4, 8)
    ]
