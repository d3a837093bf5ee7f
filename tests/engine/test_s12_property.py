"""S12, for random flows: whatever the latencies were and are, a replay takes the way that the journal took."""

from __future__ import annotations

import asyncio
from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.events import StepClaimed, StepDone, StepFailed
from remit.testing import Stage, StagedRun, stage
from tests.engine.places import TickingClock, journal, until
from tests.engine.steps import OUTSIDE
from tests.engine.trees import LATENCY, Tree, tree_flow, trees
from tests.samples import samples

_PLENTY = settings(
    max_examples=samples(8),
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=None,
)


@_PLENTY
@given(trees(), st.integers(0, 10_000))
def test_s12_any_flow_replays_as_it_went_whatever_the_latencies(tree: Tree, seed: int) -> None:
    asyncio.run(_goes_and_replays(tree, seed))


@_PLENTY
@given(trees(), st.integers(0, 10_000), st.integers(0, 400))
def test_s12_any_flow_that_is_cancelled_anywhere_ends_and_every_write_has_its_receipt(
    tree: Tree, seed: int, turns: int
) -> None:
    asyncio.run(_is_cancelled(tree, seed, turns))


async def _goes_and_replays(tree: Tree, seed: int) -> None:
    OUTSIDE.happened.clear()
    LATENCY.seed(seed)
    clock = TickingClock()
    async with stage(tree_flow, clock=clock) as on:
        run = await on.start(tree_flow, tree=list(tree))
        await _come_to_the_signal(run, clock)
        performed = Counter(map(str, OUTSIDE.happened))
        LATENCY.seed(seed + 1)
        await on.crash_and_restart()
        await run.signal("go")
        await run.result()
        assert Counter(map(str, OUTSIDE.happened)) == performed, "a replay performs nothing"
        await _every_claim_has_its_receipt(on, run.id)
        report = await on.platform.replay(run.id)
        assert report.verdict == "equal", report.message


async def _is_cancelled(tree: Tree, seed: int, turns: int) -> None:
    OUTSIDE.happened.clear()
    LATENCY.seed(seed)
    clock = TickingClock()
    async with stage(tree_flow, clock=clock) as on:
        run = await on.start(tree_flow, tree=list(tree))
        for _ in range(turns):
            await asyncio.sleep(0)
        await run.cancel()

        async def over() -> bool:
            await clock.advance(0.25)
            return (await run.status()).ended

        await until(over)
        assert await run.status() == "cancelled"
        await _every_claim_has_its_receipt(on, run.id)
        report = await on.platform.replay(run.id)
        assert report.verdict == "equal", report.message


async def _come_to_the_signal(run: StagedRun, clock: TickingClock) -> None:
    async def there() -> bool:
        row = await (await run.handle()).row()
        assert not row.status.ended, row.error
        if row.status == "parked" and row.reason == "signal":
            return True
        await clock.advance(0.25)
        return False

    await until(there)


async def _every_claim_has_its_receipt(on: Stage, run: str) -> None:
    entries = await journal(on, run)
    claimed = {e.path for e in entries if isinstance(e.event, StepClaimed)}
    answered = {e.path for e in entries if isinstance(e.event, (StepDone, StepFailed))}
    assert claimed <= answered
