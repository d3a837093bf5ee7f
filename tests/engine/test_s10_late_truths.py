"""S10: a worker that lost its run may still act, or may still know; neither doubles an effect nor loses the truth."""

from __future__ import annotations

import asyncio
from typing import Any

from remit import Absent, Happened, Run, flow, step
from remit.domain.events import ReceiptLate, StepAbsent, StepClaimed, StepUnknown
from remit.engine import faults
from remit.engine.outside import team_stream
from remit.testing import ManualClock, Stage, StagedRun
from tests.engine.places import Place, TickingClock, events, parked, until
from tests.engine.steps import OUTSIDE


@step(timeout=10)
async def send(what: str) -> str:
    OUTSIDE.note(("at", what))
    await OUTSIDE.door(what).wait()
    OUTSIDE.note(("sent", what))
    return what


async def ask_the_world(what: str) -> Happened | Absent:
    OUTSIDE.note(("reconciled", what))
    return Happened(what) if OUTSIDE.count(("sent", what)) else Absent()


@step(timeout=10, reconcile=ask_the_world)
async def send_reconciled(what: str) -> str:
    return await send.fn(what)


@flow
async def sends(run: Run) -> str:
    return await run.step(send, "letter")


@flow
async def sends_reconciled(run: Run) -> str:
    return await run.step(send_reconciled, "letter")


def stop_the_process(stage: Stage, clock: ManualClock, seconds: float) -> None:
    """What SIGSTOP does: time goes on for everybody else, and no timer of this process fires."""
    worker = stage.platform.worker
    assert worker is not None
    for timer in (worker.services.lease._timer, *(e[2] for e in clock._timers)):
        if timer is not None:
            timer.cancel()
    clock._move_to(clock._now + int(seconds * 1_000_000))


async def test_s10_a_worker_stopped_between_claim_and_call_does_not_make_the_call(place: Place) -> None:
    clock = TickingClock()
    OUTSIDE.door("letter").set()
    async with place.stage(sends_reconciled, clock=clock) as stage:
        stops = 0

        def stop_once(point: str) -> None:
            nonlocal stops
            if point == "claim.recorded" and stops == 0:
                stops += 1
                stop_the_process(stage, clock, 600)

        faults.arm(stop_once)
        try:
            run = await stage.start(sends_reconciled)
            assert await run.result() == "letter"
        finally:
            faults.arm(None)
        assert OUTSIDE.count(("sent", "letter")) == 1
        (absent,) = await events(stage, run.id, StepAbsent)
        assert absent.how == "not started in time"
        assert [c.attempt for c in await events(stage, run.id, StepClaimed)] == [1, 2]


async def test_s10_a_fenced_worker_does_not_make_the_call_that_it_claimed(on_sqlite: Place) -> None:
    clock = TickingClock()
    OUTSIDE.door("letter").set()
    async with on_sqlite.stage(sends_reconciled, clock=clock) as stage, on_sqlite.stage(clock=clock) as other:
        fenced = asyncio.Event()

        async def take_over(run: str) -> None:
            assert other.platform.worker is not None
            await other.platform.worker._rescue.look()
            fenced.set()

        def stop(point: str) -> None:
            if point == "claim.recorded" and not fenced.is_set():
                stop_the_process(stage, clock, 600)

        faults.arm(stop)
        original = stage.platform.services.lease.ensure

        async def ensure(seconds: float) -> None:
            if not fenced.is_set() and OUTSIDE.happened == [] and clock._boot > 500 * 1_000_000:
                await take_over("")
            await original(seconds)

        stage.platform.services.lease.ensure = ensure
        try:
            run = await stage.start(sends_reconciled)
            await fenced.wait()
        finally:
            faults.arm(None)

        async def over() -> bool:
            await clock.advance(0.25)
            return (await run.status()).ended

        await until(over)
        assert OUTSIDE.count(("sent", "letter")) == 1


