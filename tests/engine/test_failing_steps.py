"""What a step may say: Retry, ToolFailed, AskHuman, StopRun; and the guards around it."""

from __future__ import annotations

import asyncio
import threading

import pytest

from remit import AskHuman, Backoff, Breaker, Rejected, Retry, Run, StopRun, ToolFailed, flow, step
from remit.domain.errors import CircuitOpen, RunFailed, StepFailed, TimedOut
from remit.domain.events import StepClaimed, StepRetried
from tests.engine.places import Place, TickingClock, events, parked, until
from tests.engine.steps import OUTSIDE, look, look_behind


@step(effect="read", retry=Backoff(attempts=3, first=600, most=3600))
async def flaky(name: str, succeeds_at: int) -> int:
    OUTSIDE.note(name)
    if OUTSIDE.count(name) < succeeds_at:
        raise ConnectionError("not today")
    return OUTSIDE.count(name)


@flow
async def tries(run: Run, succeeds_at: int) -> str:
    try:
        return f"worked at {await run.step(flaky, 'try', succeeds_at)}"
    except StepFailed as failed:
        return str(failed)


@pytest.mark.parametrize(
    ("succeeds_at", "outcome"),
    [(3, "worked at 3"), (9, "step flaky failed after 3 attempts: not today")],
)
async def test_retries_wait_with_jitter_count_durably_and_end(
    place: Place, succeeds_at: int, outcome: str
) -> None:
    clock = TickingClock()
    async with place.stage(tries, clock=clock) as stage:
        run = await stage.start(tries, succeeds_at=succeeds_at)
        for attempt in (1, 2):
            await OUTSIDE.until(lambda attempt=attempt: OUTSIDE.count("try") == attempt)

            async def recorded(attempt: int = attempt) -> bool:
                return len(await events(stage, run.id, StepRetried)) == attempt

            await until(recorded)
            await stage.crash_and_restart()
            await clock.advance(1300)
        assert await run.result() == outcome
        first, second = await events(stage, run.id, StepRetried)
        assert [first.attempt, second.attempt] == [1, 2]
        assert OUTSIDE.count("try") == 3


@step
async def refuses(what: str) -> str:
    OUTSIDE.note(what)
    match what:
        case "tool failed":
            raise ToolFailed("the account does not exist")
        case "retry":
            if OUTSIDE.count(what) < 3:
                raise Retry("busy", after=60)
        case "ask" if OUTSIDE.count(what) == 1:
            raise AskHuman("may I?", group="bosses")
        case "stop":
            raise StopRun("this account is frozen")
        case _:
            pass
    return "done"


@step(effect="read")
async def asks_first(what: str) -> str:
    return await refuses.fn(what)


@flow
async def says(run: Run, what: str, reads: bool = False) -> str:
    try:
        return await run.step(asks_first if reads else refuses, what)
    except (StepFailed, Rejected) as failed:
        return str(failed)
    except Exception:  # noqa: BLE001 - a flow that swallows everything
        return str(await run.step(look, "went on"))


async def test_tool_failed_is_definite_for_a_write_and_is_not_tried_again(place: Place) -> None:
    async with place.stage(says) as stage:
        run = await stage.start(says, what="tool failed")
        assert await run.result() == "step refuses failed: the account does not exist"
        assert OUTSIDE.happened == ["tool failed"]
        assert await stage.inbox() == []


