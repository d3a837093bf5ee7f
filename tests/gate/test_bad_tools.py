"""Whatever a tool does, the model is told precisely, the budget is settled, and the run goes on or can be resumed."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from remit import Budget
from remit.domain.budgets import Account
from remit.gate.budgeting.budgets import BudgetBook
from remit.testing import Stage
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from remit.wire.messages import Message, ModelResponse, ToolCall
from tests.engine.places import TickingClock, parked, until
from tests.gate.desk import agent, desk, heard, outcomes


def _endless() -> Any:
    found: list[Any] = []
    found.append(found)
    return found


def _deep() -> Any:
    found: Any = "core"
    for _ in range(100_000):
        found = [found]
    return found


class _Odd:
    def __repr__(self) -> str:
        raise RuntimeError("not even that")


class _Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError("not even that")


def _raise(wrong: BaseException) -> Callable[[], Any]:
    def do() -> Any:
        raise wrong

    return do


BAD: dict[str, tuple[Callable[[], Any], str]] = {
    "raises": (_raise(ValueError("ticket 7 is locked")), "ticket 7 is locked"),
    "raises nothing to read": (_raise(_Mute()), "_Mute"),
    "raises the end of the process": (_raise(SystemExit(3)), "SystemExit"),
    "raises an interrupt": (_raise(KeyboardInterrupt()), "KeyboardInterrupt"),
    "raises the end of a generator": (_raise(StopIteration(1)), "StopIteration"),
    "raises a cancel": (_raise(asyncio.CancelledError()), "CancelledError"),
    "raises a lone surrogate": (_raise(ValueError("\ud800\0")), "ud800"),
    "answers 50 MB": (lambda: "x" * 50_000_000, "50,000,000 bytes"),
    "answers 50 MB of numbers": (lambda: list(range(8_000_000)), "bytes"),
    "answers bytes": (lambda: b"\xff\xfe", "//4="),
    "answers no number": (lambda: float("nan"), "cannot be written to the log"),
    "answers an endless number": (lambda: 10**400, "cannot be written to the log"),
    "answers itself": (_endless, "contains itself"),
    "answers far too deep": (_deep, "contains itself, or is nested too deep"),
    "answers something odd": (_Odd, "cannot be written to the log"),
    "answers a lone surrogate": (lambda: "\ud800", "not valid Unicode"),
}


def bad(do: Callable[[], Any], *, effect: str, threaded: bool) -> PythonTool:
    if threaded:

        def misbehave() -> Any:
            """Do something bad."""
            return do()

        return tool(effect=effect, timeout=60)(misbehave)

    async def misbehave_async() -> Any:
        """Do something bad."""
        return do()

    return tool(effect=effect, name="misbehave", timeout=60)(misbehave_async)


@pytest.mark.parametrize("threaded", [False, True], ids=["async", "thread"])
@pytest.mark.parametrize(("do", "said"), BAD.values(), ids=BAD)
async def test_a_bad_read_is_told_to_the_model_and_settled(
    do: Callable[[], Any], said: str, threaded: bool, script: Script, tmp_path: Path
) -> None:
    clerk, told = agent(bad(do, effect="read", threaded=threaded), budget=Budget(calls=1)), list[str]()
    script(clerk).calls("misbehave")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        assert await run.result() == "I see"
        assert said in told[0]
        assert len(told[0]) < 10_000, "the model is told, not flooded"
        (outcome,) = await outcomes(stage, run.id, "misbehave")
        assert outcome.detail["used"] == {"calls": 1}
        assert (await stage.platform.replay(run.id)).verdict == "equal"


@pytest.mark.parametrize(
    "case", ["raises", "raises the end of the process", "answers itself", "answers no number"]
)
async def test_a_bad_write_may_have_taken_place_and_a_person_is_asked(
    case: str, script: Script, tmp_path: Path
) -> None:
    clerk, told = (
        agent(bad(BAD[case][0], effect="write", threaded=False), budget=Budget(calls=1)),
        list[str](),
    )
    script(clerk).calls("misbehave")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        await parked(run, "unknown")
        assert told == []
        await stage.crash_and_restart()
        await run.approve("it did")
        assert await run.result() == "I see"
        assert told == ["it did"]
        (outcome,) = await outcomes(stage, run.id, "misbehave")
        assert outcome.detail["used"] == {"calls": 1}


async def test_a_write_that_answers_far_too_much_did_take_place(script: Script, tmp_path: Path) -> None:
    clerk, told = agent(bad(lambda: "x" * 50_000_000, effect="write", threaded=False)), list[str]()
    script(clerk).calls("misbehave")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        assert await run.result() == "I see"
        assert "It took place" in told[0]


@pytest.mark.parametrize("declared", [True, False], ids=["with a timeout", "without one"])
@pytest.mark.parametrize("threaded", [False, True], ids=["async", "thread"])
async def test_a_read_that_hangs_is_left_after_its_time(
    declared: bool, threaded: bool, script: Script, tmp_path: Path
) -> None:
    called, never = threading.Event(), threading.Event()
    more: dict[str, Any] = {"timeout": 5} if declared else {}
    if threaded:

        @tool(effect="read", name="hang", **more)
        def hang() -> str:
            """Hang."""
            called.set()
            never.wait()
            return ""
    else:

        @tool(effect="read", name="hang", **more)
        async def hang() -> str:
            """Hang."""
            called.set()
            await asyncio.Event().wait()
            return ""

    clerk, told, clock = agent(hang, budget=Budget(calls=2)), list[str](), TickingClock()
    script(clerk).calls("hang")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="try")
        await until(called.is_set)
        await clock.advance(6 if declared else 31)
        assert await run.result() == "I see"
        assert "did not answer within" in told[0]
    never.set()


@pytest.mark.parametrize("how", ["raises", "hangs", "answers itself", "answers a secret"])
async def test_a_look_at_the_state_before_that_fails_means_that_nothing_was_done(
    how: str, script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CRM_TOKEN", "canary-7f3a9b2c")
    looked, written = asyncio.Event(), list[str]()

    @tool(name="change", undo="restore", timeout=5, secrets=["CRM_TOKEN"])
    async def change(to: str) -> str:
        """Change it."""
        written.append(to)
        return to

    @change.before
    async def _look(**_: object) -> Any:
        looked.set()
        match how:
            case "raises":
                raise KeyError("nothing there")
            case "hangs":
                return await asyncio.Event().wait()
            case "answers itself":
                return _endless()
            case _:
                return {"password": "canary-7f3a9b2c"}

    @change.restore
    async def _put_back(image: Any) -> None:
        raise AssertionError(image)

    clerk, told, clock = agent(change), list[str](), TickingClock()
    script(clerk).calls("change", to="x")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk], clock=clock) as stage:
        run = await stage.start("clerk", question="try")
        await looked.wait()
        if how == "hangs":
            await clock.advance(6)
        assert await run.result() == "I see"
        (outcome,) = await outcomes(stage, run.id, "change")
        if how != "answers a secret":
            assert written == []
            assert "change" in told[0]
            return
        assert written == ["x"], "it can be done, and not be undone"
        assert "images" not in outcome.detail
        (planned,) = await stage.platform.undo_preview(run.id)
        assert not planned.possible


async def test_a_tool_cannot_call_itself_for_ever(script: Script, tmp_path: Path) -> None:
    @tool(effect="read", name="again", timeout=60)
    async def again(depth: int = 0) -> int:
        """Ask itself."""
        return await again(depth=depth + 1)

    clerk, told = agent(again), list[str]()
    script(clerk).calls("again")
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        assert await run.result() == "I see"
        assert told


async def test_nothing_is_held_of_a_budget_once_a_run_is_over(script: Script, tmp_path: Path) -> None:
    (tmp_path / "budgets.toml").write_text("[team]\ncalls = 1000\n")
    clerk = agent(*(bad(BAD[case][0], effect="read", threaded=False) for case in ("raises",)))
    script(clerk).calls("misbehave").calls("misbehave").says("enough")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        assert await run.result() == "enough"
        book = _book(stage)
        (pool,) = book._leased.values()
        assert pool.held.calls == 0
        assert pool.used.calls == 2
        assert book._local == {}
        assert book.used(Account(f"run:{run.id}", Budget())).calls == 0


def _book(stage: Stage) -> BudgetBook:
    return stage.platform._parts.house.gate.parts.budgets


@pytest.mark.parametrize("effect", ["read", "write"])
@pytest.mark.parametrize(
    ("sent", "says"),
    [
        ('{"order": "o-', "this is not JSON"),
        ("[1]", "the arguments are no JSON object"),
        ('{"order": 7}', 'look_at takes "order" as text'),
    ],
    ids=["no json", "no object", "no schema"],
)
async def test_arguments_that_do_not_fit_are_a_failure_of_the_schema_under_the_name_of_the_tool(
    effect: str, sent: str, says: str, script: Script, tmp_path: Path
) -> None:
    performed, told = list[str](), list[str]()

    @tool(effect=effect, name="look_at")
    async def look_at(order: str) -> str:
        """Look."""
        performed.append(order)
        return order

    clerk = agent(look_at, budget=Budget(calls=2))
    script(clerk).plays(
        lambda scene: ModelResponse("m", Message("assistant", (ToolCall("c-1", "look_at", sent),)), "tools")
    )
    script(clerk).plays(lambda scene: told.extend(heard(scene)) or "I see")
    async with desk(tmp_path, script, agents=[clerk]) as stage:
        run = await stage.start("clerk", question="try")
        assert await run.result() == "I see"
        (outcome,) = await outcomes(stage, run.id, "look_at")
        assert outcome.error == "bad_arguments"
        (asked,) = (await run.show()).steps
        (step,) = [each for each in asked.children if each.kind != "model"]
        assert (step.name, step.action and step.action.failure) == ("look_at", "schema")
        assert (await stage.platform.replay(run.id)).verdict == "equal"
    assert performed == []
    assert told[0].startswith(says)
