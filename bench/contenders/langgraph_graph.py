"""LangGraph as a graph: one node after another, each checkpointed before the next (durability="sync").

It owns two graphs: a line of no-op nodes that keeps only the last result, and a conversation under the
default `add_messages`. It must not share state between runs: each run is a thread of its own.
"""

from __future__ import annotations

import operator
import random
import string
import uuid
from collections.abc import Sequence
from typing import Annotated, Any, TypedDict

import uvloop
from langchain_core.messages import AIMessage, AnyMessage
from langgraph.channels import DeltaChannel
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages

from bench.contenders.lanes import fill, result
from bench.contenders.langgraph_savers import open_saver
from bench.protocol import Answer, Case, Tally, options, serve_async


class Line(TypedDict):
    """The cheapest honest state: the last result only."""

    last: dict[str, object]


class Talk(TypedDict):
    """A conversation as most graphs keep it."""

    messages: Annotated[list[AnyMessage], add_messages]
    said: Annotated[int, operator.add]
    wanted: int


def extend(messages: list[AnyMessage], batches: Sequence[list[AnyMessage]]) -> list[AnyMessage]:
    return messages + [message for batch in batches for message in batch]


class DeltaTalk(TypedDict):
    """The same on the opt-in (beta) channel that keeps differences: the rival at its best."""

    messages: Annotated[list[AnyMessage], DeltaChannel(extend)]
    said: Annotated[int, operator.add]
    wanted: int


async def main() -> None:
    async with open_saver(options()) as saver:
        lines: dict[int, Any] = {}

        async def run_line(steps: int) -> None:
            if steps not in lines:
                lines[steps] = line(steps, saver)
            await lines[steps].ainvoke({"last": {}}, thread(steps), durability="sync")

        async def handle(case: Case) -> Answer | Tally:
            if case.work == "conversation":
                return await converse(case.steps, saver, DeltaTalk if options().get("delta") else Talk)
            return await fill(case, run_line)

        await serve_async(handle)


def line(steps: int, saver: BaseCheckpointSaver[Any]) -> Any:
    """A straight line of no-op nodes."""
    graph = StateGraph(Line)
    names = [f"noop_{index}" for index in range(steps)]
    for name in names:
        graph.add_node(name, noop)
    for before, after in zip([START, *names], [*names, END], strict=True):
        graph.add_edge(before, after)
    return graph.compile(checkpointer=saver)


async def noop(_state: Line) -> Line:
    return {"last": result()}


async def converse(messages: int, saver: BaseCheckpointSaver[Any], talk: type[Any]) -> Answer:
    """One thread that says 1 KB per step."""
    graph = StateGraph(talk)
    graph.add_node("speak", speak)
    graph.add_edge(START, "speak")
    graph.add_conditional_edges("speak", lambda state: END if state["said"] >= state["wanted"] else "speak")
    compiled = graph.compile(checkpointer=saver)
    await compiled.ainvoke(
        {"messages": [], "said": 0, "wanted": messages}, thread(messages), durability="sync"
    )
    return {"messages": messages}


async def speak(state: Any) -> dict[str, object]:
    letters = random.Random(state["said"]).choices(string.ascii_letters + string.digits, k=1000)
    return {"messages": [AIMessage("".join(letters))], "said": 1}


def thread(steps: int) -> Any:
    return {"configurable": {"thread_id": uuid.uuid4().hex}, "recursion_limit": steps + 10}


if __name__ == "__main__":
    uvloop.run(main())