async def test_s10_reconcile_waits_until_the_call_cannot_be_under_way_any_more(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(sends_reconciled, clock=clock) as stage:
        run = await _dies_in_the_call(stage, sends_reconciled)
        await stage.up()
        await parked(run, "timer")
        (claim,) = await events(stage, run.id, StepClaimed)
        earliest = claim.until + 5_000_000
        await clock.advance((earliest - clock.now()) / 1_000_000 - 0.1)
        await parked(run, "timer")
        assert OUTSIDE.count(("reconciled", "letter")) == 0
        OUTSIDE.door("letter").set()
        await until(lambda: clock.now() < earliest)
        await clock.advance(0.2)
        assert await run.result() == "letter"
        assert OUTSIDE.count(("reconciled", "letter")) == 1


async def test_s10_a_late_receipt_resolves_the_unknown(place: Place) -> None:
    clock = TickingClock()
    async with (
        place.stage(sends, clock=TickingClock()) as stage,
        place.stage(sends, clock=clock, worker=False) as other,
    ):
        run = await stage.start(sends)
        await OUTSIDE.until(lambda: ("at", "letter") in OUTSIDE.happened)
        await _lose_to(stage, other)
        found = other.run(run.id)
        await parked(found, "unknown")
        assert len(await other.inbox()) == 1
        OUTSIDE.door("letter").set()
        assert await found.result() == "letter"
        assert await other.inbox() == []
        assert OUTSIDE.count(("sent", "letter")) == 1
        entries, _ = await other.platform.ground.log.read(team_stream("default"))
        assert [e.event.name for e in entries if isinstance(e.event, ReceiptLate)] == ["send"]
        assert (await found.show()).steps[0].how == "late receipt"


async def test_s10_a_receipt_that_comes_while_the_reconcile_waits_is_believed_before_it(place: Place) -> None:
    clock = TickingClock()
    async with (
        place.stage(sends_reconciled, clock=TickingClock()) as stage,
        place.stage(sends_reconciled, clock=clock, worker=False) as other,
    ):
        run = await stage.start(sends_reconciled)
        await OUTSIDE.until(lambda: ("at", "letter") in OUTSIDE.happened)
        await _lose_to(stage, other)
        found = other.run(run.id)
        OUTSIDE.door("letter").set()
        await OUTSIDE.until(lambda: ("sent", "letter") in OUTSIDE.happened)

        async def over() -> bool:
            await clock.advance(0.25)
            return (await found.status()).ended

        await until(over)
        assert await found.result() == "letter"
        assert OUTSIDE.count(("sent", "letter")) == 1
        assert OUTSIDE.count(("reconciled", "letter")) == 0
        assert (await found.show()).steps[0].how == "late receipt"


@step(timeout=10)
async def takes_its_time(name: str) -> str:
    OUTSIDE.note(("began", name))
    await OUTSIDE.door(name).wait()
    return name


limited = step(timeout=10, limit=1, name="limited")(takes_its_time.fn)


@flow
async def queue_up(run: Run) -> list[Any]:
    return await run.gather(*(run.step(limited, str(n)) for n in range(3)))


async def test_s10_a_write_that_queues_for_its_turn_is_claimed_when_its_turn_comes(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(queue_up, clock=clock) as stage:
        run = await stage.start(queue_up)
        for turn in range(3):
            began = ("began", str(turn))
            await OUTSIDE.until(lambda began=began: began in OUTSIDE.happened)
            assert len(await events(stage, run.id, StepClaimed)) == turn + 1
            await clock.advance(5)
            OUTSIDE.door(str(turn)).set()
        assert await run.result() == ["0", "1", "2"]
        assert not await events(stage, run.id, StepUnknown)


async def _dies_in_the_call(stage: Stage, flow_: Any) -> StagedRun:
    run = await stage.start(flow_)
    await OUTSIDE.until(lambda: ("at", "letter") in OUTSIDE.happened)
    stage.die()
    return run


async def _lose_to(stage: Stage, other: Stage) -> None:
    """The first worker stands still, clock and all, and another process declares it dead."""
    assert stage.platform.worker is not None
    (run,) = stage.platform.worker.in_memory()
    await other.platform.start_worker()
    worker = other.platform.worker
    assert worker is not None
    (row,) = [
        r for r in await worker.services.database.fetch("workers.live") if r[0] == stage.platform.worker_id
    ]
    await worker._rescue._fence(row, "its lease ran out")
    other.platform.dispatcher.submit(run)

    async def moved() -> bool:
        return (await other.platform.row(run)).owner != row[0]

    await until(moved)
