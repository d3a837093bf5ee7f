"""LangGraph over the log of Remit; run by `make test-integrations` in an environment that has both."""

from __future__ import annotations

from operator import add
from pathlib import Path
from typing import Annotated, Any, TypedDict

import pytest
from langgraph.graph import END, START, StateGraph
from langgraph.types import Command, interrupt

from remit.domain.errors import RunWasCancelled, WrongState
from remit.engine.flow import flow
from remit.integrations.langgraph import RemitSaver
from remit.testing.stage import stage

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class State(TypedDict):
    """What the graph hands on."""

    said: Annotated[list[str], add]


class World:
    """How often anything was really done."""

    def __init__(self) -> None:
        self.done: list[str] = []

    def graph(self) -> Any:
        def first(state: State) -> dict[str, Any]:
            self.done.append("first")
            return {"said": [f"first {len(state['said'])}"]}

        def asks(state: State) -> dict[str, Any]:
            return {"said": [f"a person says {interrupt('may I?')}"]}

        made = StateGraph(State)
        made.add_node("first", first)
        made.add_node("asks", asks)
        made.add_edge(START, "first")
        made.add_edge("first", "asks")
        made.add_edge("asks", END)
        return made


@flow
async def nothing(run: Any) -> None:
    """Nothing."""


async def test_an_interrupted_graph_goes_on_in_another_process(tmp_path: Path) -> None:
    world, thread = World(), {"configurable": {"thread_id": "t-1"}}
    async with stage(nothing, workspace=tmp_path) as made:
        graph = world.graph().compile(checkpointer=RemitSaver(made.platform))
        asked = await graph.ainvoke({"said": ["hello"]}, thread)
        assert asked["__interrupt__"][0].value == "may I?"
        await made.crash_and_restart()
        saver = RemitSaver(made.platform)
        graph = world.graph().compile(checkpointer=saver)
        ended = await graph.ainvoke(Command(resume="yes"), thread)
        assert ended["said"] == ["hello", "first 1", "a person says yes"]
        assert world.done == ["first"]
        view = await made.platform.show(await saver.run_of("t-1"))
        assert view.run.flow == "remit.thread"
        again = await graph.ainvoke({"said": ["more"]}, thread)  # the thread remembers
        assert again["said"][:4] == ["hello", "first 1", "a person says yes", "more"]


async def test_what_was_is_found_again_and_let_go_of(tmp_path: Path) -> None:
    world = World()
    async with stage(nothing, workspace=tmp_path) as made:
        saver = RemitSaver(made.platform)
        graph = world.graph().compile(checkpointer=saver)
        one, two = ({"configurable": {"thread_id": name}} for name in ("a", "b"))
        await graph.ainvoke({"said": ["one"]}, one)
        await graph.ainvoke({"said": ["two"]}, two)
        history = [each async for each in graph.aget_state_history(one)]
        assert [each.values.get("said") for each in history] == [["one", "first 1"], ["one"], []]
        early = history[-2].config
        assert (await graph.aget_state(early)).values == history[-2].values
        limited = [each async for each in saver.alist(one, limit=1)]
        assert [each.config for each in limited] == [history[0].config]
        assert [each.parent_config for each in limited] == [history[0].parent_config]
        await saver.adelete_thread("a")
        assert (await graph.aget_state(one)).values == {}
        assert (await graph.aget_state(two)).values["said"][0] == "two"


async def test_a_thread_that_an_operator_ends_keeps_nothing_more(tmp_path: Path) -> None:
    async with stage(nothing, workspace=tmp_path) as made:
        saver = RemitSaver(made.platform)
        graph = World().graph().compile(checkpointer=saver)
        thread = {"configurable": {"thread_id": "a"}}
        await graph.ainvoke({"said": ["one"]}, thread)
        run = await saver.run_of("a")
        await made.platform.cancel(run)
        with pytest.raises(RunWasCancelled):
            await made.run(run).result()
        with pytest.raises(WrongState, match="has ended"):
            await graph.ainvoke({"said": ["more"]}, thread)
