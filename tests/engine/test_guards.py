"""A circuit opens on failures, and a clear no is none."""

from __future__ import annotations

from remit import Breaker, Run, StepFailed, ToolFailed, flow, step
from tests.engine.places import Place
from tests.engine.steps import OUTSIDE


@step(effect="read", breaker=Breaker(failures=2, within=60, cool=30))
async def customer(number: int) -> int:
    OUTSIDE.note(number)
    raise ToolFailed("no such customer")


@flow
async def looks_up(run: Run, number: int) -> str:
    try:
        return f"found {await run.step(customer, number)}"
    except StepFailed as failed:
        return failed.message


async def test_an_answer_that_is_no_does_not_open_the_circuit(on_sqlite: Place) -> None:
    async with on_sqlite.stage(looks_up) as stage:
        for number in range(5):
            said = await (await stage.start(looks_up, number=number)).result()
            assert said == "step customer failed: no such customer"
    assert OUTSIDE.happened == [0, 1, 2, 3, 4]
