"""How far a child run may act: signed by whoever spawned it, never more than that one has, in every life of the child
and in its forks, until its time is up or somebody revokes it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit import Agent, Run, Terms, flow, tool
from remit.domain.action_errors import BudgetExhausted, Denied
from remit.domain.events import RunCreated
from remit.gate.standing.capabilities import line_of
from remit.testing import ManualClock
from remit.testing.stage import Stage, stage
from tests.engine.places import events, parked
from tests.gate.desk import heard

if TYPE_CHECKING:
    from remit.testing.scripting import Script

PAID: list[int] = []
TOLD: list[str] = []


@tool(effect="write")
async def refund(order: str, cents: int) -> int:
    """Pay money back."""
    del order
    PAID.append(cents)
    return cents


@tool(effect="read")
async def look(order: str) -> str:
    """Look at an order."""
    return order


CLERK = Agent("clerk", prompt="You refund.", tools=[refund, look])


async def tried(run: Run, cents: int) -> str:
    """A refund, or why not."""
    try:
        return str(await run.call(refund, order="o-1", cents=cents))
    except (Denied, BudgetExhausted) as wrong:
        return wrong.message


@flow
async def grandchild(run: Run) -> list[str]:
    return [await tried(run, cents) for cents in (100, 90, 101)]


@flow
async def child(run: Run) -> list[Any]:
    said: list[Any] = [await tried(run, 600), await tried(run, 500)]
    await run.signal("go")
    said += [await tried(run, 501), await run.ask(CLERK, "try as well")]
    wide = Terms(arguments=("refund.cents<=100", "refund.cents<=9999"), calls=900, seconds=86_400 * 29)
    said.append(await (await run.spawn(grandchild, terms=wide)).result())
    with pytest.raises(Denied, match="look was not delegated"):
        await run.call(look, order="o-1")
    return said


@flow
async def parent(run: Run) -> list[Any]:
    terms = Terms(tools=("refund",), arguments=("refund.cents<=500",), calls=3, seconds=3600)
    await run.call(look, order="o-1")
    return await (await run.spawn(child, terms=terms)).result()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("migrated_dsn"))


async def spawned(on: Stage, name: str) -> str:
    """The child of this flow."""
    return next(each.id for each in await on.platform.runs(flow=name))


async def test_a_child_does_no_more_than_it_was_let_in_any_life_and_neither_do_its_own(
    script: Script, tmp_path: Path, database: str
) -> None:
    PAID.clear()
    TOLD.clear()
    script(CLERK).calls("refund", order="o-1", cents=700).calls("refund", order="o-1", cents=499)
    script(CLERK).plays(lambda scene: TOLD.extend(heard(scene)) or "tried")
    flows = (parent, child, grandchild)
    async with stage(*flows, workspace=tmp_path, agents=[CLERK], script=script, database=database) as on:
        run = await on.start(parent)
        await parked(run, "child")
        bounded = on.run(await spawned(on, "child"))
        await parked(bounded, "signal")
        await on.crash_and_restart()
        await on.platform.signal(bounded.id, "go")
        first, second, third, asked, below = await run.result()
        assert "only with refund.cents <= 500" in first
        assert (second, asked) == ("500", "tried")
        assert "only with refund.cents <= 500" in third, "after a restart, too"
        assert "only with refund.cents <= 500" in TOLD[0], "and for an agent that the child asks"
        assert PAID == [500, 499, 100], "three calls in all, whoever makes them"
        assert "3 tool calls" in below[1]
        assert "only with refund.cents <= 100" in below[2]
        (signed,) = line_of((await events(on, bounded.id, RunCreated))[0].warrant)
        assert (signed.capability.run, signed.capability.calls) == (bounded.id, 3)
        line = line_of((await events(on, await spawned(on, "grandchild"), RunCreated))[0].warrant)
        assert [each.digest for each in line][:1] == [signed.digest]
        assert line[1].capability.calls == 3, "it asked for 900"
        assert line[1].capability.expires <= signed.capability.expires


@flow
async def reader(run: Run) -> list[str]:
    said = [await looked(run, "o-1"), await looked(run, "o-2")]
    await run.signal("go")
    said += [await looked(run, "o-1"), await looked(run, "o-2")]
    return [*said, *await (await run.spawn(below)).result()]


@flow
async def below(run: Run) -> list[str]:
    return [await looked(run, "o-1")]


@flow
async def above(run: Run) -> list[str]:
    terms = Terms(tools=("look", "tool that is not there"), arguments=("look.order=o-1",), seconds=3600)
    return await (await run.spawn(reader, terms=terms)).result()


async def looked(run: Run, order: str) -> str:
    """What was seen, or why nothing."""
    try:
        return await run.call(look, order=order)
    except Denied as wrong:
        return wrong.message


async def test_a_fork_of_a_child_is_held_to_the_same_and_time_and_revocation_end_it(
    tmp_path: Path, database: str
) -> None:
    clock = ManualClock()
    async with stage(above, reader, below, workspace=tmp_path, database=database, clock=clock) as on:
        started = await on.start(above)
        await parked(started, "child")
        bounded = on.run(await spawned(on, "reader"))
        await parked(bounded, "signal")
        (signed,) = line_of((await events(on, bounded.id, RunCreated))[0].warrant)
        one, two = [await on.platform.fork(bounded.id, at="signal.go") for _ in range(2)]
        assert line_of((await events(on, one.id, RunCreated))[0].warrant) == [signed]
        await on.platform.signal(one.id, "go")
        said = await one.result()
        assert (said[2], "only with look.order = o-1" in said[3], said[4]) == ("o-1", True, "o-1")
        await on.platform.review_rights([f"capability:{signed.digest}"], "revoked", "a test")
        await on.platform.signal(two.id, "go")
        assert all("what was delegated was revoked" in each for each in (await two.result())[2:])
        await on.platform.restore_right(f"capability:{signed.digest}")
        await clock.advance(3601)
        await on.platform.signal(bounded.id, "go")
        assert all("time for which it was delegated is over" in each for each in (await started.result())[2:])
