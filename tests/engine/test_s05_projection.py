"""S5: the projection follows the log, is never doubled by a second reader, and can be deleted and rebuilt."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from remit import Run, flow, step
from remit.insight.run_facts import RunFacts
from remit.store.database import EventRow

if TYPE_CHECKING:
    from tests.engine.places import Place

STEPS = 7


@step(effect="read")
async def look(n: int) -> int:
    return n


@flow
async def count(run: Run) -> int:
    return sum([await run.step(look, n) for n in range(STEPS)])


async def test_s05_two_readers_count_every_event_once_and_a_rebuild_says_the_same(place: Place) -> None:
    async with place.stage(count) as platform:
        runs = [await platform.start(count) for _ in range(5)]
        for run in runs:
            await run.result()
        database = platform.platform.ground.database
        await asyncio.gather(*(RunFacts(database).catch_up() for _ in range(4)))
        before = [await database.fetch("projections.facts", run.id) for run in runs]
        recorded = [await database.fetch("log.read", f"run:{run.id}", 1, 100) for run in runs]
        await RunFacts(database).rebuild()
        after = [await database.fetch("projections.facts", run.id) for run in runs]
    assert [rows[0][:2] for rows in before] == [(STEPS + 2, STEPS)] * 5  # created, the steps, ended
    for [facts], events in zip(before, recorded, strict=True):
        last = EventRow(*events[-1])
        assert facts == (len(events), sum(each[4] == "step.done" for each in events), last.at, last.kind)
    assert before == after


async def test_s05_a_command_tells_its_position_and_a_read_waits_for_it(place: Place) -> None:
    async with place.stage(count) as platform:
        run = await platform.start(count)
        await run.result()
        later = await platform.platform.submit(count, {}, at=platform.platform.ground.clock.now() + 10**12)
        pos = await platform.platform.signal(later.id, "hello")
        assert await platform.platform.reflects(pos)
        assert not await platform.platform.reflects(pos + 1_000_000)
        [summary] = [each for each in await platform.platform.runs() if each.id == run.id]
        assert summary.steps == STEPS
