"""An experiment is made once and to the end: killed anywhere it goes on, and pays for nothing that the log has."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit import Run, flow
from remit.control.evaluating.views import Progress, Wish
from remit.domain.effects import Effect
from remit.domain.errors import InvalidInput
from remit.domain.experiment_errors import NothingToTry, SuiteChanged, Underpowered, UnknownExperiment
from remit.domain.quality_errors import UnknownSuite
from remit.engine.flow import Flow
from remit.engine.step import Step
from remit.quality.scenarios.expectation import equals
from remit.quality.scenarios.scenario import Environment, Gold, Scenario, StateCheck
from remit.quality.score import Score
from remit.quality.suite import Suite
from remit.quality.trial import Trial
from remit.quality.verdicts import Rule
from remit.testing import crash_at, stage
from remit.testing.scripting import Script
from tests.engine.places import Outside
from tests.evaluating import desk

SIZE = 8


def talks() -> Suite:
    """An agent that is asked, and paid for."""
    asks = tuple(
        replace(desk.scenario(number), input={"question": f"Ticket {number}?"}, gold=Gold(equals("Solved.")))
        for number in range(SIZE)
    )
    return Suite("talks", "triage", asks, margins={"success": Rule(0.35)})


@pytest.mark.parametrize("after", [1, 5])
async def test_killed_it_goes_on_without_paying_again(
    after: int, database: str, script: Script, tmp_path: Path
) -> None:
    paid: Counter[str] = Counter()
    outside = Outside()

    def answer(scene: Any) -> str:
        paid[scene.run] += 1
        return "Solved."

    script("triage").plays(answer).forever()
    async with stage(
        desk.handle, agents=[desk.triage], script=script, workspace=tmp_path, database=database
    ) as place:
        first = asyncio.ensure_future(
            place.platform.evaluating.run(talks(), Wish(parallel=1), lambda found: outside.note(found.made))
        )
        await outside.until(lambda: after in outside.happened)
        place.die()
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        before = Counter(paid)
        assert sum(before.values()) in {after, after + 1}, "the next one may have been under way"
        await place.up()
        (left,) = await place.platform.experiments.experiments()
        assert left.status not in {"succeeded", "failed"}
        told: list[Progress] = []
        view = await place.platform.evaluating.resume(left.id, talks(), told.append)
        assert view.outcome["arms"][0]["scored"] == SIZE
        assert told[-1].made == told[-1].size == SIZE
        again = [run for run, times in paid.items() if times > 1]
        assert len(again) <= 1, "a call that the log has was paid again"
        assert sum(paid.values()) <= SIZE + 1
        await place.platform.evaluating.run(talks(), Wish())
        assert sum(paid.values()) <= SIZE + 1, "what was made is not made again"


async def test_one_arm_after_another_and_what_stands_in_the_list(database: str) -> None:
    async with stage(desk.handle, database=database) as place:
        evaluating, suite = place.platform.evaluating, desk.suite()
        old = await evaluating.run(suite, Wish(trials=2, seed=3))
        assert old.outcome["arms"][0]["pass_hat"] == [1.0, 1.0]
        assert old.verdict == ""
        new = await evaluating.run(suite, Wish(against=old.id, gate=True, seed=3))
        assert new.verdict == "pass"
        assert "both arms are the same code" in new.outcome["notes"]
        assert new.outcome["arms"][0]["cached"] == len(suite.scenarios)
        desk.WRONG.update(range(9))
        worse = await evaluating.run(suite, Wish(against=old.id, gate=True, seed=3, fresh=True))
        assert worse.verdict == "fail"
        assert "it is worse" in worse.outcome["reasons"][0]
        assert [each.verdict for each in await evaluating.experiments("tickets")] == ["fail", "pass", ""]
        short = await place.platform.experiments.show(worse.id[-6:])
        assert (short.id, short.made) == (worse.id, 12 + 24)


async def test_money_runs_out_and_is_said(script: Script) -> None:
    script("triage").says("Solved.").forever()
    async with stage(desk.handle, agents=[desk.triage], script=script) as place:
        evaluating = place.platform.evaluating
        old = await evaluating.run(talks(), Wish())
        cheap = await evaluating.run(talks(), Wish(max_cost=0.000_01, parallel=1, fresh=True, against=old.id))
        arm = cheap.outcome["arms"][0]
        assert arm["scored"] == 1
        assert arm["skipped"] == SIZE - 1
        assert cheap.verdict == "inconclusive"
        assert (
            "the simulated model answered in 9 of 16 goes: of a real one they say nothing"
            in cheap.outcome["notes"]
        )
        assert any(
            "the money was spent before 7 of 16 goes were begun" in each for each in cheap.outcome["reasons"]
        )


class Wavering:
    """A scorer that says something else each time."""

    name = "wavering"
    metrics = ("mood",)
    digest = "1"

    def __init__(self) -> None:
        self.times = 0

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        del trial
        self.times += 1
        return (Score("mood", self.times % 2),)


class Broken(Wavering):
    """One that gives what is no number."""

    name = "broken"

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        del trial
        return (Score("mood", float("nan")),)


async def test_scorers_that_cannot_be_relied_on_leave_it_open() -> None:
    async with stage(desk.handle) as place:
        for scorer, said in ((Wavering(), "came out differently: mood"), (Broken(), "could not be scored")):
            suite = desk.suite(scorers=(scorer,))
            old = await place.platform.evaluating.run(suite, Wish())
            view = await place.platform.evaluating.run(suite, Wish(against=old.id))
            assert view.verdict == "inconclusive"
            assert said in view.outcome["reasons"][0]


async def test_what_cannot_be_tried_is_refused_before_anything_is_spent() -> None:
    async with stage(desk.handle) as place:
        evaluating, suite = place.platform.evaluating, desk.suite(margin=0.03)
        old = await evaluating.run(suite, Wish())
        found = await evaluating.preflight(suite, old.id)
        assert not found.enough
        assert "12 scenarios cannot see 3 points" in found.sentence
        for wish, kind in (
            (Wish(against=old.id, gate=True), Underpowered),
            (Wish(gate=True), InvalidInput),
            (Wish(only="nothing*"), NothingToTry),
            (Wish(against="r-nosuch"), UnknownExperiment),
            (Wish(trials=10_000), InvalidInput),
            (Wish(max_cost=0.0), InvalidInput),
        ):
            with pytest.raises(kind):
                await evaluating.run(suite, wish)
        with pytest.raises(UnknownSuite):
            await evaluating.run(replace(suite, target="nobody"), Wish())
        with pytest.raises(SuiteChanged):
            await evaluating.resume(old.id, replace(suite, scorers=(Wavering(),)))
        assert len(await evaluating.experiments()) == 1


async def test_other_scenarios_are_another_question() -> None:
    async with stage(desk.handle) as place:
        evaluating, suite = place.platform.evaluating, desk.suite()
        old = await evaluating.run(suite, Wish())
        other = replace(suite.scenarios[0], environment=replace(desk.WORLD, live=True))
        changed = replace(suite, scenarios=(other, *suite.scenarios[1:]))
        view = await evaluating.run(changed, Wish(against=old.id))
        assert view.verdict == "inconclusive"
        assert "the suite changed between the arms: t0 differ" in view.outcome["reasons"][0]
        lost = replace(
            suite, scenarios=tuple(replace(each, environment=Environment()) for each in suite.scenarios)
        )
        assert (await evaluating.run(lost, Wish(trials=1))).lost


@flow
async def look_again(run: Run, ticket_id: int) -> list[str]:
    """Change a ticket, and say how it stands each time."""
    said: list[str] = []
    for status in ("waiting", "solved"):
        await run.call(desk.set_status, ticket_id, status)
        said.append((await run.call(desk.get_ticket, ticket_id))["status"])
    return said


@pytest.mark.parametrize("after", [0, 2, 3])
async def test_a_trial_that_died_goes_on_in_the_world_as_it_had_left_it(after: int, tmp_path: Path) -> None:
    gold = Gold(
        equals(["waiting", "solved"]), state=(StateCheck("solved", equals("solved"), "tickets.5.status"),)
    )
    suite = Suite("looks", "look_again", (desk.scenario(5, gold=gold),))
    async with stage(look_again, workspace=tmp_path) as place:
        died = asyncio.Event()

        def die() -> None:
            place.die()
            died.set()

        with crash_at("step.recorded", die, after=after):
            first = asyncio.ensure_future(place.platform.evaluating.run(suite, Wish()))
            await died.wait()
        first.cancel()
        with suppress(asyncio.CancelledError):
            await first
        await place.up()
        (left,) = await place.platform.experiments.experiments()
        view = await place.platform.evaluating.resume(left.id, suite)
        (arm,) = view.outcome["arms"]
        assert arm["failed"] == []
        assert arm["scored"] == 1


async def test_cancelled_it_leaves_no_go_behind() -> None:
    outside = Outside()

    async def hangs(run: Any) -> None:
        async def wait() -> None:
            outside.note("waits")
            await asyncio.Event().wait()

        await run.step(Step(wait, effect=Effect.READ, name="wait"))

    asks = tuple(Scenario(f"waits-{number}", gold=Gold(equals("never"))) for number in range(3))
    async with stage(Flow(hangs, "hangs", "", "UTC")) as place:
        platform = place.platform
        first = asyncio.ensure_future(
            platform.evaluating.run(Suite("waits", "hangs", asks), Wish(parallel=2))
        )
        await outside.until(lambda: len(outside.happened) == 2)
        (about,) = await platform.experiments.experiments()
        await platform.cancel(about.id)
        view = await first
        assert view.status == "cancelled"
        assert view.outcome == {}
        assert await platform.ground.database.fetch("trials.left", about.id) == []
