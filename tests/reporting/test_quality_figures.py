"""Figures of quality come to what a slow reading of the log comes to: gates, canaries, answers, suites, judges."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from remit import Run, flow
from remit.control.authority.acts import record
from remit.control.evaluating.views import Wish
from remit.domain.judging_events import RunScored
from remit.domain.release_events import CanaryDecided, CanaryStarted
from remit.engine.outside import team_stream
from remit.quality.judging.card import Card, plain_card
from remit.quality.labelling.agreement import Figure
from remit.store.database import Commit, Op
from remit.testing import ManualClock, stage
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.evaluating import desk
from tests.reporting.assured import assured, sizes

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.testing import Stage
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place"]
SIZE = 10


@flow
async def works(run: Run, how: str) -> str:
    """Fails in the way that it is told."""
    del run
    raise {"value": ValueError, "key": KeyError, "type": TypeError, "index": IndexError}[how](how)


async def test_figures_of_quality_are_those_of_the_log(place: Place) -> None:
    clock = ManualClock()
    async with stage(
        desk.handle,
        works,
        agents=[desk.triage],
        workspace=place.folder,
        database=place.database,
        clock=clock,
    ) as on:
        ground = on.platform.ground
        await _compare(on, {})
        release = (await on.platform.releasing.create("one")).digest
        runs = [await _fails(on, clock, release, "value")]
        await _gates(on, clock, "small", "few")
        runs += [await _fails(on, clock, release, how) for how in ("value", "key", "key")]
        await _fails(on, clock, "", "type")
        await _fails(on, clock, release, "type")
        clock.leap(86_400)
        await _gates(on, clock, "more", "few", only="t[123]")
        await _fails(on, clock, release, "index")
        for n, outcome in enumerate(("rolled_back", "promoted", "promoted", "ended", "")):
            await _canary(ground, f"c-{n}", release, outcome)
        for run, value in zip(runs, (1_000_000, 400_000, None, 1_000_000), strict=True):
            await _scored(ground, run, value)
        await _judge(ground, "strict", "a", 0.5)
        await _judge(ground, "kind", "b", 0.9)
        await on.platform.parts.projector.catch_up()
        found = await _compare(
            on,
            {
                "gate_pass": (1, 3),
                "regression_escape": (1, 2),
                "rollback": (1, 3),
                "hallucination": (1, 3),
            },
        )
        named = {part.name: part.value for each in found.values() for part in each.parts}
        assert (named["inconclusive"], named["of these waived"]) == (1, 1)
        assert (named["ended by a person"], named["under way"]) == (1, 1)
        assert named["first shown without a gate"] == 2
        assert named["found on average"] == pytest.approx(0.8)
        assert found["scenario_growth"].value == sum((await sizes(ground)).values()) == 2 * SIZE + 3
        (today,) = (await on.platform.reporting.kpis(since="1d", only="scenario_growth")).figures
        assert today.value == SIZE + 1, "one is new since yesterday, one has one more"
        assert (found["judges"].value, found["judges"].denominator) == (0.5, 40)
        await ground.database.submit(Commit(ops=[_suspended("strict", "a")]))
        (judges,) = (await on.platform.reporting.kpis(only="judges")).figures
        assert (judges.value, judges.low, judges.high) == (0.9, 0.8, 1.0), judges
        (hidden,) = (await on.platform.reporting.kpis(only="hallucination", flow="handle")).figures
        assert hidden.state == "no data"


async def _compare(on: Stage, expected: dict[str, tuple[int, int]]) -> dict[str, Any]:
    """What is told against the slow reading, and that against what a person counts."""
    slow = await assured(on.platform.ground)
    assert {name: pair for name, pair in slow.items() if pair is not None} == expected
    found = {each.name: each for each in (await on.platform.reporting.kpis()).figures}
    for name, pair in slow.items():
        figure = found[name]
        assert (None if pair is None else (figure.numerator, figure.denominator)) == pair, name
        assert figure.state == ("no data" if pair is None else "measured"), name
    return found


async def _gates(on: Stage, clock: ManualClock, *names: str, only: str = "t[12]") -> None:
    """Of these candidates `small` passes at last, `more` fails, `few` says too little and somebody answers for it."""
    evaluating = on.platform.evaluating
    for name in names:
        suite = replace(desk.suite(SIZE), name=name)
        old = await evaluating.run(suite, Wish())
        asked = Wish(against=old.id, gate=True, anyway=True, fresh=True)
        clock.leap(1)
        if name == "few":
            few = await evaluating.run(suite, replace(asked, only=only))
            await on.platform.experiments.waive(few.id, "two tickets will do")
            continue
        try:
            desk.WRONG.update(range(SIZE))
            assert (await evaluating.run(suite, asked)).verdict == "fail"
        finally:
            desk.WRONG.clear()
        clock.leap(1)
        if name == "small":
            assert (await evaluating.run(suite, asked)).verdict == "pass"


async def _fails(on: Stage, clock: ManualClock, release: str, how: str) -> str:
    """A task of a release that fails, once it is told."""
    clock.leap(1)
    run = await on.start("works", how=how)
    with pytest.raises(Exception, match=how):
        await run.result()
    await on.platform.ground.database.submit(Commit(ops=[Op("releases.bind", (run.id, release, "stable"))]))
    await on.platform.parts.projector.catch_up()
    return run.id


async def _canary(ground: Ground, name: str, release: str, outcome: str) -> None:
    team, now = ground.principal.team, ground.clock.now()
    begins = Op("releases.canary_begins", (name, team, release, "old", team_stream(team), now))
    await record(ground, [CanaryStarted(name, release, "old", "ana", {})], [begins])
    if outcome:
        turns = Op("releases.canary_turns", (name, "running", outcome, now, team_stream(team)), one=True)
        await record(ground, [CanaryDecided(name, release, outcome, "remit", "so it went")], [turns])


async def _scored(ground: Ground, run: str, value: int | None) -> None:
    team, now = ground.principal.team, ground.clock.now()
    row = (team, run, "groundedness", value, "", 0, "", "works", now, now)
    said = None if value is None else value / 1_000_000
    await record(
        ground, [RunScored(run, [["groundedness", said, "", ""]], [], "remit")], [Op("online.score", row)]
    )


async def _judge(ground: Ground, name: str, digest: str, kappa: float) -> None:
    some = Figure(0.9, 0.8, 1.0, 40)
    card = Card(
        name, digest, "pass_fail", ("m",), False, "gold", 1, 0, 40, 0, some, replace(some, value=kappa), some, some,
        some, some, 20, 0, 0, 20,
    )  # fmt: skip
    said = json.dumps(plain_card(card))
    now, team = ground.clock.now(), ground.principal.team
    add = Op("judges.card", (team, name, digest, said, "gold", 1, team_stream(team), now, "ana"))
    await ground.database.submit(Commit(ops=[add]))


def _suspended(name: str, digest: str) -> Op:
    return Op("judges.suspend", ("default", name, digest, 1, "it drifted"))
