"""What stands between a failing world and a flow: circuits, bulkheads, and retries whose count survives a crash."""

from __future__ import annotations

from typing import Any

import pytest

from remit import Backoff, Breaker, Retry, Run, ToolFailed, flow, step
from remit.domain.errors import CircuitOpen, RunFailed, StepFailed
from remit.domain.events import StepRetried
from remit.testing import ManualClock
from tests.engine.places import Place, ended, events, parked, until
from tests.engine.steps import OUTSIDE

WORLD: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def healthy_world() -> None:
    WORLD.clear()


@step(effect="read", breaker=Breaker(failures=2, within=60, cool=30))
async def shaky(what: int) -> int:
    OUTSIDE.note(("shaky", what))
    if WORLD.get("down"):
        raise WORLD["down"]
    return what


@flow
async def tries_once(run: Run, what: int) -> str:
    try:
        return f"got {await run.step(shaky, what)}"
    except CircuitOpen:
        return "not called"
    except StepFailed:
        return "failed"


async def test_a_circuit_opens_for_all_runs_probes_once_and_closes(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(tries_once, clock=clock) as stage:

        async def attempt(what: int) -> str:
            return await (await stage.start(tries_once, what=what)).result()

        WORLD["down"] = ValueError("down")
        assert [await attempt(n) for n in range(4)] == ["failed", "failed", "not called", "not called"]
        await clock.advance(31)
        assert [await attempt(n) for n in (4, 5)] == ["failed", "not called"], "a failed probe opens it again"
        await clock.advance(31)
        WORLD.clear()
        assert [await attempt(n) for n in (6, 7)] == ["got 6", "got 7"]
    assert [what for _, what in OUTSIDE.happened] == [0, 1, 4, 6, 7]


async def test_an_answer_that_is_no_does_not_open_the_circuit(on_sqlite: Place) -> None:
    async with on_sqlite.stage(tries_once) as stage:
        WORLD["down"] = ToolFailed("no such customer")
        for n in range(5):
            assert await (await stage.start(tries_once, what=n)).result() == "failed"
    assert len(OUTSIDE.happened) == 5


@step(effect="read", limit=2)
async def narrow(door: str) -> str:
    OUTSIDE.note(("at", door))
    await OUTSIDE.door(door).wait()
    OUTSIDE.note(("through", door))
    return door


@flow
async def passes(run: Run, door: str) -> str:
    return await run.step(narrow, door)


async def test_a_bulkhead_lets_so_many_in_at_a_time_over_all_runs(place: Place) -> None:
    async with place.stage(passes) as stage:
        runs = [await stage.start(passes, door=f"{n}") for n in range(5)]
        for n in range(5):
            await until(lambda n=n: sum(kind == "at" for kind, _ in OUTSIDE.happened) == min(n + 2, 5))
            OUTSIDE.door(next(door for kind, door in OUTSIDE.happened if kind == "at" and waits(door))).set()
            await until(lambda n=n: sum(kind == "through" for kind, _ in OUTSIDE.happened) == n + 1)
        assert sorted([await run.result() for run in runs]) == ["0", "1", "2", "3", "4"]
    inside = most = 0
    for kind, _ in OUTSIDE.happened:
        inside += 1 if kind == "at" else -1
        most = max(most, inside)
    assert most == 2


def waits(door: str) -> bool:
    return not OUTSIDE.door(door).is_set()


@step(effect="read", retry=Backoff(attempts=4, first=100, most=100))
async def stubborn(what: str) -> str:
    OUTSIDE.note(what)
    if WORLD.get("works"):
        return what
    raise ConnectionError("not today")


@step(retry=Backoff(attempts=4, first=100, most=100))
async def stubborn_write(what: str) -> str:
    OUTSIDE.note(what)
    raise Retry("try me later", after=60)


@flow
async def persists(run: Run) -> str:
    return await run.step(stubborn, "call")


@flow
async def persists_in_writing(run: Run) -> str:
    return await run.step(stubborn_write, "call")


@pytest.mark.parametrize("chosen", [persists, persists_in_writing])
async def test_the_count_of_retries_survives_every_crash(place: Place, chosen: Any) -> None:
    clock = ManualClock()
    async with place.stage(chosen, clock=clock) as stage:
        run = await stage.start(chosen)
        for tried in (1, 2, 3):
            await parked(run, "timer")
            assert OUTSIDE.count("call") == tried
            assert [r.attempt for r in await events(stage, run.id, StepRetried)] == list(range(1, tried + 1))
            await stage.crash_and_restart()
            await parked(run, "timer")
            assert OUTSIDE.count("call") == tried, "a crash is no reason to try earlier"
            await clock.advance(101)
            await until(lambda tried=tried: OUTSIDE.count("call") == tried + 1)
        assert await ended(run) == "failed"
        with pytest.raises(RunFailed, match="failed after 4 attempts"):
            await run.result()
    assert OUTSIDE.count("call") == 4


async def test_a_retry_that_works_goes_on(place: Place) -> None:
    clock = ManualClock()
    async with place.stage(persists, clock=clock) as stage:
        run = await stage.start(persists)
        await parked(run, "timer")
        WORLD["works"] = True
        await clock.advance(101)
        assert await run.result() == "call"
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert OUTSIDE.count("call") == 2
