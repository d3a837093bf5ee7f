"""Undo of a run, over every kind of tool: it restores the world or names what it left and why, writes over nothing
that a stranger wrote, and is finished by another process if its own dies at any point (S27).
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, nullcontext
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.clock import MICROSECONDS
from remit.domain.runs import RunStatus
from remit.testing import ManualClock, Stage, stage
from remit.testing.crash import crash_at
from remit.testing.stage import StagedRun
from tests.gate.undo_worlds import KINDS, WRITES, Calls, World, Write, calls_of, world
from tests.recycling import Recycled
from tests.samples import samples

GLANCE_SECONDS, GLANCES = 0.02, 5
"""Real time between two looks, and looks without an end after which the hand-moved clock is pushed a little."""
POINTS = (
    "segment.loaded", "claim.before", "claim.recorded", "write.performed", "receipt.recorded", "end.before",
    "reconcile.before", "reconcile.performed",
)  # fmt: skip
_few = settings(
    max_examples=samples(4), deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip


class Play:
    """One world, one platform, one run to be taken back."""

    def __init__(self, place: Stage, clock: ManualClock, around: World) -> None:
        self.stage = place
        self.clock = clock
        self.world = around
        self.deaths: list[str] = []

    async def run(self, calls: Calls) -> str:
        """Make the calls in a run; gives its id."""
        run = await self.stage.start("act", calls=calls)
        await self.end_of(run)
        return run.id

    async def undo(self, run: str) -> dict[str, Any]:
        """Take the run back."""
        return await self.end_of(await self.stage.start("remit.undo", target=run))

    async def die_undoing(self, run: str, undoing: str, point: str, after: int) -> str:
        """Start to take a run back, or go on with it, and die where it is said; comes up again."""
        died = asyncio.Event()

        def die() -> None:
            self.deaths.append(point)
            self.stage.die()
            died.set()

        if undoing:
            await self.stage.down()
        with crash_at(point, die, after=after):
            if undoing:
                await self.stage.up()
            else:
                undoing = (await self.stage.start("remit.undo", target=run)).id
            ending = asyncio.ensure_future(self.end_of(self.stage.run(undoing)))
            dead = asyncio.ensure_future(died.wait())
            await asyncio.wait({ending, dead}, return_when=asyncio.FIRST_COMPLETED)
            dead.cancel()
            ending.cancel()
            await asyncio.gather(ending, dead, return_exceptions=True)
        if died.is_set():
            await self.stage.up()
        return undoing

    async def end_of(self, run: StagedRun) -> Any:
        """What it comes to; time passes while it waits for time."""
        waiting = asyncio.ensure_future(run.result())
        try:
            for glance in count(1):
                await asyncio.wait({waiting}, timeout=GLANCE_SECONDS)
                if waiting.done():
                    break
                if not await self._sleep_over(run.id) and glance % GLANCES == 0:
                    self.clock.leap(5)
            return waiting.result()
        finally:
            waiting.cancel()

    async def _sleep_over(self, run: str) -> bool:
        """Leap to where a run that sleeps goes on."""
        row = await self.stage.platform.row(run)
        if row.status is not RunStatus.PARKED or row.due is None or row.due <= self.clock.now():
            return False
        self.clock.leap((row.due - self.clock.now()) / MICROSECONDS + 0.001)
        return True


@asynccontextmanager
async def playing(kind: str, shops: Recycled) -> AsyncGenerator[Play]:
    """A world of this kind, with a platform beside it."""
    with tempfile.TemporaryDirectory(prefix="remit-undo-") as temporary:
        workspace, clock = Path(temporary), ManualClock()
        with shops.one() if kind == "postgres" else nullcontext("") as dsn:
            async with (
                world(kind, workspace, dsn) as around,
                stage(workspace=workspace, clock=clock) as place,
            ):
                yield Play(place, clock, around)


@pytest.mark.parametrize("kind", KINDS)
@_few
@given(writes=WRITES)
async def test_s27_any_writes_are_taken_back_or_named(
    kind: str, writes: list[Write], shops: Recycled
) -> None:
    async with playing(kind, shops) as play:
        before = await play.world.state()
        run = await play.run(calls_of(kind, writes))
        told = await play.undo(run)
        assert told["left"] == []
        assert await play.world.state() == before
        assert (await play.stage.platform.replay(run)).verdict == "equal"


@pytest.mark.parametrize("kind", KINDS)
@_few
@given(writes=WRITES, edits=st.sets(st.tuples(st.integers(1, 4), st.integers(0, 1)), max_size=3))
async def test_s27_what_a_stranger_wrote_stays(
    kind: str, writes: list[Write], edits: set[tuple[int, int]], shops: Recycled
) -> None:
    async with playing(kind, shops) as play:
        before = await play.world.state()
        run = await play.run(calls_of(kind, writes))
        fields = play.world.fields
        for number, field in edits:
            await play.world.stranger(number, fields[field])
        then = await play.world.state()
        told = await play.undo(run)
        after = await play.world.state()
        left = {str(each.get("object", "")).rpartition("/")[2] for each in told["left"]}
        assert all(each["why"] for each in told["left"])
        touched = {(number, fields[field]) for number, field in edits if number in then}
        for number, field in touched:
            assert after.get(number, {}).get(field) == "a stranger's", told
        for number in {*before, *after, *then} - {number for number, _ in touched}:
            assert after.get(number) == before.get(number) or str(number) in left, told


@pytest.mark.parametrize("kind", KINDS)
@_few
@given(
    writes=WRITES,
    deaths=st.lists(st.tuples(st.sampled_from(POINTS), st.integers(0, 2)), min_size=1, max_size=3),
)
async def test_s27_undo_survives_deaths_at_any_point(
    kind: str, writes: list[Write], deaths: list[tuple[str, int]], shops: Recycled
) -> None:
    async with playing(kind, shops) as play:
        before = await play.world.state()
        run = await play.run(calls_of(kind, writes))
        undoing = ""
        for point, after in deaths:
            undoing = await play.die_undoing(run, undoing, point, after)
        told = await play.end_of(play.stage.run(undoing))
        assert told["left"] == []
        assert await play.world.state() == before


@pytest.mark.parametrize("kind", KINDS)
async def test_s27_an_undo_that_died_after_it_acted_looks_instead_of_asking(
    kind: str, shops: Recycled
) -> None:
    async with playing(kind, shops) as play:
        before = await play.world.state()
        run = await play.run(calls_of(kind, [(0, 1, "solved", 1)]))
        undoing = await play.die_undoing(run, "", "write.performed", 0)
        undoing = await play.die_undoing(run, undoing, "reconcile.performed", 0)
        assert play.deaths == ["write.performed", "reconcile.performed"]
        assert (await play.end_of(play.stage.run(undoing)))["left"] == []
        assert await play.stage.inbox() == []
        assert await play.world.state() == before


async def test_s27_a_run_is_taken_back_over_a_second_undo_as_well(shops: Recycled) -> None:
    async with playing("sqlite", shops) as play:
        before = await play.world.state()
        run = await play.run([("set_status", {"id": 1, "status": "solved"})])
        await play.undo(run)
        again = await play.undo(run)
        assert again["left"] == []
        assert await play.world.state() == before
