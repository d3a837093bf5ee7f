"""A store that fails under running work: full, away, or answering into the void. Runs go on by themselves when it is
back, without anything lost or done twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from remit import Run, flow, step
from remit.control.ground import ground
from remit.domain.errors import StoreFull, StoreUnavailable
from remit.domain.halt_errors import HaltsUnknown
from remit.engine import faults
from remit.store.databases.postgres import PostgresDatabase
from remit.store.databases.sqlite import SqliteDatabase
from remit.testing import ManualClock, Stage, stage
from remit.testing.faulty_database import StoreFaults, faulty_databases
from remit.testing.programs import Node, grow, number
from tests.crash.conftest import MakeGround
from tests.crash.driver import Case, Theatre, theatre
from tests.crash.laws import check, check_chain
from tests.crash.story import annotate
from tests.engine.places import Outside
from tests.postgres import PostgresServer

ROUNDS = 6
"""Cases for each kind of trouble on each store."""
Spoil = Callable[[StoreFaults, Random], None]


def _lose_answers(troubles: StoreFaults, random: Random) -> None:
    """What is durable is reported as failed, again and again."""
    for _ in range(3):
        troubles.lose_answer(random.randint(1, 25))


def _refuse(troubles: StoreFaults, random: Random) -> None:
    """Commits are refused here and there, those that others stand on included."""
    for _ in range(3):
        troubles.refuse(random.randint(1, 25), random.randint(1, 3))


@pytest.mark.parametrize("spoil", [_lose_answers, _refuse])
async def test_s02_a_run_is_read_again_after_a_commit_that_failed(
    spoil: Spoil, crash_scale: int, make_ground: MakeGround
) -> None:
    for each in range(ROUNDS * crash_scale):
        seed = f"{spoil.__name__} {each}"
        random = Random(seed)
        with make_ground() as (place, database):
            async with theatre(place, database, seed) as played:
                cases = [Case(f"{seed} {letter}", grow(random, 8)) for letter in "ab"]
                played.on_start = lambda troubles, random=random: spoil(troubles, random)
                await _play(played, cases, seed)


@pytest.mark.parametrize("trouble", ["full", "away"])
async def test_runs_go_on_by_themselves_when_the_store_is_back(trouble: str, make_ground: MakeGround) -> None:
    body = Node(
        "seq",
        parts=(Node("keyed"), Node("sleep", amount=60), Node("all", parts=(Node("read"), Node("keyed")))),
    )
    with make_ground() as (place, database):
        async with theatre(place, database, trouble) as played:
            case = Case(trouble, number(body))
            run = await played.stage.start("program", body=case.body, tag=case.tag)
            case.run = run.id
            assert (await run.waits_for()).kind == "timer"
            with played.troubles.full() if trouble == "full" else played.troubles.away():
                for _ in range(5):  # its time comes, and passes
                    played.clock.leap(60)
                    await played.troubles.refused("runs.claim" if trouble == "full" else "runs.next_due")
                    for _ in range(20):  # who tried waits for the clock again
                        await asyncio.sleep(0)
                with pytest.raises(StoreFull if trouble == "full" else HaltsUnknown):
                    await played.stage.start("program", body=case.body, tag="refused")
            await _play(played, [case], trouble)


async def test_a_disk_that_is_really_full_stops_nothing_for_good(sqlite_ground: MakeGround) -> None:
    with sqlite_ground() as (place, _):
        async with stage(fill, workspace=place) as played:
            database = played.platform.ground.database
            assert isinstance(database, SqliteDatabase)
            writing = database._connection  # pyright: ignore[reportPrivateUsage] - the limit is the connection's own
            writing.pragma("max_page_count", writing.pragma("page_count") + 40)
            run = await played.start(fill)
            with pytest.raises(StoreFull):
                await _start_for_ever(played)
            assert not (await run.status()).ended
            writing.pragma("max_page_count", 1_000_000)
            assert await run.result() == 100
            assert {r.status for r in await played.platform.runs()} <= {"running", "succeeded"}
            await check_chain(played.platform.ground)


async def test_a_postgres_that_is_away_for_longer_than_anybody_waits(
    postgres: PostgresServer, postgres_ground: MakeGround, monkeypatch: pytest.MonkeyPatch
) -> None:
    def impatient(_place: object, url: str, _clock: object) -> PostgresDatabase:
        return PostgresDatabase(url, patience=0.2)

    monkeypatch.setattr(ground, "database_for", impatient)
    with postgres_ground() as (place, database):
        async with stage(fill, workspace=place, database=database) as played:
            turn = OUTSIDE.door("page 50")
            run = await played.start(fill)
            await OUTSIDE.until(lambda: "page 50" in OUTSIDE.happened)
            await asyncio.to_thread(postgres.stop, "immediate")
            turn.set()
            try:
                with pytest.raises(StoreUnavailable):
                    await played.start(fill)
            finally:
                await asyncio.to_thread(postgres.start)
            assert await run.result() == 100
            await check_chain(played.platform.ground)


async def test_a_park_whose_answer_was_lost_leaves_one_carrier(make_ground: MakeGround) -> None:
    """The run parked for good and was claimed anew, while the process that parked it still meant to read it again."""
    troubles, clock = StoreFaults(), ManualClock()

    def lose_the_park(point: str) -> None:
        if point == "park.before":
            faults.arm(None)
            troubles.lose_answer(0)

    with make_ground() as (place, database), faulty_databases(troubles):
        flows = (waits_then_lingers, fill)
        async with stage(*flows, workspace=place, database=database, clock=clock) as played:
            faults.arm(lose_the_park)
            run = await played.start(waits_then_lingers)
            assert (await run.waits_for()).kind == "signal"
            await run.signal("go")
            await OUTSIDE.until(lambda: "linger" in OUTSIDE.happened)
            clock.leap(2)  # whoever wanted to try again does so now,
            await (await played.start(fill)).result()  # and had all the time that a whole run takes
            carriers = OUTSIDE.count("linger")
            OUTSIDE.door("linger").set()
            assert await run.result() == 1
            assert carriers == 1, "two executions of one run in one process"


@pytest.fixture(autouse=True)
def nothing_happened() -> None:
    OUTSIDE.happened.clear()
    OUTSIDE.doors.clear()


OUTSIDE = Outside()


@step(effect="read")
async def linger() -> int:
    OUTSIDE.note("linger")
    await OUTSIDE.door("linger").wait()
    return 1


@flow
async def waits_then_lingers(run: Run) -> int:
    await run.signal("go")
    return await run.step(linger)


@step(effect="read")
async def page(number: int) -> str:
    """Nobody waits for a page, unless a test has made a door before it."""
    OUTSIDE.note(f"page {number}")
    door = OUTSIDE.doors.get(f"page {number}")
    if door is not None:
        await door.wait()
    return f"{number}" * 4000


@flow
async def fill(run: Run) -> int:
    """Writes some hundred kilobytes."""
    return len([await run.step(page, number) for number in range(100)])


async def _start_for_ever(played: Stage) -> None:
    while True:
        await played.start(fill)


async def _play(played: Theatre, cases: list[Case], seed: str) -> None:
    try:
        await played.play(cases, [])
        await check(played, cases)
        await check_chain(played.stage.platform.ground)
    except Exception as broken:
        await annotate(broken, seed, played, cases)
        raise
