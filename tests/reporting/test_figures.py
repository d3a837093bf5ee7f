"""Key figures and costs come to what a slow reading of the log, run by run, comes to, whatever happened."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.control.sections import ReportingSettings, Settings
from remit.insight.kpi_catalog import KPIS
from remit.testing import ManualClock, stage
from remit.testing.pytest_plugin import script
from tests.engine.conftest import on_postgres, on_sqlite, opened, place
from tests.engine.places import parked
from tests.gate.desk import Bank, agent, write_policy
from tests.insight.histories import ACTS, CLERK, CRITIC, child, history, live, talk
from tests.reporting.reference import figures, stories
from tests.samples import samples

if TYPE_CHECKING:
    from remit.testing import Stage
    from remit.testing.scripting import Script
    from tests.engine.places import Place

__all__ = ["on_postgres", "on_sqlite", "opened", "place", "script"]
CENTS = 250
CHOSEN = replace(Settings(), reporting=ReportingSettings(decision_cents=CENTS))
_AFTER = st.lists(st.sampled_from(["undo", "read", "restart"]), max_size=3)
_HISTORIES = st.lists(
    st.tuples(st.lists(ACTS, min_size=1, max_size=4), _AFTER, st.sampled_from(["", "ana"])),
    min_size=1,
    max_size=3,
)
_EVERYTHING: list[tuple[list[tuple[str, str]], list[str], str]] = [
    ([("ask", "writes"), ("ask", "loops"), ("human", "approve")], ["undo", "read"], ""),
    ([("spawn", "breaks"), ("together", "errs"), ("own", "fails")], ["restart"], "ana"),
    ([("ask", "guesses"), ("human", "reject")], [], ""),
    ([("spawn", "writes"), ("human", "cancel")], ["undo"], ""),
]
_RULES = """
@id("everything") permit (principal, action, resource);
@id("large") @ask("leads")
forbid (principal, action == Action::"call", resource == Tool::"refund")
when { context.cents > 200 && context.cents < 10000 };
@id("never") forbid (principal, action == Action::"call", resource == Tool::"refund")
when { context.cents >= 10000 };
"""
_BY_DAYS = {"findings", "first_agent", "time", "time_without_people", "scenario_growth", "judges"}


async def test_figures_are_those_of_the_log(place: Place) -> None:
    async with stage(
        history, child, workspace=place.folder, database=place.database, agents=[CLERK, CRITIC], chosen=CHOSEN
    ) as on:
        on.platform.simulate(talk)
        runs = await live(on, _EVERYTHING)
        for question, rating in zip(await _decided(on, runs), (2, 5), strict=False):
            await on.platform.rate(question, rating)
        told = await _compare(on)
    assert told["needless_escalation"] == (1, 2)
    assert told["reviewer_satisfaction"] == (7, 2)
    for name in ("loops", "tool_failure", "incorrect_action", "attempted_violation"):
        pair = told[name]
        assert pair is None or pair[0] <= pair[1]
    assert sum(pair is not None and pair[0] > 0 for pair in told.values()) >= 9, (
        "most figures counted nothing"
    )


async def test_what_rules_and_people_stop_is_counted_on_the_day_on_which_it_began(
    place: Place, script: Script
) -> None:
    bank, clock = Bank(), ManualClock()
    clerk = agent(bank.refund(undo="none"))
    for cents in (500, 600, 700, 20_000, 100):
        script(clerk).calls("refund", order="o-1", cents=cents).says("done")
    write_policy(place.folder, _RULES)
    async with stage(
        workspace=place.folder,
        database=place.database,
        agents=[clerk],
        script=script,
        clock=clock,
        chosen=CHOSEN,
    ) as on:
        for verdict in ("approve", "edit", "reject", "", ""):
            run = await on.start("clerk", question="refund")
            if verdict:
                await parked(run, "human")
                (question,) = await on.inbox()
                match verdict:
                    case "approve":
                        await on.platform.approve(question.id)
                    case "edit":
                        await on.platform.approve(
                            question.id, value={"arguments": {"order": "o-1", "cents": 300}}
                        )
                    case _:
                        await on.platform.reject(question.id, "no")
            await run.result()
            clock.leap(86_400)
        told = await _compare(on)
        assert told["incorrect_action"] == (2, 4)
        assert told["attempted_violation"] == (1, 15)
        assert told["automation"] == (2, 5)
        for days, tasks in (("1d", 0), ("2d", 1), ("3d", 2), ("6d", 5)):
            assert (await on.platform.reporting.kpis(since=days)).tasks == tasks
        costs = await on.platform.reporting.costs("day", since="6d")
        assert len([row for row in costs.costs.rows if row.cost]) == 5


@settings(
    max_examples=samples(5), deadline=None, derandomize=True, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
@given(_HISTORIES)
def test_whatever_happened_figures_are_those_of_the_log(plans: Any) -> None:
    asyncio.run(_on_its_own(plans))


async def _on_its_own(plans: Any) -> None:
    async with stage(history, child, agents=[CLERK, CRITIC], chosen=CHOSEN) as on:
        on.platform.simulate(talk)
        await live(on, plans)
        await _compare(on)


async def _compare(on: Stage) -> dict[str, tuple[int, int] | None]:
    """Every figure and every sum of money, against the slow reading."""
    platform = on.platform
    expected = await figures(platform.ground, CENTS)
    found = {each.name: each for each in (await platform.reporting.kpis()).figures}
    measured = {kpi.name for kpi in KPIS if not kpi.absent}
    assert expected.keys() == measured - _BY_DAYS, "a figure is not compared"
    for name, pair in expected.items():
        figure = found[name]
        made_of = None if figure.state == "no data" else (figure.numerator, figure.denominator)
        assert made_of == pair, name
        if pair is not None:
            assert figure.value is not None
            assert abs(figure.value - Fraction(*pair)) < 1e-9, name
    await _compare_times(on, found)
    await _compare_costs(on)
    return expected


async def _compare_times(on: Stage, found: dict[str, Any]) -> None:
    """A percentile from buckets holds the value of the run that it stands for."""
    over = [
        each for each in (await stories(on.platform.ground)).values() if each.sort == "task" and each.over
    ]
    took = sorted(each.ended - each.began for each in over)
    assert found["time"].denominator == (len(took) or None)
    for part, rank in zip(found["time"].parts, (0.5, 0.95, 0.99), strict=bool(took)):
        exact = took[max(0, -(-int(rank * 1000) * len(took) // 1000) - 1)]
        assert part.low <= exact <= part.high, part


async def _compare_costs(on: Stage) -> None:
    """Parts are whole micro-units and add up to the whole, however they are told apart."""
    told = await stories(on.platform.ground)
    by_model = sum((each.by_model for each in told.values()), Counter[str]())
    by_flow = Counter[str]()
    for each in told.values():
        by_flow[each.flow] += each.money
    total = sum(each.money for each in told.values())
    done = sum(each.sort == "task" and each.status == "succeeded" for each in told.values())
    for by, expected in (
        ("model", by_model),
        ("flow", by_flow),
        ("team", None),
        ("release", None),
        ("day", None),
    ):
        costs = (await on.platform.reporting.costs(by)).costs
        assert costs.total.cost == total == sum(row.cost for row in costs.rows)
        assert costs.total.succeeded == done
        if expected is not None:
            assert {row.part: row.cost for row in costs.rows if row.cost} == +expected


async def _decided(on: Stage, runs: list[str]) -> list[str]:
    rows = await on.platform.ground.database.fetch("approvals.like", "default", "a-%")
    return sorted(row[0] for row in rows if row[2] in runs and row[10] in {"approved", "rejected"})