async def test_retry_says_when_and_each_attempt_of_a_write_is_claimed_anew(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(says, clock=clock) as stage:
        run = await stage.start(says, what="retry")
        await parked(run, "timer")
        await clock.advance(61)
        await OUTSIDE.until(lambda: OUTSIDE.count("retry") == 2)
        await parked(run, "timer")
        await stage.crash_and_restart()
        await clock.advance(61)
        assert await run.result() == "done"
        assert [c.attempt for c in await events(stage, run.id, StepClaimed)] == [1, 2, 3]


@pytest.mark.parametrize("reads", [False, True])
async def test_ask_human_waits_across_a_restart_and_then_goes_on(place: Place, reads: bool) -> None:
    async with place.stage(says) as stage:
        run = await stage.start(says, what="ask", reads=reads)
        waiting = await run.waits_for()
        assert (waiting.kind, waiting.group) == ("human", "bosses")
        await stage.crash_and_restart()
        await parked(run, "human")
        assert OUTSIDE.count("ask") == 1, "neither repeated nor unknown while it waits"
        await run.approve()
        assert await run.result() == "done"
        assert OUTSIDE.count("ask") == 2
        assert (await stage.platform.replay(run.id)).verdict == "equal"
        OUTSIDE.happened.clear()
        refused = await stage.start(says, what="ask", reads=reads)
        await parked(refused, "human")
        await refused.reject("no, you may not")
        assert "no, you may not" in await refused.result()


async def test_stop_run_ends_the_run_even_if_the_flow_swallows_it(place: Place) -> None:
    async with place.stage(says) as stage:
        run = await stage.start(says, what="stop")
        with pytest.raises(RunFailed, match="this account is frozen"):
            await run.result()
        assert (await (await run.handle()).row()).error == "stopped"
        assert ("look", "went on") not in OUTSIDE.happened
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@step(effect="read", timeout=5)
async def slow() -> None:
    OUTSIDE.note("slow")
    await asyncio.Event().wait()


@flow
async def times_out(run: Run) -> str:
    try:
        await run.step(slow)
    except TimedOut as late:
        return str(late.message)
    return "never"


async def test_a_timeout_is_measured_on_the_given_clock(place: Place) -> None:
    clock = TickingClock()
    async with place.stage(times_out, clock=clock) as stage:
        run = await stage.start(times_out)
        await OUTSIDE.until(lambda: "slow" in OUTSIDE.happened)
        await clock.advance(5.1)
        assert await run.result() == "slow did not answer within 5 s."


CIRCUIT = Breaker(failures=3, within=60, cool=30)


@step(effect="read", breaker=CIRCUIT)
async def shaky(mood: str) -> str:
    OUTSIDE.note(mood)
    if mood == "bad":
        raise ConnectionError("bad mood")
    if mood == "slow":
        await OUTSIDE.door("slow").wait()
    return mood


@flow
async def calls(run: Run, mood: str) -> str:
    try:
        return await run.step(shaky, mood)
    except (StepFailed, CircuitOpen) as failed:
        return type(failed).__name__


async def test_a_circuit_opens_probes_with_one_call_and_closes(on_sqlite: Place) -> None:
    clock = TickingClock()
    async with on_sqlite.stage(calls, clock=clock) as stage:

        async def call(mood: str) -> str:
            return str(await (await stage.start(calls, mood=mood)).result())

        assert [await call("bad") for _ in range(4)] == ["StepFailed"] * 3 + ["CircuitOpen"]
        assert OUTSIDE.count("bad") == 3
        await clock.advance(31)
        probe = await stage.start(calls, mood="slow")
        await OUTSIDE.until(lambda: "slow" in OUTSIDE.happened)
        assert await call("good") == "CircuitOpen", "one probe at a time"
        await probe.cancel()
        await until(lambda: not stage.platform.worker._executions)  # type: ignore[union-attr]
        assert await call("good") == "good", "a probe that was cancelled makes room for the next"
        assert await call("good") == "good"


NOW_INSIDE: set[str] = set()
MOST_INSIDE: list[int] = []


@step(effect="read", limit=2)
async def crowded(name: str) -> None:
    NOW_INSIDE.add(name)
    MOST_INSIDE.append(len(NOW_INSIDE))
    for _ in range(20):  # turns of the loop in which others come in, if they may
        await asyncio.sleep(0)
    NOW_INSIDE.discard(name)


@flow
async def crowd(run: Run, name: str) -> None:
    await run.gather(*(run.step(crowded, f"{name}{n}") for n in range(4)))


async def test_a_bulkhead_holds_for_all_runs_of_the_process(on_sqlite: Place) -> None:
    async with on_sqlite.stage(crowd) as stage:
        runs = [await stage.start(crowd, name=name) for name in "abc"]
        await asyncio.gather(*(run.result() for run in runs))
    assert max(MOST_INSIDE) == 2
    assert len(MOST_INSIDE) == 12


RELEASE = threading.Event()


@step(effect="read")
def blocks() -> str:
    RELEASE.wait(20)
    return threading.current_thread().name


@flow
async def blocking(run: Run) -> list[str]:
    return await run.gather(run.step(blocks), run.step(look_behind, "door"))


async def test_s15_a_step_that_blocks_does_not_block_the_loop(on_sqlite: Place) -> None:
    RELEASE.clear()
    async with on_sqlite.stage(blocking) as stage:
        run = await stage.start(blocking)
        await OUTSIDE.until(lambda: ("at", "door") in OUTSIDE.happened)
        OUTSIDE.door("door").set()
        RELEASE.set()
        thread, door = await run.result()
        assert thread != threading.main_thread().name
        assert door == "door"
