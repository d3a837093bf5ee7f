"""Costs and figures at the terminal: what runs came to stands there, and a burning objective is an exit code."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from remit import Run, flow
from remit.cli.saying import rated
from remit.domain.errors import RunFailed
from remit.testing import stage
from tests.cli.conftest import Terminal
from tests.engine.places import parked

OBJECTIVES = """
[slo.never-fails]
metric = "success"
objective = 0.99
least = 1
"""


@flow
async def asks(run: Run) -> str:
    """Hand the matter to a person."""
    return await run.human("leads", "go on?")


async def test_costs_figures_and_objectives_are_said_where_no_worker_runs(remit: Terminal) -> None:
    with (remit.place / "remit.toml").open("a") as file:
        file.write(OBJECTIVES)
    async with stage(asks, workspace=remit.place) as on:
        first = await on.start(asks)
        await parked(first, "human")
        await on.platform.reject((await on.inbox())[0].id)
        with pytest.raises(RunFailed):
            await first.result()
        await parked(await on.start(asks), "human")
        (item,) = await on.inbox()
    remit("approve", item.id, "--rating", "4", "--note", "a list would help", code=0)
    found = {each["name"]: each for each in remit("kpis", "--json", code=0).json["figures"]}
    assert (found["reviewer_satisfaction"]["value"], found["reviewer_satisfaction"]["denominator"]) == (
        4.0,
        1,
    )
    assert (found["task_success"]["numerator"], found["task_success"]["denominator"]) == (0, 1)
    assert found["gate_pass"]["state"] == "no data"
    burning = remit("kpis", "--slo", code=1)
    assert "never-fails burns: 14.4x over 1h and 5m (page)" in burning.out
    assert "$0 in 0 model calls" in remit("costs", "--by", "flow", "--budgets", code=0).out
    remit("kpis", "--month", "2026-11", "--out", "month.html", code=0)
    assert (remit.place / "month.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize(("typed", "rating"), [("4\n", 4), ("\n", None), ("no\n", None), ("6\n", None)])
def test_whoever_is_asked_how_well_they_could_decide_need_not_say(typed: str, rating: int | None) -> None:
    heard: list[int | None] = []
    asks_once = click.Command("asks", callback=lambda: heard.append(rated("How well?")))
    assert CliRunner().invoke(asks_once, input=typed).exit_code == 0
    assert heard == [rating]
