"""Drift is found once, by whoever looks first, with what changed before it, and stands in the log."""

from __future__ import annotations

import asyncio
import random

import pytest

from remit.control.drifting.health import examine_drift
from remit.control.drifting.telling import book_of
from remit.domain.drift_events import DriftFound, FingerprintChanged
from remit.domain.errors import InvalidInput
from remit.store.database import Conflict
from tests.drift.histories import SECOND, Told, tell
from tests.engine.places import Place


async def test_s33_what_changed_comes_first_then_what_it_did_and_each_is_written_once(place: Place) -> None:
    async with place.stage(worker=False) as stage, place.stage(worker=False) as other:
        platform = stage.platform
        begins = platform.ground.clock.now() - 1000 * SECOND
        r = random.Random(3)
        calm = [Told(n, good=r.random() < 0.95, cost=r.randint(900, 1100)) for n in range(200)]
        await tell(platform, *calm, begins=begins)
        assert await book_of(platform.ground).watch() == []
        since = [
            Told(n, good=r.random() < 0.5, cost=r.randint(900, 1100), prompt="p2", tools=("look", "send", "send"))
            for n in range(200, 300)
        ]  # fmt: skip
        await tell(platform, *since, begins=begins)
        looked = await asyncio.gather(
            *(book_of(each.platform.ground).watch() for each in (stage, other)), return_exceptions=True
        )
        assert all(isinstance(each, list | Conflict) for each in looked)
        found = await book_of(platform.ground).found()
        assert await book_of(other.platform.ground).watch() == [], "nobody tells it twice"
        assert await book_of(platform.ground).found() == found
        (changed,) = [each.event for each in found if isinstance(each.event, FingerprintChanged)]
        assert (changed.what, changed.before, changed.after, changed.run) == (
            "prompt",
            "p1",
            "p2",
            "r-000200",
        )
        assert (changed.runs, changed.earlier) == (100, 200)
        drifted = {each.event.measure: each.event for each in found if isinstance(each.event, DriftFound)}
        assert set(drifted) == {"success", "steps", "tools"}
        success = drifted["success"]
        assert (success.direction, success.failure) == (-1, "policy")
        assert (success.before > 0.9, success.after < 0.7) == (True, True)
        assert [each["what"] for each in success.causes] == ["prompt"]
        assert all(int(run[2:]) >= 190 for run in success.evidence)
        assert drifted["tools"].shares["send"][1] > 0.5
        assert success.once_in == 20_000 <= success.statistic

        report = await platform.drifting.report("1h")
        assert [each.finding for each in report.found] == [each.event for each in found]
        assert [(each.name, each.kind) for each in report.watched] == [("clerk", "agent")]
        assert {each.state for each in await examine_drift(platform.ground)} == {"warning"}
        with pytest.raises(InvalidInput, match='no agent or flow called "nobody"'):
            await platform.drifting.report("1h", agent="nobody")


async def test_what_has_shifted_is_what_is_usual_from_there_on_and_trials_count_for_nothing(
    on_sqlite: Place,
) -> None:
    async with on_sqlite.stage(worker=False) as stage:
        platform, r = stage.platform, random.Random(5)
        begins = platform.ground.clock.now() - 4000 * SECOND
        book = book_of(platform.ground)

        def cheap(n: int) -> Told:
            return Told(n, cost=r.randint(900, 1100))

        def dear(n: int) -> Told:
            return Told(n, cost=r.randint(2900, 3100), served="m-2")

        await tell(platform, *map(cheap, range(100)), *map(dear, range(100, 160)), begins=begins)
        first = [each.event for each in await book.watch()]
        assert [type(each).__name__ for each in first] == ["FingerprintChanged", "DriftFound"]
        await tell(platform, *map(dear, range(160, 400)), begins=begins)
        assert await book.watch() == [], "it is usual by now, and is not told again"
        wild = [Told(n, good=False, cost=10**6, sort="trial") for n in range(400, 500)]
        await tell(platform, *wild, begins=begins)
        assert await book.watch() == []
        await tell(platform, *map(cheap, range(500, 560)), begins=begins)
        again = [each.event for each in await book.watch()]
        assert [each.direction for each in again if isinstance(each, DriftFound)] == [-1]
        (kept,) = (await platform.drifting.report()).watched
        assert kept.runs < 100


async def test_what_differs_from_run_to_run_identifies_none_of_them(on_sqlite: Place) -> None:
    async with on_sqlite.stage(worker=False) as stage:
        platform = stage.platform
        begins = platform.ground.clock.now() - 1000 * SECOND
        runs = [Told(n, prompt=f"p{n}", served="m-1" if n < 150 else "m-2") for n in range(200)]
        await tell(platform, *runs, begins=begins)
        found = [each.event for each in await book_of(platform.ground).watch()]
        assert [
            (each.what, each.name, each.after) for each in found if isinstance(each, FingerprintChanged)
        ] == [("model", "m", "m-2")]
        assert len(found) == 1


async def test_what_comes_beside_what_was_there_or_in_another_flow_is_no_change(on_sqlite: Place) -> None:
    async with on_sqlite.stage(worker=False) as stage:
        platform = stage.platform
        begins = platform.ground.clock.now() - 1000 * SECOND
        runs = [
            Told(n, flow="desk" if n % 3 else "shop", release="c1" if n % 3 else "c2", beside="sum" if n == 70 else "")
            for n in range(100)
        ]  # fmt: skip
        await tell(platform, *runs, begins=begins)
        assert await book_of(platform.ground).watch() == []
