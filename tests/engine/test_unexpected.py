"""What nobody foresaw fails outside of a step: the run ends, or is set aside for a person, and never just hangs."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from remit import Run, flow
from remit.cli.tree import run_lines
from remit.domain.errors import WrongState
from remit.domain.runs import RunRow
from remit.engine import faults
from remit.store.runs import run_row
from remit.testing import Stage
from tests.engine.places import Place, TickingClock, ended, until
from tests.engine.steps import look, write

ELSEWHERE = {
    "takeover.recorded", "schedule.fired", "unknown.recorded", "reconcile.before", "reconcile.performed", "step.noted",
}  # fmt: skip
"""Points to which no story comes in which nothing is lost, and no agent speaks."""
SETTLED = {"trouble", "unknown", "code_changed"}
"""Why a run may be parked after that: a person is asked to look."""


@flow
async def little(run: Run) -> str:
    return await run.step(look, "child")


@flow
async def story(run: Run, generation: int = 1) -> str:
    """Everything that a run can do: each kind of event, wait and scope."""
    if generation == 1:
        await run.step(write, "paid")
        await run.gather(run.step(look, "left"), run.step(look, "right"))
        child = await run.spawn(little)
        await child.result()
        await run.sleep(5)
        await run.signal("word")
        run.continue_as(generation=2)
    return await run.step(look, "again")


@flow
async def sleeper(run: Run) -> str:
    await run.sleep(5)
    return await run.step(look, "awake")


class Slip(Exception):
    """What nobody foresaw."""


@asynccontextmanager
async def staged(place: Place) -> AsyncGenerator[tuple[Stage, TickingClock]]:
    clock = TickingClock()
    async with place.stage(story, little, sleeper, clock=clock) as stage:
        try:
            yield stage, clock
        finally:
            faults.arm(None)


async def settles(stage: Stage, clock: TickingClock) -> str:
    """Start a story; how it stands once nothing but a person makes it go on."""
    run = await stage.start(story)
    with suppress(WrongState):  # it has ended already
        await run.signal("word")
    handle, stands = await run.handle(), ""

    async def settled() -> bool:
        nonlocal stands
        await clock.advance(0.25)
        rows = [await handle.row(), *await children(stage, run.id)]
        stands = rows[0].status.value if rows[0].status.ended else next(
            (row.reason for row in rows if row.reason in SETTLED), ""
        )  # fmt: skip
        return bool(stands)

    await until(settled)
    return stands


async def children(stage: Stage, run: str) -> list[RunRow]:
    """A parent waits for as long as its child is set aside."""
    database = stage.platform.ground.database
    ids = [row[0] for row in await database.fetch("runs.like", f"{run}.%")]
    return [run_row((await database.fetch("runs.get", each))[0]) for each in ids]


def slips(*, always: bool) -> Callable[[], None]:
    """Raise, at the first call or at every one."""
    left = [True]

    def slip() -> None:
        if left[0] or always:
            left[0] = False
            raise Slip("nobody foresaw this")

    return slip


@pytest.mark.parametrize("always", [False, True], ids=["once", "always"])
async def test_no_run_hangs_whatever_fails_between_two_durable_facts(
    on_sqlite: Place, *, always: bool
) -> None:
    reached, points = set[str](), [point for point in faults.POINTS if point not in ELSEWHERE]
    async with staged(on_sqlite) as (stage, clock):
        for point in points:
            slip = slips(always=always)

            def hook(here: str, point: str = point, slip: Callable[[], None] = slip) -> None:
                reached.add(here)
                if here == point:
                    slip()

            faults.arm(hook)
            stands = await settles(stage, clock)
            assert stands in {"succeeded", "failed", *SETTLED}, point
        faults.arm(None)
        assert await settles(stage, clock) == "succeeded", "the worker is as it was"
    assert reached >= set(points)


async def test_no_run_hangs_whatever_is_raised_by_what_it_stands_on(on_sqlite: Place) -> None:
    """Not `Infrastructure`, which is waited for: errors that the store, the keys and the log should never raise."""
    async with staged(on_sqlite) as (stage, clock):
        seams, slip = dict[str, None](), dict[str, Callable[[], None]]()

        def watched(prefix: str, made: Callable[..., Any]) -> Callable[..., Any]:
            def call(*args: Any, **kwargs: Any) -> Any:
                name = (
                    f"{prefix} {args[0]}"
                    if args and isinstance(args[0], str) and prefix == "fetch"
                    else prefix
                )
                seams.setdefault(name)
                if name in slip:
                    slip[name]()
                return made(*args, **kwargs)

            return call

        services = stage.platform.services
        for prefix, holder, method in (
            ("fetch", services.database, "fetch"), ("submit", services.database, "submit"),
            ("read", services.log, "read"), ("read_one", services.log, "read_one"),
            ("key", services.keys, "get"), ("renew", services.lease, "ensure"),
            ("hint", stage.platform.worker and stage.platform.worker.dispatcher, "wait"),
        ):  # fmt: skip
            setattr(holder, method, watched(prefix, getattr(holder, method)))
        assert await settles(stage, clock) == "succeeded"
        for seam in list(seams):
            slip.clear()
            slip[seam] = slips(always=False)
            try:
                stands = await settles(stage, clock)
            except Slip:
                continue  # it was raised to whoever asked: a start, a signal, a look
            assert stands in {"succeeded", "failed", *SETTLED}, seam
        slip.clear()
        assert await settles(stage, clock) == "succeeded", "the worker is as it was"


async def test_a_run_that_fails_again_and_again_is_set_aside_and_goes_on_when_a_person_says_so(
    place: Place,
) -> None:
    async with staged(place) as (stage, clock):
        read, wrong = stage.platform.services.log.read, True

        async def broken(*args: Any, **kwargs: Any) -> Any:
            if wrong and len(args) > 1:
                raise Slip("nobody foresaw this")
            return await read(*args, **kwargs)

        stage.platform.services.log.read = broken
        run = await stage.start(sleeper)

        async def aside() -> bool:
            await clock.advance(0.25)
            return (await (await run.handle()).row()).reason == "trouble"

        await until(aside)
        wrong = False
        view = await run.show()
        assert view.message.startswith(
            "it failed 4 times outside of its steps, at last by Slip: nobody foresaw this ("
        )
        shown = "\n".join(str(line) for line in run_lines(view, clock.now(), 200))
        assert f"remit resume {run.id}" in shown
        await stage.platform.resume(run.id)

        async def over() -> bool:
            await clock.advance(0.25)
            return (await run.status()).ended

        await until(over)
        assert (await ended(run), await run.result()) == ("succeeded", "awake")
        with pytest.raises(WrongState):
            await stage.platform.resume(run.id)
