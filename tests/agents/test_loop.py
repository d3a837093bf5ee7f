"""The loop of an agent: every model call and tool call a durable step; whatever a model says, the run goes on or ends
in one sentence.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import pytest

from remit.agents.agent import Agent, Fallback, Limits
from remit.domain.budgets import Budget
from remit.domain.errors import RunFailed
from remit.models.simulation.lines import Line, Wanted
from remit.testing.scripting import Script
from remit.testing.stage import Stage, stage
from remit.tools.tool import tool
from remit.wire.messages import Message, ModelResponse, Refusal, Text, ToolCall, Usage
from tests.agents.conftest import Resolution, World

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.control.runs.views import StepView
    from remit.testing.stage import StagedRun

PROMPT = "You handle tickets."


async def _run(agent: Agent, script: Script, use: Callable[[StagedRun, Stage], Any] | None = None) -> Any:
    async with stage(agents=[agent], script=script) as platform:
        run = await platform.start("triage", question={"id": 1})
        return await (use(run, platform) if use is not None else run.result())


def _said(text: str, finish: Any = "stop", **usage: int) -> ModelResponse:
    return ModelResponse("sim", Message("assistant", (Text(text),) if text else ()), finish, Usage(**usage))


def _steps(views: list[StepView]) -> list[StepView]:
    return [step for view in views for step in (view, *_steps(view.children))]


async def test_an_agent_reads_writes_and_answers_and_each_is_a_step(world: World, script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket, world.set_status], output=Resolution)
    script(agent).calls("get_ticket", id=1).calls("set_status", id=1, status="solved")
    script(agent).replies(Resolution("done"))

    async def look(run: StagedRun, _: Stage) -> Any:
        answer = await run.result()
        view = await run.show()
        return answer, [(step.name, step.kind) for step in _steps(view.steps)], view.spent

    answer, steps, spent = await _run(agent, script, look)
    assert answer == Resolution("done")
    assert world.tickets[1] == "solved"
    assert steps == [
        ("triage", "agent"), ("model", "model"), ("get_ticket", "step"), ("model#2", "model"),
        ("set_status", "write"), ("model#3", "model"),
    ]  # fmt: skip
    assert (spent.model_calls, spent.tool_calls, spent.simulated) == (3, 2, True)


@pytest.mark.parametrize("steps", range(1, 9))
async def test_a_crash_after_any_event_repeats_no_write_and_asks_no_model_twice(
    steps: int, world: World
) -> None:
    script = Script()
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket, world.set_status])
    script(agent).calls("set_status", id=1, status="a").calls("set_status", id=1, status="b").says("ready")
    async with stage(agents=[agent], script=script) as platform:
        run = await platform.start("triage", question={"id": 1})
        async for view in platform.platform.watch(run.id):
            if view.events >= steps or view.run.ended_at:
                break
        await platform.crash_and_restart()
        assert await run.result() == "ready"
        assert world.writes == [(1, "a"), (1, "b")]
        report = await platform.platform.replay(run.id)
        assert report.verdict == "equal"


async def test_reads_of_one_turn_go_side_by_side_and_writes_in_order(world: World, script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket, world.set_status])
    script(agent).calls("get_ticket", id=1).also("get_ticket", id=2).also(
        "set_status", id=1, status="x"
    ).also("set_status", id=2, status="y").also("get_ticket", id=3)
    script(agent).says("ok")
    assert await _run(agent, script) == "ok"
    assert world.writes == [(1, "x"), (2, "y")]
    assert world.reads == 3


# --- what models say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("get_ticket", '{"id": "seven"}', "id"),
        ("get_ticket", '{"id": 1, "why": "x"}', "why"),
        ("get_ticket", "{}", "id"),
        ("get_ticket", '{"id": 1', "JSON"),
        ("get_ticket", "[1]", "object"),
        ("get_ticket", '{"id": 1, "id": 2}', "twice"),
        ("get_ticket", '{"id": 99999999999999999999}', "2^53"),
        ("drop_tables", '{"id": 1}', "no tool"),
        ("../../etc\n\x00", "{}", "no tool"),
        ("", "{}", "no tool"),
    ],
)
async def test_a_bad_call_is_told_to_the_model_and_the_run_goes_on(
    name: str, arguments: str, told: str, world: World, script: Script
) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket])
    heard: list[str] = []

    def decide(scene: Any) -> ModelResponse:
        results = [
            part for message in scene.request.messages for part in message.parts if hasattr(part, "failed")
        ]
        if not results:
            return ModelResponse(
                "sim", Message("assistant", (ToolCall("c1", name, arguments),)), "tools", Usage()
            )
        heard.extend(inner.text for part in results for inner in part.parts)
        assert results[0].failed
        return _said("understood")

    script(agent).plays(decide).forever()
    assert await _run(agent, script) == "understood"
    assert told in heard[0]
    assert world.reads == 0


async def test_a_hundred_calls_at_once_are_bounded_and_each_is_answered(world: World, script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket], limits=Limits(calls_per_turn=10))
    answered: list[int] = []

    def decide(scene: Any) -> ModelResponse:
        last = scene.request.messages[-1]
        if last.role != "tool":
            calls = tuple(ToolCall(f"c{n}", "get_ticket", f'{{"id": {n % 3 + 1}}}') for n in range(100))
            return ModelResponse("sim", Message("assistant", calls), "tools", Usage())
        answered.append(len(last.parts))
        return _said("ok")

    script(agent).plays(decide).forever()
    assert await _run(agent, script) == "ok"
    assert answered == [100], "every call that a model makes has to be answered"
    assert world.reads == 10


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (_said(""), "malformed_answer"),
        (_said("half", "length"), "malformed_answer"),
        (_said("I call a tool", "tools"), "malformed_answer"),
        (ModelResponse("sim", Message("assistant", (Refusal("no"),)), "stop", Usage()), "model_refused"),
    ],
)
async def test_an_answer_that_is_none_ends_in_a_clear_failure(
    answer: ModelResponse, code: str, world: World, script: Script
) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket])
    script(agent).plays(lambda _: answer).forever()

    async def look(run: StagedRun, _: Stage) -> str:
        with pytest.raises(RunFailed):
            await run.result()
        return (await run.show()).run.error

    assert await _run(agent, script, look) == code


async def test_an_answer_that_does_not_fit_is_sent_back_with_the_reason(script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, output=Resolution)
    heard: list[str] = []

    def decide(scene: Any) -> ModelResponse:
        last = scene.request.messages[-1].text
        heard.append(last)
        return _said('```json\n{"reply": "fine"}\n```' if "does not fit" in last else '{"reply": 7}')

    script(agent).plays(decide).forever()
    answer = await _run(agent, script)
    assert answer == Resolution("fine")
    assert "reply" in heard[1]


async def test_an_answer_that_never_fits_fails_after_its_repairs(script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, output=Resolution, limits=Limits(repairs=1))
    script(agent).plays(lambda _: _said("nonsense")).forever()

    async def look(run: StagedRun, _: Stage) -> Any:
        with pytest.raises(RunFailed):
            await run.result()
        view = await run.show()
        return view.run.error, view.spent.model_calls

    assert await _run(agent, script, look) == ("output_invalid", 2)


# --- limits ---------------------------------------------------------------------------------------------------


async def _failure(agent: Agent, script: Script) -> Any:
    async def look(run: StagedRun, _: Stage) -> Any:
        with pytest.raises(RunFailed):
            await run.result()
        view = await run.show()
        return view.run.error, view.spent

    return await _run(agent, script, look)


async def test_a_loop_is_noticed(world: World, script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket], limits=Limits(repeats=2))
    script(agent).calls("get_ticket", id=1).forever()
    error, spent = await _failure(agent, script)
    assert error == "loop_detected"
    assert spent.tool_calls == 3


async def test_two_calls_in_turn_are_noticed_as_well(world: World, script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket], limits=Limits(repeats=2))
    turn = iter(range(1000))
    script(agent).plays(
        lambda _: ModelResponse(
            "sim",
            Message("assistant", (ToolCall("c", "get_ticket", f'{{"id": {next(turn) % 2 + 1}}}'),)),
            "tools",
            Usage(),
        )
    ).forever()
    error, _ = await _failure(agent, script)
    assert error == "loop_detected"


@pytest.mark.parametrize(
    ("circle", "repeats", "says"),
    [
        ("a", 1, "repeats the same call (look_a)"),
        ("ab", 3, "takes turns between the same 2 steps (look_a, look_b)"),
        ("abc", 5, "takes turns between the same 3 steps (look_a, look_b, look_c)"),
        ("a", 20, "repeats the same call (look_a)"),
    ],
)
async def test_a_circle_is_noticed_however_patient_the_agent_may_be(
    circle: str, repeats: int, says: str, script: Script
) -> None:
    tools = [tool(effect="read", name=f"look_{each}")(_nothing) for each in "abc"]
    walker = Agent("walker", prompt="Walk.", tools=tools, limits=Limits(steps=100, repeats=repeats))
    turns = itertools.cycle(circle)
    script(walker).plays(lambda _: Line(calls=(Wanted(f"look_{next(turns)}", {}),))).forever()
    async with stage(agents=[walker], script=script) as platform:
        run = await platform.start("walker", question="go")
        with pytest.raises(RunFailed) as failed:
            await run.result()
    assert says in failed.value.message
    assert f"{repeats + 1} times now" in failed.value.message


async def _nothing() -> str:
    """Look."""
    return "nothing"


async def test_steps_are_bounded(world: World, script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket], limits=Limits(steps=4, repeats=100))
    script(agent).calls("get_ticket", id=1).forever()
    error, spent = await _failure(agent, script)
    assert (error, spent.model_calls) == ("no_progress", 4)


@pytest.mark.parametrize("budget", [Budget(calls=2), Budget(steps=3), Budget(tokens=9000), Budget(usd=0.01)])
async def test_a_budget_is_never_exceeded(budget: Budget, world: World, script: Script) -> None:
    limits = Limits(repeats=100, steps=100)
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket], budget=budget, limits=limits)
    script(agent).calls("get_ticket", id=1).uses(Usage(input=2000, output=20)).forever()
    error, spent = await _failure(agent, script)
    assert error == "budget_exhausted"
    most = budget.limits
    assert spent.tool_calls <= most.get("calls", 100)
    assert spent.model_calls <= most.get("steps", 100)
    assert spent.tokens <= most.get("tokens", 10**9)
    assert spent.money <= most.get("money", 10**9)
    assert spent.model_calls >= 2, "what fits is let pass"


async def test_an_unsure_answer_goes_to_a_person(script: Script) -> None:
    agent = Agent("triage", prompt=PROMPT, output=Resolution, fallback=Fallback(0.8, human="support-leads"))
    script(agent).replies(Resolution("perhaps", 0.4))

    async def look(run: StagedRun, platform: Stage) -> Any:
        assert (await run.waits_for()).group == "support-leads"
        await platform.crash_and_restart()
        await run.approve({"reply": "certainly", "confidence": 1.0}, by="lea")
        return await run.result()

    answer = await _run(agent, script, look)
    assert answer == Resolution("certainly")


async def test_a_long_conversation_is_shortened_once_and_the_summary_is_durable(
    world: World, script: Script
) -> None:
    agent = Agent("triage", prompt=PROMPT, tools=[world.get_ticket], limits=Limits(repeats=100, steps=60))
    seen: list[int] = []

    def decide(scene: Any) -> ModelResponse:
        messages = scene.request.messages
        if "Summarise" in messages[0].text:
            return _said("ticket 1 was looked at")
        seen.append(len(messages))
        if len(seen) < 12:
            filler = "x" * 60_000
            call = ToolCall(f"c{len(seen)}", "get_ticket", '{"id": 1}')
            return ModelResponse("sim", Message("assistant", (Text(filler), call)), "tools", Usage())
        return _said("done")

    script(agent).plays(decide).forever()

    async def look(run: StagedRun, platform: Stage) -> Any:
        answer = await run.result()
        report = await platform.platform.replay(run.id)
        return answer, report.verdict

    assert await _run(agent, script, look) == ("done", "equal")
    assert any(later < earlier for earlier, later in itertools.pairwise(seen)), "it was shortened"
