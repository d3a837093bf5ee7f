"""Turning what is stable ends a canary that was held against something else; and two cannot turn it at once."""

from __future__ import annotations

import asyncio

import pytest

from remit.domain.errors import WrongState
from remit.domain.release_errors import ReleaseBlocked
from remit.engine.schedules import fire_due
from remit.operations.releases.channels import Channel
from remit.testing import ManualClock
from tests.engine.places import Place
from tests.releases.test_canary import done, executes, look, tried
from tests.releases.workspaces import at


async def test_a_canary_ends_where_what_it_is_held_against_is_not_stable_any_more(on_sqlite: Place) -> None:
    for word in ("one", "two", "three"):
        await tried(on_sqlite, word)
    async with executes(on_sqlite, "one") as first:
        await first.releasing.promote()
    async with executes(on_sqlite, "two") as two:
        await two.releasing.canary()
        await look(two)
    async with at(on_sqlite, clock=ManualClock()) as hands_in:
        runs = [await hands_in.submit("desk", {"n": n}, session=f"customer {n}") for n in range(12)]
    async with executes(on_sqlite, "three") as third:
        await third.releasing.promote()
        assert [each.status for each in await third.releasing.canaries()] == ["ended"]
        assert set(await third.parts.switch.book.leads()) == {Channel.STABLE}
        await done(third)
    async with executes(on_sqlite, "one") as first:
        await done(first)
        results = {await (await first.run(run.id)).result() for run in runs}
    assert results == {"one", "three"}, "what never began goes on with what is stable"


async def test_two_who_turn_what_is_stable_at_once_do_not_both_do_it(place: Place) -> None:
    for word in ("one", "two", "three"):
        await tried(place, word)
    async with executes(place, "one") as first:
        await first.releasing.promote()
    async with at(place, "two", clock=ManualClock()) as two, at(place, clock=ManualClock()) as office:
        found = await asyncio.gather(
            two.releasing.promote(), office.releasing.roll_back("no", "three"), return_exceptions=True
        )
        refused = [each for each in found if isinstance(each, ReleaseBlocked)]
        lead = (await two.parts.switch.book.leads())[Channel.STABLE]
        names = {each.digest: each.name for each in await two.releasing.list()}
        assert len(refused) <= 1, found
        assert names[lead.release] in {"two", "three"}
        if refused:
            back = (
                names[lead.release] == "three"
            )  # there is nothing to go back to from where one went back to
            assert lead.previous == "" if back else names[lead.previous] == "one"
        with pytest.raises(WrongState):
            await office.releasing.roll_back("again", lead.release)


CLOCKED = """
from remit import Run, flow

@flow(cron="0 9 * * *")
async def daily(run: Run) -> str:
    return "{word}"
"""


async def test_what_starts_by_the_clock_is_started_by_what_is_stable(on_sqlite: Place) -> None:
    (on_sqlite.folder / "flows").mkdir()
    for word in ("one", "two"):
        (on_sqlite.folder / "flows" / "desk.py").write_text(CLOCKED.format(word=word))
        async with at(on_sqlite, clock=ManualClock()) as platform:
            await platform.releasing.create(word)
    async with at(on_sqlite, "one", worker=True, clock=ManualClock()) as first:
        await first.releasing.promote()
    for release, fired in (("two", 0), ("", 0), ("one", 1)):
        clock = ManualClock()
        async with at(on_sqlite, release, worker=True, clock=clock) as platform:
            (schedule,) = await platform.schedules()
            await clock.advance((schedule.next_at or 0) / 1_000_000 - clock.now() / 1_000_000 + 1)
            await fire_due(platform.services)
            runs = [each for each in await platform.runs() if each.flow == "daily"]
            assert len(runs) == fired, release
    async with at(on_sqlite, "one", worker=True, clock=clock) as first:
        assert await (await first.run(runs[0].id)).result() == "one"
