"""Real deaths: worker processes on one workspace are killed with SIGKILL, stopped, told to leave, and their Postgres
is crashed under them, while what they do outside is counted where no kill reaches.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from random import Random
from signal import SIGCONT, SIGKILL, SIGTERM, SIGUSR1
from typing import TypeVar

import pytest

from remit.control.approving.views import InboxItem
from remit.control.platform import Platform
from remit.control.running.handle import RunHandle
from remit.domain.errors import AlreadyDecided
from remit.domain.events import StepClaimed, StepDone, StepRetried
from remit.engine import faults
from remit.engine.outside import run_stream
from tests.crash.conftest import MakeGround
from tests.crash.fleet import Fleet, WorkerProcess, fleet
from tests.crash.kill_flows import EXPECTED, FLOWS, order, post, slow
from tests.crash.laws import check_chain, is_honest_about_writes
from tests.postgres import PostgresServer
from tests.warm import Warm

T = TypeVar("T")

KILLS = 10
"""On each store; ten times as many in the long form."""
RUSHED = {"REMIT_STEP_GRACE_SECONDS": "0"}
SHORT_LEASE = {"REMIT_WORKER_LEASE_SECONDS": "2", **RUSHED}
LIVELY = tuple(
    p for p in faults.POINTS if not p.startswith(("unknown", "generation", "schedule", "run.created"))
)
"""Points that a worker of these flows comes to before long."""


@pytest.mark.timeout(7200)
async def test_killed_workers_lose_nothing_and_double_nothing(
    crash_scale: int, make_ground: MakeGround, warm: Warm
) -> None:
    random = Random(f"kill {crash_scale}")
    with make_ground() as (place, database):
        async with fleet(place, database, warm, **RUSHED) as workers, visitor(place, database) as platform:
            orders: list[RunHandle] = []
            await workers.start_worker()
            while workers.kills < KILLS * crash_scale:
                point = random.choice(("", *LIVELY)) if random.random() < 0.7 else ""
                victim = await workers.start_worker(die_at=point, after=random.choice((0, 0, 1, 2, 4)))
                orders += [await platform.start(order, number=len(orders) + n) for n in range(3)]
                await _see_it_die(workers, victim, random)
                await _answer(platform, workers, orders)
            await _finish(platform, workers, orders)
            await _check(platform, workers, orders)


@pytest.mark.parametrize(("point", "sent"), [("claim.recorded", False), ("write.performed", True)])
async def test_a_write_cut_off_by_a_kill_is_asked_about(
    point: str, sent: bool, make_ground: MakeGround, warm: Warm
) -> None:
    with make_ground() as (place, database):
        async with fleet(place, database, warm, **RUSHED) as workers, visitor(place, database) as platform:
            victim = await workers.start_worker(die_at=point)
            run = await platform.start(post, call="letter")
            assert await victim.ended() == -SIGKILL
            await workers.start_worker()
            await run.waits_for()
            question = (await platform.inbox())[0]
            assert (question.kind, workers.count("unkeyed")) == ("unknown", {"letter": 1} if sent else {})
            await (
                platform.approve(question.id, value=100) if sent else platform.reject(question.id, "not sent")
            )
            assert await run.result() == 100
            assert workers.count("unkeyed") == {"letter": 1}


async def test_s10_a_stopped_worker_is_fenced_and_its_receipt_comes_late(
    make_ground: MakeGround, warm: Warm
) -> None:
    with make_ground() as (place, database):
        async with (
            fleet(place, database, warm, **SHORT_LEASE) as workers,
            visitor(place, database) as platform,
        ):
            sleeper = await workers.start_worker(die_at="write.performed", by="SIGSTOP")
            run = await platform.start(post, call="letter")
            await sleeper.stopped()
            other = await workers.start_worker()
            await run.waits_for()  # the other took over, and cannot know whether the letter was sent
            assert len(await platform.inbox()) == 1
            sleeper.send(SIGCONT)
            assert await run.result() == 100
            assert await platform.inbox() == []
            assert workers.count("unkeyed") == {"letter": 1}
            assert [e.how for e in await _events(platform, run, StepDone)] == ["late receipt"]
            await other.kill()
            assert await (await platform.start(post, call="another")).result() == 100, (
                "it works again under a new name"
            )
            await check_chain(platform.ground)


async def test_s15_a_worker_that_is_told_to_leave_finishes_its_step(
    make_ground: MakeGround, warm: Warm
) -> None:
    with make_ground() as (place, database):
        async with fleet(place, database, warm, **RUSHED) as workers, visitor(place, database) as platform:
            leaving = await workers.start_worker()
            run = await platform.start(slow, call="deed")
            await workers.acted(1)
            leaving.send(SIGTERM)
            await workers.start_worker()
            leaving.send(SIGUSR1)
            assert await leaving.ended() == 0
            assert await run.result() == 2000
            assert workers.count("late") == {"deed": 1, "deed.again": 1}
            assert len(await _events(platform, run, StepClaimed)) == 2
            assert await _events(platform, run, StepRetried) == []
            await check_chain(platform.ground)


@pytest.mark.timeout(600)
async def test_a_postgres_that_crashes_under_load_loses_nothing(
    crash_scale: int, postgres: PostgresServer, postgres_ground: MakeGround, warm: Warm
) -> None:
    with postgres_ground() as (place, database):
        async with fleet(place, database, warm, **RUSHED) as workers, visitor(place, database) as platform:
            await asyncio.gather(workers.start_worker(), workers.start_worker())
            orders: list[RunHandle] = []
            for _ in range(2 * crash_scale):
                orders += [await platform.start(order, number=len(orders) + n) for n in range(10)]
                so_far = len(workers.effects())
                await workers.acted(so_far + 5)
                await asyncio.to_thread(postgres.restart, "immediate")
            await _finish(platform, workers, orders)
            await _check(platform, workers, orders)
            assert all(worker.alive for worker in workers.workers)


def visitor(place: Path, database: str) -> AbstractAsyncContextManager[Platform]:
    """Who starts runs and answers, without a worker of its own."""
    return Platform.open(place, database=database, flows=FLOWS, worker=False)


async def _see_it_die(workers: Fleet, victim: WorkerProcess, random: Random) -> None:
    """Give it a few effects of time to die by itself; then kill it, wherever it is."""
    enough = len(workers.effects()) + random.randint(1, 12)
    gone = asyncio.ensure_future(victim.ended())
    acted = asyncio.ensure_future(workers.acted(enough))
    await asyncio.wait(
        {gone, acted}, timeout=5, return_when=asyncio.FIRST_COMPLETED
    )  # else nothing is left to do
    acted.cancel()
    await victim.kill()
    await gone
    workers.kills += 1


async def _finish(platform: Platform, workers: Fleet, orders: list[RunHandle]) -> None:
    await workers.start_worker()
    pending = {asyncio.ensure_future(each.result()) for each in orders}
    while pending:
        await _answer(platform, workers, orders)
        done, pending = await asyncio.wait(pending, timeout=0.05)
        assert [each.result() for each in done] == [EXPECTED] * len(done)


async def _answer(platform: Platform, workers: Fleet, orders: list[RunHandle]) -> None:
    """A person looks into the world and says what really happened."""
    numbers = {each.id: number for number, each in enumerate(orders)}
    for item in await platform.inbox():
        call, worth = _asked_about(item, numbers)
        happened = any(effect["call"] == call for effect in workers.effects())
        try:
            if happened:
                await platform.approve(item.id, value=worth)
            else:
                await platform.reject(item.id, "it did not happen")
        except AlreadyDecided:
            continue  # a late receipt was faster


def _asked_about(item: InboxItem, numbers: dict[str, int]) -> tuple[str, int]:
    run, _, child = item.run.partition(".")
    call = f"o{numbers[run]}"
    if child:
        return f"{call}.part", 1
    return {
        "mail": (f"{call}.notice", 100),
        "mail#2": (f"{call}.mail", 100),
        "pay": (f"{call}.first", 1),
        "gather/2/pay": (f"{call}.second", 1),
    }[item.value["step"]]


async def _check(platform: Platform, workers: Fleet, orders: list[RunHandle]) -> None:
    """Each effect once, each uncertain one reported, each journal whole and repeatable."""
    numbers = range(len(orders))
    assert workers.count("keyed") == {
        f"o{n}.{what}": 1 for n in numbers for what in ("first", "second", "part")
    }
    assert workers.count("reconciled") == {f"o{n}.ship": 1 for n in numbers}
    assert workers.count("unkeyed") == {f"o{n}.{what}": 1 for n in numbers for what in ("notice", "mail")}
    before = len(workers.effects())
    for each in orders:
        entries, _ = await platform.ground.log.read(run_stream(each.id))
        is_honest_about_writes(each.id, entries)
        report = await platform.replay(each.id)
        assert report.verdict == "equal", report
    assert len(workers.effects()) == before
    await check_chain(platform.ground)


async def _events(platform: Platform, run: RunHandle, kind: type[T]) -> list[T]:
    entries, _ = await platform.ground.log.read(run_stream(run.id))
    return [entry.event for entry in entries if isinstance(entry.event, kind)]
