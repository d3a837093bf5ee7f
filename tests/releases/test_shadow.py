"""A shadow does runs again by another release: it writes nothing, asks nobody, hears what the original heard, and stops
where nothing recorded says how it would go on (S33).
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest

from remit.control.platform import Platform
from remit.control.releasing.copying import Copies
from remit.domain.errors import InvalidInput, WrongState
from remit.testing import ManualClock
from tests.engine.places import Place
from tests.engine.steps import OUTSIDE
from tests.releases.workspaces import at, stands

FLOW = """
from remit import Run, flow, step
from tests.engine.steps import OUTSIDE

@step(effect="write")
async def book(what: int) -> int:
    OUTSIDE.note(("booked", what))
    return what

@flow
async def part(run: Run, n: int) -> object:
    return await run.human("support", {{"part": n}})

@flow
async def desk(run: Run, n: int) -> list[object]:
    {first}
    booked = await run.step(book, {what})
    said = await run.signal("go")
    agreed = await run.human("support", {{"booked": booked}})
    return ["{word}", booked, said, agreed]
"""


async def kept(place: Place, name: str, *, what: str = "n", first: str = "pass") -> None:
    (place.folder / "flows").mkdir(exist_ok=True)
    (place.folder / "flows" / "desk.py").write_text(FLOW.format(word=name, what=what, first=first))
    async with at(place, clock=ManualClock()) as platform:
        await platform.releasing.create(name)


@asynccontextmanager
async def shadowed(place: Place, name: str) -> AsyncGenerator[tuple[Platform, str]]:
    """A process that serves the shadow, and the copy that it made of the only run."""
    async with at(place, name, worker=True, clock=ManualClock()) as platform:
        await platform.releasing.shadow(name)
        before = {each.id for each in await platform.runs()}
        copies = Copies()
        await copies.look(platform.parts)
        await copies.look(platform.parts)
        (made,) = {each.id for each in await platform.runs()} - before
        yield platform, made


async def original(place: Place) -> None:
    await kept(place, "one")
    async with at(place, "one", worker=True, clock=ManualClock()) as first:
        await first.releasing.promote()
        with pytest.raises(WrongState):
            await first.releasing.shadow("")
        with pytest.raises(InvalidInput):
            await first.releasing.shadow("one", 101)
        run = await first.submit("desk", {"n": 7})
        await first.signal(run.id, "go", "on")
        await run.waits_for()
        await run.approve()
        assert await run.result() == ["one", 7, "on", {"booked": 7}]


async def test_s33_a_shadow_changes_nothing_and_asks_nobody(place: Place) -> None:
    await original(place)
    await kept(place, "two")
    async with shadowed(place, "two") as (platform, copy):
        assert await (await platform.run(copy)).result() == ["two", 7, "on", {"booked": 7}]
        assert await platform.inbox() == []
        assert (await platform.row(copy)).pin == platform.services.release
        assert [each.simulated for each in (await platform.show(copy),)] == [True]
    assert OUTSIDE.happened == [("booked", 7)]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"what": "n + 1"}, "is a write"),
        ({"first": 'await run.human("finance", "why?")'}, "diverged: it asks finance what nobody was asked"),
        (
            {"first": "await (await run.spawn(part, n)).result()"},
            "diverged: it asks support what nobody was asked",
        ),
    ],
)
async def test_s33_a_shadow_ends_where_nothing_recorded_says_how_it_goes_on(
    on_sqlite: Place, changed: dict[str, str], why: str
) -> None:
    await original(on_sqlite)
    await kept(on_sqlite, "other", **changed)
    async with shadowed(on_sqlite, "other") as (platform, copy):
        await stands(platform, copy, "failed")
        assert why in (await platform.show(copy)).message
        assert await platform.inbox() == []
    assert OUTSIDE.happened == [("booked", 7)]
