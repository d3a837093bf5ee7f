"""A canary is decided with nobody present: on runs as they came out, by whoever looks first, and for good."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from remit.control.platform import Platform
from remit.control.releasing import leading
from remit.control.releasing.desk import terms_in
from remit.control.releasing.ending import canary_row
from remit.control.releasing.views import RehearsalView
from remit.control.releasing.watching import CanaryWatch, terms_of
from remit.control.settings import ReleaseSettings, Settings
from remit.domain.errors import InvalidSetting, WrongState
from remit.domain.release_errors import CanaryUnderWay, ReleaseBlocked
from remit.domain.release_events import CanaryDecided, CanaryMoved, CanaryStarted
from remit.operations.releases.book import Told
from remit.operations.releases.canary import Outcome, Ran, Terms, Watch, bounds_of, next_step, usual_of
from remit.operations.releases.channels import Channel, Lead, chosen
from remit.testing import ManualClock
from tests.engine.places import Place, until
from tests.releases.workspaces import at, said, stands

TERMS = ReleaseSettings(canary_steps=("50", "60"), canary_step_runs=5, canary_runs=200, canary_margin=10)


def lead(channel: str, percent: int = 100, salt: str = "s") -> Lead:
    return Lead(Channel(channel), f"of {channel}", "", percent, salt, 0, "me")


def test_a_key_stays_where_it_is_while_the_share_grows_and_shares_are_kept() -> None:
    keys = [f"session:{n}" for n in range(4000)]
    before: set[str] = set()
    for percent in (5, 25, 50, 90):
        leads = {Channel.STABLE: lead("stable"), Channel.CANARY: lead("canary", percent)}
        there = {key for key in keys if chosen(leads, key) == leads[Channel.CANARY]}
        assert before <= there
        assert abs(len(there) / len(keys) - percent / 100) < 0.03
        before = there
    assert chosen({}, "any") is None
    other = {Channel.STABLE: lead("stable"), Channel.CANARY: lead("canary", 50, "other")}
    again = {key for key in keys if chosen(other, key) == other[Channel.CANARY]}
    assert 0.3 < len(again & before) / len(again) < 1.0


def outcomes(stable: float, canary: float, terms: Terms, seed: int) -> Outcome:
    dice, watch = random.Random(seed), Watch(terms)
    for n in range(10_000):
        watch.take(
            [
                Ran(f"{n}s", False, dice.random() < stable, 1, 1),
                Ran(f"{n}c", True, dice.random() < canary, 1, 1),
            ]
        )
        if n % 5 == 0 and (found := watch.evidence().outcome) is not Outcome.GOING:
            return found
    raise AssertionError("a canary has a horizon")


@pytest.mark.parametrize(
    ("stable", "canary", "expected"),
    [(0.9, 0.5, Outcome.WORSE), (0.9, 1.0, Outcome.FINE), (0.9, 0.9, Outcome.OPEN)],
)
def test_what_it_comes_to_is_what_is_true(stable: float, canary: float, expected: Outcome) -> None:
    terms = Terms(margin=0.05, horizon=100, usual=stable)
    found = [outcomes(stable, canary, terms, seed) for seed in range(40)]
    assert found.count(expected) >= 30
    assert expected is Outcome.WORSE or found.count(Outcome.WORSE) <= 4


def test_what_is_dear_or_slow_is_what_nine_in_ten_before_were_not() -> None:
    before = [Ran(str(n), False, n != 0, n, n / 10) for n in range(1, 101)]
    assert bounds_of(before, 0.25) == {"cost": 112.5, "seconds": 11.25}
    assert bounds_of(before[:19], 0.25) == {}
    assert usual_of(before) == 0.98
    watch = Watch(Terms(bounds=bounds_of(before, 0.0)))
    for n in range(80):
        watch.take([Ran(f"{n}s", False, True, 50, 1), Ran(f"{n}c", True, True, 500, 1)])
    found = watch.evidence()
    assert (found.outcome, "worse in cost" in found.reason) == (Outcome.WORSE, True)
    assert watch.evidence(harms=1).outcome is Outcome.HARM
    assert [next_step(Terms(), percent, runs) for percent, runs in ((5, 49), (5, 50), (25, 99), (50, 0))] == [
        5, 25, 25, 50,
    ]  # fmt: skip


def test_shares_that_leave_nothing_to_compare_with_are_refused() -> None:
    for steps in ((), ("50", "5"), ("100",), ("x",), ("0",)):
        with pytest.raises(InvalidSetting, match="canary_steps"):
            terms_in(ReleaseSettings(canary_steps=steps))


# --- with runs ------------------------------------------------------------------------------------------------

FLOW = """
from remit import Run, flow

