"""A graph becomes a flow: one loop that does what the node says and takes the first edge that holds."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.agents.graphs.checking import check
from remit.domain.errors import NotEncodable
from remit.domain.event import object_of
from remit.engine.flow import Flow
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from remit.agents.graphs.outline import Node, Outline
    from remit.agents.run import Run

_END = "end"


def compile_graph(graph: Outline) -> Flow:
    """The flow of a checked graph."""
    check(graph)

    async def walk(run: Run, state: Any) -> Any:
        taken: Counter[int] = Counter()
        name = graph.start
        while name != _END:
            state = await _do(run, graph, graph.node(name), state)
            name = _next(graph, name, state, taken)
        return state

    walk.__doc__ = f"The graph {graph.name}."
    walk.__annotations__ = {"run": Any, "state": graph.state, "return": graph.state}
    walk.__module__ = graph.state.__module__
    return Flow(walk, graph.name, "", "UTC")


async def _do(run: Run, graph: Outline, node: Node, state: Any) -> Any:
    given = node.given(state) if node.given is not None else state
    match node.does:
        case Agent() as agent:
            answer = await run.ask(agent, given)
        case Tool() as tool:
            named = object_of(given) or dataclasses.asdict(given)
            answer = await run.call(tool, **named)
        case function:
            new = await function(run, state)
            if not isinstance(new, graph.state):
                raise NotEncodable(
                    f"{node.name} has to give a {graph.state.__name__}, and gave a {type(new).__name__}."
                )
            return new
    return dataclasses.replace(state, **{node.into: answer})


def _next(graph: Outline, name: str, state: Any, taken: Counter[int]) -> str:
    for number, edge in enumerate(graph.edges):
        if edge.start != name or (edge.most is not None and taken[number] >= edge.most):
            continue
        if edge.when is None or edge.when(state):
            taken[number] += 1
            return edge.to
    raise AssertionError(name)  # a checked graph has an edge that always holds
