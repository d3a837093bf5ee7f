"""Agents that work together: what each pattern promises, that it is durable, and that it ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from remit import Agent, Budget, Limits, Run, flow, patterns
from remit.agents.patterns import Plan, PlanStep
from remit.domain.errors import InvalidInput, RunFailed
from remit.testing.stage import stage
from tests.agents.conftest import World

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.engine.flow import Flow
    from remit.testing.scripting import Script


@dataclass(frozen=True)
class Verdict:
    good: bool
    advice: str = ""


@dataclass(frozen=True)
class Handed:
    text: str
    hand_to: str = ""


@dataclass(frozen=True)
class Choice:
    answer: str


@dataclass(frozen=True)
class Seen:
    """What a model was asked, by agent, in order."""

    questions: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])


def _agent(name: str, **declared: Any) -> Agent:
    return Agent(name, prompt=f"You are {name}.", **declared)


async def _result(body: Flow, script: Script, **given: Any) -> Any:
    """The result of a run that is replayed afterwards, and has to come to the same."""
    async with stage(body, script=script) as platform:
        run = await platform.start(body, **given)
        value = await run.result()
        assert (await platform.platform.replay(run.id)).verdict == "equal"
        return value


async def _failure(body: Flow, script: Script) -> str:
    async with stage(body, script=script) as platform:
        run = await platform.start(body)
        with pytest.raises(RunFailed):
            await run.result()
        return (await run.show()).run.error


async def test_a_pipeline_hands_each_answer_on(script: Script) -> None:
    first, second = _agent("first"), _agent("second")
    script(first).says("one")
    script(second).plays(lambda scene: f"two after {scene.user}")

    @flow
    async def body(run: Run) -> str:
        return await patterns.pipeline(run, [first, second], "zero")

    assert await _result(body, script) == "two after one"


async def test_a_router_is_plain_code_and_names_what_is_missing(script: Script) -> None:
    bills, other = _agent("bills"), _agent("other")
    script(other).says("somebody else")

    @flow
    async def body(run: Run, kind: str) -> str:
        agents = {"bill": bills, "rest": other}
        return await patterns.route(
            run, lambda given: given["kind"], agents, {"kind": kind}, otherwise="rest"
        )

    assert await _result(body, script, kind="unheard of") == "somebody else"


async def test_a_plan_is_carried_out_by_those_it_names_and_only_by_them(script: Script) -> None:
    planner, worker = _agent("planner", output=Plan), _agent("worker")
    script(planner).replies(
        Plan([PlanStep("worker", "look"), PlanStep("worker", "write")]), Plan([], "ready")
    )
    script(worker).says("looked", "written")

    @flow
    async def body(run: Run) -> str:
        return await patterns.plan_and_execute(run, planner, {"worker": worker}, "a task")

    assert await _result(body, script) == "ready"


async def test_a_plan_that_names_a_stranger_does_nothing_at_all(script: Script) -> None:
    planner, worker = _agent("planner", output=Plan), _agent("worker")
    script(planner).replies(Plan([PlanStep("worker", "look"), PlanStep("root", "rm")]))

    @flow
    async def body(run: Run) -> str:
        return await patterns.plan_and_execute(run, planner, {"worker": worker}, "a task")

    assert await _failure(body, script) == "invalid_input"


@pytest.mark.parametrize(
    ("verdicts", "rounds", "good"), [([True], 0, True), ([False, True], 1, True), ([False] * 3, 2, False)]
)
async def test_a_critic_is_bounded_and_says_whether_it_was_content(
    verdicts: list[bool], rounds: int, good: bool, script: Script
) -> None:
    writer, reviewer = _agent("writer"), _agent("reviewer", output=Verdict)
    script(writer).says(*(f"draft {n}" for n in range(rounds + 1)))
    script(reviewer).replies(*(Verdict(each, "more") for each in verdicts))

    @flow
    async def body(run: Run) -> dict[str, Any]:
        done = await patterns.critic(run, writer, reviewer, "write", rounds=2)
        return {"draft": done.draft, "good": done.good, "rounds": done.rounds}

    assert await _result(body, script) == {"draft": f"draft {rounds}", "good": good, "rounds": rounds}


async def test_debaters_see_each_other_and_a_judge_decides(script: Script) -> None:
    one, other, judge = _agent("one"), _agent("other"), _agent("judge")
    heard: list[str] = []

    def judged(scene: Any) -> str:
        heard.append(scene.user)
        return "the second"

    script(one).says("a", "still a")
    script(other).says("b", "a after all")
    script(judge).plays(judged)

    @flow
    async def body(run: Run) -> str:
        return await patterns.debate(run, [one, other], judge, "which?")

    assert await _result(body, script) == "the second"
    assert "still a" in heard[0]
    assert "a after all" in heard[0]


@pytest.mark.parametrize(("quorum", "error"), [(2, ""), (3, "no_quorum")])
async def test_a_swarm_needs_its_quorum_and_no_more(quorum: int, error: str, script: Script) -> None:
    member = _agent("member", limits=Limits(repairs=0))
    script(member).plays(lambda scene: "" if "2" in scene.user else f"did {scene.user}").forever()

    @flow
    async def body(run: Run) -> list[str]:
        answers = await patterns.swarm(run, member, ["1", "2", "3"], quorum=quorum)
        return [str(answer) if isinstance(answer, str) else "failed" for answer in answers]

    if error:
        assert await _failure(body, script) == error
    else:
        assert await _result(body, script) == ["did 1", "failed", "did 3"]


@pytest.mark.parametrize(
    ("said", "how", "answer"),
    [("aaa", "unanimous", "a"), ("aab", "majority", "a"), ("abc", "judge", "c")],
)
async def test_a_vote_says_how_it_was_settled(said: str, how: str, answer: str, script: Script) -> None:
    voters = [_agent(f"voter{n}", output=Choice) for n in range(3)]
    judge = _agent("judge", output=Choice)
    for voter, choice in zip(voters, said, strict=True):
        script(voter).replies(Choice(choice))
    if how == "judge":
        script(judge).replies(Choice("c"))

    @flow
    async def body(run: Run) -> list[str]:
        ballot = await patterns.vote(run, voters, "which?", judge=judge)
        return [ballot.how, ballot.answer.answer]

    assert await _result(body, script) == [how, answer]


async def test_a_split_vote_without_anybody_to_decide_is_no_result(script: Script) -> None:
    voters = [_agent(f"voter{n}") for n in range(2)]
    script(voters[0]).says("a")
    script(voters[1]).says("b")

    @flow
    async def body(run: Run) -> Any:
        return (await patterns.vote(run, voters, "which?")).answer

    assert await _failure(body, script) == "no_quorum"


async def test_a_hand_off_goes_on_with_what_is_known_and_never_in_circles(script: Script) -> None:
    front, back = _agent("front", output=Handed), _agent("back", output=Handed)
    script(front).replies(Handed("it is a bill", "back"))
    script(back).plays(
        lambda scene: '{"text": "paid"}' if "it is a bill" in scene.user else '{"text": "lost"}'
    )

    @flow
    async def body(run: Run) -> str:
        return (await patterns.handoff(run, {"front": front, "back": back}, "front", "help")).text

    assert await _result(body, script) == "paid"


async def test_agents_that_hand_on_for_ever_are_stopped(script: Script) -> None:
    front, back = _agent("front", output=Handed), _agent("back", output=Handed)
    script(front).replies(Handed("yours", "back")).forever()
    script(back).replies(Handed("yours", "front")).forever()

    @flow
    async def body(run: Run) -> str:
        return (await patterns.handoff(run, {"front": front, "back": back}, "front", "help")).text

    assert await _failure(body, script) == "loop_detected"


async def test_a_plan_that_a_person_sees_first_is_still_a_plan_and_may_be_changed(script: Script) -> None:
    planner, clerk = _agent("planner", output=Plan), _agent("clerk")
    script(planner).replies(Plan([PlanStep("clerk", "file everything")]), Plan(answer="filed"))
    script(clerk).plays(lambda scene: "did " + scene.user)

    @flow
    async def body(run: Run) -> str:
        return await patterns.plan_and_execute(
            run, planner, {"clerk": clerk}, "tidy", approve="leads", revisions=1
        )

    async with stage(body, script=script) as platform:
        run = await platform.start(body)
        await run.waits_for()
        with pytest.raises(InvalidInput, match="cannot stand in place"):
            await run.approve({"steps": "none"})
        await run.approve({"steps": [{"who": "clerk", "task": "file the bills"}], "answer": ""})
        assert await run.result() == "filed"
        (asked,) = [step for step in (await run.show()).steps if step.name == "clerk"]
        assert "file the bills" in str(asked.action and asked.action.arguments)


async def test_a_pattern_that_is_given_the_wrong_shape_says_what_it_takes(script: Script) -> None:
    one, two = _agent("one"), _agent("two")
    given: list[tuple[Any, ...]] = [
        (patterns.handoff, [one, two], "one", "help"),
        (patterns.plan_and_execute, one, [two], "help"),
        (patterns.route, len, one, "help"),
        (patterns.vote, one, "which?"),
        (patterns.vote, ["one"], "which?"),
        (patterns.debate, [one], two, "which?"),
        (patterns.pipeline, {"one": one}, "help"),
        (patterns.swarm, one, "pieces"),
    ]

    @flow
    async def body(run: Run) -> list[str]:
        said: list[str] = []
        for pattern, *rest in given:
            with pytest.raises(InvalidInput) as wrong:
                await pattern(run, *rest)
            said.append(f"{wrong.value.message} {wrong.value.hint}")
        return said

    assert await _result(body, script) == [
        'a hand-off takes its agents by name, and got a list. Give a dictionary: {"one": one, "two": two}.',
        'a plan takes its workers by name, and got a list. Give a dictionary: {"two": two}.',
        'a router takes its agents by name, and got the agent "one". Give a dictionary: {"one": one}.',
        'a vote takes its voters as a list, and got the agent "one". Put them into a list: [first, second].',
        'a vote asks agents, and among its voters is a str "one". Put them into a list: [first, second].',
        "a debate needs debaters, at least 2, and was given 1. Give it more agents.",
        "a pipeline takes its agents as a list, and got a dict. Put them into a list: [first, second].",
        'a swarm takes its pieces as a list, and got a str "pieces". Put them into a list: [first, second].',
    ]


# --- delegation -----------------------------------------------------------------------------------------------


async def _delegated(world: World, script: Script, look: Callable[[Any], Any], **lead: Any) -> Any:
    helper = _agent("helper", tools=[world.get_ticket, world.set_status], description="Looks tickets up.")
    boss = _agent("boss", delegates=[helper], **lead)
    script(boss).calls("helper", task="close ticket 1").says("done")
    script(helper).calls("set_status", id=1, status="solved").says("it is closed")
    async with stage(agents=[boss], script=script) as platform:
        run = await platform.start("boss", question="close it")
        return await look(run)


async def test_who_delegates_cannot_give_a_tool_that_it_does_not_have(world: World, script: Script) -> None:
    async def look(run: Any) -> Any:
        return await run.result()

    assert await _delegated(world, script, look, tools=[world.get_ticket]) == "done"
    assert world.writes == [], "the helper acts for the boss, who may not write"


async def test_with_the_tool_of_the_one_it_acts_for_it_may(world: World, script: Script) -> None:
    async def look(run: Any) -> Any:
        return await run.result()

    assert await _delegated(world, script, look, tools=[world.get_ticket, world.set_status]) == "done"
    assert world.writes == [(1, "solved")]


async def test_what_a_delegate_uses_comes_out_of_the_purse_of_its_principal(
    world: World, script: Script
) -> None:
    async def look(run: Any) -> Any:
        with pytest.raises(RunFailed):
            await run.result()
        return (await run.show()).run.error

    helper = _agent("helper", tools=[world.get_ticket])
    boss = _agent("boss", tools=[world.get_ticket], delegates=[helper], budget=Budget(steps=3))
    script(boss).calls("helper", task="look").says("never said").forever()
    script(helper).calls("get_ticket", id=1).calls("get_ticket", id=2).says("never said").forever()
    async with stage(agents=[boss], script=script) as platform:
        run = await platform.start("boss", question="look")
        assert await look(run) == "budget_exhausted"
        assert (await run.show()).spent.model_calls == 3