@flow
async def desk(run: Run, n: int) -> str:
    {wait}
    if {fails}:
        raise RuntimeError("no sense")
    return "{word}"
"""


async def tried(place: Place, word: str, fails: str = "False", wait: str = "pass") -> None:
    (place.folder / "flows").mkdir(exist_ok=True)
    (place.folder / "flows" / "desk.py").write_text(FLOW.format(word=word, fails=fails, wait=wait))
    async with at(place, clock=ManualClock()) as platform:
        await platform.releasing.create(word)


@asynccontextmanager
async def executes(place: Place, release: str) -> AsyncGenerator[Platform]:
    """A process that serves a release, on a clock that stands still: no run is slower than another, and nothing is
    looked at but by the test.
    """
    chosen = Settings(releases=TERMS)
    async with at(place, release, worker=True, clock=ManualClock(), chosen=chosen) as platform:
        yield platform


async def hand_in(place: Place, count: int, first: int = 0) -> None:
    async with at(place, clock=ManualClock()) as platform:
        numbers = range(first, first + count)
        await asyncio.gather(*(platform.submit("desk", {"n": n}, session=f"customer {n}") for n in numbers))


async def done(platform: Platform) -> None:
    """Wait until nothing of the release of a process is left to do, and what was done is told."""

    async def over() -> bool:
        live = await platform.ground.database.fetch("releases.live")
        return platform.services.release not in {row[0] for row in live if row[2] is not None or row[3]}

    await until(over)
    await platform.parts.projector.catch_up()


async def look(platform: Platform) -> str:
    """What one look at the canary comes to."""
    await platform.parts.projector.catch_up()
    await CanaryWatch(platform.ground, 336, platform.parts).look()
    return (await platform.releasing.canaries())[0].status


async def test_what_fails_is_rolled_back_and_what_does_not_is_promoted_by_nobody(place: Place) -> None:
    await tried(place, "one")
    async with executes(place, "one") as first:
        await first.releasing.promote()
    await hand_in(place, 22)
    await tried(place, "bad", "True")
    async with executes(place, "one") as first:
        await done(first)
    async with executes(place, "bad") as bad:
        begun = await bad.releasing.canary()
        assert (begun.status, begun.percent) == ("running", 0)
        with pytest.raises(CanaryUnderWay):
            await bad.releasing.canary()
        assert await look(bad) == "running"
        (started,) = await said(bad, CanaryStarted)
        assert (terms_of(started.terms).bounds, terms_of(started.terms).usual) == (
            {"cost": 0.0, "seconds": 0.0},
            0.98,
        )
        assert [each.percent for each in await said(bad, CanaryMoved)] == [50]
    await hand_in(place, 30, 100)
    async with executes(place, "one") as first:
        await done(first)
    async with executes(place, "bad") as bad:
        await done(bad)
        assert await look(bad) == "rolled_back"
        assert await look(bad) == "rolled_back"
        (decided,) = await said(bad, CanaryDecided)
        assert (decided.by, decided.evidence["measures"][0]["canary"], decided.evidence["outcome"]) == (
            "remit",
            0.0,
            "worse",
        )
        assert set(await bad.parts.switch.book.leads()) == {Channel.STABLE}
    await tried(place, "good")
    async with executes(place, "good") as good:
        await good.releasing.canary()
        await look(good)
    await hand_in(place, 110, 200)
    async with executes(place, "one") as first:
        await done(first)
    async with executes(place, "good") as good:
        await done(good)
        assert [await look(good), await look(good)] == ["cleared", "promoted"], (
            await good.releasing.canaries()
        )[0]
        leads = await good.parts.switch.book.leads()
        assert {(lead.channel, lead.release, lead.by) for lead in leads.values()} == {
            (Channel.STABLE, good.services.release, "remit")
        }
        assert [each.outcome for each in await said(good, CanaryDecided)] == [
            "rolled_back",
            "cleared",
            "promoted",
        ]


async def test_what_is_fine_waits_for_a_person_where_a_parked_run_would_not_go_on_with_it(
    on_sqlite: Place,
) -> None:
    await tried(on_sqlite, "one", wait='await run.signal("go")')
    async with executes(on_sqlite, "one") as first:
        await first.releasing.promote()
    async with at(on_sqlite, clock=ManualClock()) as hands_in:
        run = (await hands_in.submit("desk", {"n": 1})).id
    async with executes(on_sqlite, "one") as first:
        await stands(first, run, "parked", "signal")
    await tried(on_sqlite, "two")
    async with executes(on_sqlite, "two") as two:
        with pytest.raises(ReleaseBlocked, match=run):
            await two.releasing.canary()
        await two.releasing.canary(despite_parked=True)
        await look(two)
        book, watch = two.parts.switch.book, CanaryWatch(two.ground, 336, two.parts)
        (row,) = await book.rows("canary", book.team)
        await watch._turn(row, "cleared", Told("canary", "remit", "fine by its own runs", {}))
        assert await look(two) == "held"
        assert f"with two as they began: {run}: diverged at" in (await two.releasing.canaries())[0].reason
        (finding,) = [each for each in await two.doctor() if each.name == "canary"]
        assert f"remit release promote {two.services.release[:12]}" in finding.remedy
        await two.releasing.roll_back("not today")
        assert (await two.releasing.canaries())[0].status == "rolled_back"
        with pytest.raises(WrongState, match="no release before"):
            await two.releasing.roll_back()


async def test_a_canary_that_nobody_executes_is_rolled_back_and_its_runs_go_to_what_is_stable(
    on_sqlite: Place,
) -> None:
    clock = ManualClock()
    for word in ("one", "two"):
        await tried(on_sqlite, word)
    async with executes(on_sqlite, "one") as first:
        await first.releasing.promote()
    async with executes(on_sqlite, "two") as two:
        await two.releasing.canary()
        await look(two)
    async with at(on_sqlite, clock=clock) as hands_in:
        runs = [await hands_in.submit("desk", {"n": n}, session=f"customer {n}") for n in range(12)]
        stable = (await hands_in.releasing.roster()).stable
        (run, *_) = [each for each in runs if (await each.row()).pin != stable]
        await clock.advance(90)
        assert await look(hands_in) == "rolled_back"
        assert "no process that serves the release" in (await hands_in.releasing.canaries())[0].reason
    async with executes(on_sqlite, "one") as first:
        assert await (await first.run(run.id)).result() == "one"


async def test_what_was_cleared_is_promoted_by_nobody_once_it_was_taken_back_or_something_else_is_stable(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for word in ("one", "two", "three"):
        await tried(place, word)
    async with executes(place, "one") as first:
        await first.releasing.promote()
    rehearse = leading.rehearse

    async def cleared(two: Platform) -> CanaryWatch:
        await two.releasing.canary()
        book = two.parts.switch.book
        (row,) = await book.rows("canary", book.team)
        watch = CanaryWatch(two.ground, 336, two.parts, judges=False)
        await watch._turn(row, "cleared", Told("canary", "remit", "fine by its own runs", {}))
        return watch

    async with executes(place, "two") as two:
        watch = await cleared(two)

        async def taken_back(parts: Any) -> RehearsalView:
            await two.releasing.roll_back("it looks odd to me")
            return await rehearse(parts)

        monkeypatch.setattr(leading, "rehearse", taken_back)
        with pytest.raises(WrongState, match="does not stand any more"):
            await watch.look()
        monkeypatch.setattr(leading, "rehearse", rehearse)
        assert (await two.releasing.canaries())[0].status == "rolled_back"
        assert set(await two.parts.switch.book.leads()) == {Channel.STABLE}
        assert (await two.parts.switch.book.leads())[Channel.STABLE].by != "remit"
        await cleared(two)
        found, release = RehearsalView("", 0, (), ()), await leading.served(two.parts)
        told = Told("canary", "remit")
        with pytest.raises(WrongState, match="does not stand any more"):
            await leading.lead(two.parts, release, found, told, "another")
    async with executes(place, "three") as three:
        await three.releasing.promote()
    async with executes(place, "two") as two:
        await CanaryWatch(two.ground, 336, two.parts, judges=False).look()
        stable = (await two.parts.switch.book.leads())[Channel.STABLE]
        assert (await two.parts.switch.book.find(stable.release)).name == "three"
        assert await canary_row(two.parts.switch.book) is None, (
            "what it was held against is not stable any more"
        )
