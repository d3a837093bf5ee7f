"""The ground gives way for a moment: that is no error of the flow, however much it catches."""

from __future__ import annotations

from typing import Any

from remit import Run, flow
from remit.domain.errors import StoreUnavailable
from tests.engine.places import Place, TickingClock, in_memory, until
from tests.engine.steps import OUTSIDE, look, look_behind, write


@flow
async def catches_everything(run: Run) -> Any:
    async def listen() -> Any:
        try:
            return await run.signal("word")
        except Exception:  # noqa: BLE001 - the point
            return await run.step(look, "trouble")

    return await run.gather(run.step(look_behind, "door"), listen())


async def test_a_store_that_is_away_for_a_moment_is_never_told_to_the_flow(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(catches_everything, clock=clock) as stage:
        run = await stage.start(catches_everything)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        await until(lambda: len(in_memory(stage, run.id).waits) == 1)
        log = stage.platform.ground.log
        original = log.read_one

        async def away(stream: str, seq: int) -> Any:
            log.read_one = original
            raise StoreUnavailable("gone for a moment.")

        log.read_one = away
        await run.signal("word", "heard")
        OUTSIDE.door("door").set()

        async def over() -> bool:
            await clock.advance(0.25)
            return (await run.status()).ended

        await until(over)
        assert await run.result() == ["door", "heard"]
    assert ("look", "trouble") not in OUTSIDE.happened


@flow
async def writes_and_catches(run: Run) -> Any:
    try:
        return await run.step(write, "paid")
    except Exception:  # noqa: BLE001 - the point
        return await run.step(look, "trouble")


async def test_a_lease_that_cannot_be_renewed_in_time_is_never_told_to_the_flow(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(writes_and_catches, clock=clock) as stage:
        lease = stage.platform.services.lease
        original = lease.ensure

        async def away(seconds: float) -> None:
            lease.ensure = original
            raise StoreUnavailable("gone for a moment.")

        lease.ensure = away
        run = await stage.start(writes_and_catches)

        async def over() -> bool:
            await clock.advance(0.25)
            return (await run.status()).ended

        await until(over)
        assert await run.result() == "paid"
    assert OUTSIDE.happened == [("write", "paid")]
