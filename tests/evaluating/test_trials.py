"""A trial runs the very flow or agent through the one gate, in the world of its scenario: nothing is sent, nobody is
asked, nothing is waited for, and nothing of it counts as work that somebody wanted.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit import Run, allow, bind, contract, flow, step
from remit.control.evaluating.views import ExperimentView, Wish
from remit.control.sections import WorkspaceSettings
from remit.control.settings import Settings
from remit.domain.effects import Effect
from remit.domain.errors import RunFailed, ToolFailed
from remit.engine.flow import Flow
from remit.engine.step import Step
from remit.quality.scenarios.expectation import equals
from remit.quality.scenarios.scenario import (
    Environment,
    Gold,
    GoldAction,
    Scenario,
    StateCheck,
    ToolAnswer,
    Turn,
)
from remit.quality.suite import Suite
from remit.testing import Stage, stage
from remit.testing.scripting import Script
from tests.evaluating import desk


async def tried(place: Stage, scenario: Scenario, target: str = "handle", **wish: Any) -> ExperimentView:
    """One scenario, put to a target."""
    suite = Suite("one", target, (scenario,))
    return await place.platform.evaluating.run(suite, Wish(**wish))


def of(view: ExperimentView) -> dict[str, Any]:
    """The only arm."""
    return view.outcome["arms"][0]


async def test_it_is_answered_by_its_scenario_and_nothing_is_sent_or_waited_for(database: str) -> None:
    async with stage(desk.handle, database=database) as place:
        one = desk.scenario(7)
        gold = replace(one.gold, state=(StateCheck("solved", equals("solved"), "tickets.7.status"),))
        view = await tried(place, replace(one, gold=gold), trials=2)
        assert of(view)["failed"] == []
        assert of(view)["scored"] == 2
        row = await place.platform.row(f"{view.id}.0-0-1-1")
        assert row.status.value == "succeeded", "four hours of sleep were waited for"
        figures = await place.platform.reporting.kpis(since="1d")
        assert figures.tasks == 0, "a trial counts as work that somebody asked for"
        assert await place.inbox() == []


async def test_people_and_messages_are_scripted_and_children_are_trials() -> None:
    turns = (
        Turn({"ticket": 3, "status": "solved"}, group="leads", reason="go on"),
        Turn("from the user", signal="note"),
    )
    gold = Gold(equals("from the user"), (GoldAction("set_status", times=2),))
    scenario = Scenario("asks", {"ticket_id": 3}, turns, desk.WORLD, gold)
    async with stage(desk.ask_first, desk.handle) as place:
        assert of(await tried(place, scenario, "ask_first"))["failed"] == []
        assert await place.inbox() == []
        no = replace(scenario, name="no", turns=(Turn(group="leads", approves=False, reason="not now"),))
        refused = of(await tried(place, no, "ask_first"))["failed"][0]
        assert "rejected" in refused["why"]
        assert refused["status"] == "scored"
        silent = of(await tried(place, replace(scenario, name="silent", turns=()), "ask_first"))["failed"][0]
        assert "it waits for leads" in silent["why"]
        assert silent["status"] == "scored"


async def test_a_world_without_an_answer_says_nothing_about_the_agent() -> None:
    async with stage(desk.handle) as place:
        empty = replace(desk.scenario(1), environment=Environment())
        lost = of(await tried(place, empty))
        assert (lost["infra"], lost["scored"], lost["metrics"][0]["value"]) == (1, 0, None)
        assert "does not say what get_ticket answers to (id=1)" in lost["failed"][0]["why"]
        assert (await tried(place, empty)).lost


async def test_a_tool_that_fails_in_its_world_is_told_to_the_agent(script: Script) -> None:
    world = replace(desk.WORLD, answers=(ToolAnswer("get_ticket", error="there is none"),))
    gold = Gold(equals("I could not find it."))
    scenario = Scenario("gone", {"question": "Ticket 5?"}, (), world, gold)
    script("triage").calls(desk.get_ticket, id=5).says("I could not find it.")
    async with stage(desk.handle, agents=[desk.triage], script=script) as place:
        arm = of(await tried(place, scenario, "triage"))
        assert arm["failed"] == []
        assert arm["cost"] > 0


async def test_a_talk_goes_on_for_as_long_as_the_user_has_something_to_say(script: Script) -> None:
    scenario = Scenario("talks", {"question": "Hello?"}, (Turn("And now?"),), gold=Gold(equals("Two.")))
    heard: list[str] = []

    def second(scene: Any) -> str:
        heard.extend(message.text for message in scene.messages[1:])
        return "Two."

    script("triage").says("One.").plays(second)
    async with stage(desk.handle, agents=[desk.triage], script=script) as place:
        assert of(await tried(place, scenario, "triage"))["failed"] == []
    assert heard == ["Hello?", "One.", "And now?"]


async def test_a_trial_draws_on_no_purse_of_the_team_and_is_held_to_that_of_its_flow(tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_text("[team]\ncalls = 3\n")
    async with stage(desk.handle, workspace=tmp_path) as place:
        assert of(await tried(place, desk.scenario(2), trials=4))["failed"] == [], (
            "eight calls, of the team's three"
        )
    (tmp_path / "budgets.toml").write_text("[flows.handle]\ncalls = 1\n")
    async with stage(desk.handle, workspace=tmp_path) as place:
        failed = of(await tried(place, desk.scenario(2), fresh=True))["failed"][0]
        assert "budget_exhausted" in failed["why"]


async def test_rules_and_contracts_say_what_they_always_say(tmp_path: Path) -> None:
    (tmp_path / "policies").mkdir()
    rules = tmp_path / "policies" / "rules.cedar"
    rules.write_text(
        "permit (principal, action, resource);\n"
        '@reason("not the third")\n'
        'forbid (principal, action == Action::"call", resource == Tool::"set_status")\n'
        "when { context.id == 3 };\n"
        '@ask("leads") @reason("the fourth is asked about")\n'
        'forbid (principal, action == Action::"call", resource == Tool::"set_status")\n'
        "when { context.id == 4 };\n"
    )
    async with stage(desk.handle, agents=[desk.triage], workspace=tmp_path) as place:
        denied = of(await tried(place, desk.scenario(3)))["failed"][0]
        assert "not the third" in denied["why"]
        asked = of(await tried(place, desk.scenario(4)))["failed"][0]
        assert "it waits for leads" in asked["why"]
        agreed = desk.scenario(4, turns=(Turn(group="leads"),))
        assert of(await tried(place, agreed))["failed"] == []
        assert await place.inbox() == []


BOUND = contract(allow(desk.set_status, id=bind.literal("number"), status=["solved"]), on_violation="deny")


@flow(contract=BOUND)
async def bounded(run: Run, ticket_id: int, told: str) -> None:
    """Set the status of another ticket than the one that was asked about."""
    del told
    await run.call(desk.set_status, ticket_id + 1, "solved")


async def test_a_trial_is_held_to_the_contract_that_the_real_run_would_be_held_to() -> None:
    given: dict[str, Any] = {"ticket_id": 700_001, "told": "solve 700001"}
    lures = Environment((ToolAnswer("set_status", result={"id": 700_002}),), {"note": "the user says 700002"})
    async with stage(bounded) as place:
        real = await place.start(bounded, **given)
        with pytest.raises(RunFailed) as denied:
            await real.result()
        scenario = Scenario("bound", given, environment=lures, gold=Gold(equals("no")))
        tried_too = of(await tried(place, scenario, "bounded"))["failed"][0]
    said = str(denied.value).partition("may not call")[2].splitlines()[0]
    assert "contract" in said, "the digest of the contract is part of it"
    assert said.rstrip(".") in tried_too["why"]


@flow
async def forgetful(run: Run) -> str:
    """Keep something, and look it up again."""
    await run.remember("colour", "blue")
    (found,) = await run.recall(key="colour")
    return str(found.value)


async def test_what_a_trial_remembers_nobody_else_does() -> None:
    async with stage(forgetful) as place:
        scenario = Scenario("remembers", gold=Gold(equals("blue")))
        assert of(await tried(place, scenario, "forgetful"))["failed"] == []
        assert await place.platform.memories() == []


async def test_nothing_of_a_trial_is_taken_back() -> None:
    async with stage(desk.handle) as place:
        view = await tried(place, desk.scenario(2))
        run = f"{view.id}.0-0-0-1"
        assert await place.platform.undo_preview(run) == []
        assert (await place.platform.row(run)).flow.endswith(".handle")


async def test_chance_is_that_of_the_seed() -> None:
    async with stage(desk.handle) as place:
        said = [await tried(place, desk.scenario(4), seed=seed, fresh=True) for seed in (1, 1, 2)]
        results = [(await place.platform.show(f"{each.id}.0-0-0-1")).result for each in said]
        assert results[0] == results[1] != results[2]


async def test_a_write_of_the_flows_own_code_is_refused_unless_it_says_how() -> None:
    async def careless(run: Any) -> str:
        async def send() -> None:
            raise ToolFailed("it was sent")

        await run.step(send)
        return "sent"

    flow = Flow(careless, "careless", "", "UTC")
    async with stage(flow) as place:
        failed = of(await tried(place, Scenario("sends", gold=Gold(equals("sent"))), "careless"))["failed"][0]
        assert "nothing says what it would have answered" in failed["why"]


@step(effect="write")
async def book(ticket: int) -> None:
    """Book it elsewhere."""
    desk.REACHED.append(f"book {ticket}")


@flow
async def books(run: Run, ticket_id: int) -> None:
    """Book a ticket."""
    await run.step(book, ticket_id)


@pytest.mark.parametrize("target", ["handle", "books"])
async def test_nothing_that_a_scenario_calls_real_is_changed_in_production(target: str) -> None:
    world = replace(desk.WORLD, real=("get_ticket", "set_status", "book"))
    one = replace(desk.scenario(7, environment=world), gold=Gold())
    for environment in ("stage", "prod"):
        chosen = Settings(workspace=WorkspaceSettings(environment=environment))
        async with stage(desk.handle, books, chosen=chosen) as place:
            (row,) = [of(await tried(place, one, target))]
            real = "set 7" in desk.REACHED or "book 7" in desk.REACHED
            assert real is (environment == "stage"), (
                "a system that is there to be tested with is really called"
            )
            assert row["scored"] == 1
            if environment == "prod" and target == "handle":
                assert desk.REACHED == ["get 7"], "reads are made"
        desk.REACHED.clear()


async def test_a_provider_that_is_down_is_no_failure_of_the_agent(script: Script) -> None:
    script("triage").fails("down").forever()
    scenario = Scenario("asks", {"question": "Hello?"}, gold=Gold(equals("Hello.")))
    async with stage(desk.handle, agents=[desk.triage], script=script) as place:
        arm = of(await tried(place, scenario, "triage"))
        assert (arm["infra"], arm["scored"], arm["infra_share"]) == (1, 0, 1.0)


async def test_a_trial_has_its_time_and_no_more() -> None:
    async def hangs(run: Any) -> None:
        async def wait() -> None:
            await asyncio.Event().wait()

        await run.step(Step(wait, effect=Effect.READ, name="wait"))

    async with stage(Flow(hangs, "hangs", "", "UTC")) as place:
        view = await tried(place, Scenario("waits", gold=Gold(equals("never"))), "hangs", seconds=0.05)
        assert view.lost
        assert "took longer than a trial may" in of(view)["failed"][0]["why"]
