"""S12: a step is found again by name, place and the digest of its input; what does not fit says so in one sentence."""

from __future__ import annotations

import asyncio
import re

import pytest

from remit import Run, flow, step
from remit.domain.errors import RunFailed
from remit.domain.events import StepDone
from remit.engine.step import Step
from tests.engine.places import Place, journal, parked
from tests.engine.steps import OUTSIDE, look, write

SHAPE = {"renamed": False, "argument": 1, "swapped": False}


@flow
async def wavering(run: Run) -> str:
    """A flow that depends on something outside: exactly what a durable flow must not do."""
    await run.step(look, "start")
    await run.step(write if SHAPE["renamed"] else look, SHAPE["argument"])
    await run.signal("go")
    return "done"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (
            {"renamed": True},
            r"diverged at step 2 of 3: the code now calls write before look#2 \(recorded: look#2, e-\d+; now: write\)",
        ),
        (
            {"argument": 2},
            r"diverged at step 2 of 3: look#2 is now called with other arguments than recorded",
        ),
    ],
)
async def test_s12_another_name_or_another_input_is_said_in_one_sentence(
    place: Place, change: dict[str, object], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with place.stage(wavering) as stage:
        run = await stage.start(wavering)
        await parked(run, "signal")
        for name, value in change.items():
            monkeypatch.setitem(SHAPE, name, value)
        report = await stage.platform.replay(run.id)
        assert report.verdict == "diverged"
        await run.signal("go")
        await parked(run, "code_changed")
        message = (await run.show()).message
        assert message.count("\n") == 0
        assert re.search(sentence, message), message
        assert ("write", 1) not in OUTSIDE.happened
        await run.cancel()
        with pytest.raises(Exception, match="was cancelled"):
            await run.result()


@flow
async def foreign(run: Run, how: str) -> str:
    if how == "create_task":
        await asyncio.create_task(run.step(look, 1))
    elif how == "gather":
        await asyncio.gather(run.step(look, 1), run.step(look, 2))
    elif how == "wait_for":
        await asyncio.wait_for(run.sleep(60), timeout=30)
    else:
        reader = run.as_completed(run.step(look, 1))

        async def elsewhere() -> None:
            async for _ in reader:
                pass

        await run.gather(elsewhere())
    return "not reached"


@pytest.mark.parametrize("how", ["create_task", "gather", "wait_for", "as_completed"])
async def test_s12_a_call_from_a_task_that_the_run_did_not_start_is_refused(
    on_sqlite: Place, how: str
) -> None:
    async with on_sqlite.stage(foreign) as stage:
        with pytest.raises(RunFailed, match=r"from a task that the run did not start|in another branch"):
            await (await stage.start(foreign, how=how)).result()


@flow
async def alike(run: Run) -> list[object]:
    """Names that stand for something else as well."""
    gather, sleep, signal = (run_named(name) for name in ("gather", "sleep", "signal.go"))
    found: list[object] = [
        await run.step(gather, 1),
        await run.gather(run.step(gather, 2), run.step(sleep, 3)),
    ]
    await run.sleep(0)
    found.append(await run.step(sleep, 4))
    found.append(await run.step(signal, 5))
    found.append(await run.signal("go"))
    found.append(await run.step(gather, 6))
    return found


def run_named(name: str) -> Step:
    """A step like any other, with a name that means something else."""

    async def named(value: int) -> int:
        OUTSIDE.note((name, value))
        return value

    return step(effect="read", name=name)(named)


async def test_s12_steps_called_like_operations_keep_their_own_places(place: Place) -> None:
    async with place.stage(alike) as stage:
        run = await stage.start(alike)
        await parked(run, "signal")
        await stage.crash_and_restart()
        await run.signal("go", "gone")
        assert await run.result() == [1, [2, 3], 4, 5, "gone", 6]
        paths = [e.path for e in await journal(stage, run.id) if isinstance(e.event, StepDone)]
        assert len(paths) == len(set(paths)) == 6
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert len(OUTSIDE.happened) == 6


@flow
async def nested_calls(run: Run) -> int:
    @step(effect="read")
    async def outer(value: int) -> int:
        return await run.step(look, value)

    first = await run.step(outer, 1)
    await run.signal("go")
    return first


async def test_s12_a_step_inside_a_step_is_refused_the_first_time(on_sqlite: Place) -> None:
    async with on_sqlite.stage(nested_calls) as stage:
        with pytest.raises(RunFailed, match="inside of the step outer"):
            await (await stage.start(nested_calls)).result()
