"""The course of a graph: its nodes as hops, and how often each may be come to by way of the edges that lead back."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.agents.graphs.outline import END, Outline
from remit.quality.design.course import Course, Hop, Part, Test
from remit.quality.design.names import NOTHING
from remit.quality.design.reading import Reader
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.agents.graphs.outline import Edge, Node
    from remit.engine.flow import Flow
    from remit.quality.design.names import Taint
    from remit.quality.design.sources import Sources


def outline_of(flow: Flow) -> Outline | None:
    """The graph that a flow was made of, if it was."""
    try:
        found = inspect.getclosurevars(flow.fn).nonlocals.get("graph")
    except (TypeError, ValueError):
        return None
    return found if isinstance(found, Outline) else None


def read_graph(graph: Outline, flow: Flow | None, file: str, sources: Sources) -> Course:
    """The course of a graph that stands in a file."""
    reader, of_node = Reader(sources), dict[str, frozenset[int]]()
    fields = {node.into: node.name for node in graph.nodes if node.into}
    rounds = _rounds(graph)
    for node in graph.nodes:
        place = sources.call(file, "Node", node.name)
        with reader.part("again", times=rounds[node.name], place=place, endless=_endless(graph, node.name)):
            of_node[node.name] = _noted(reader, node, place, _read(node.given, fields, of_node))
    tests = [
        Test(sources.call(file, "Edge", edge.start, edge.to), found)
        for edge in graph.edges
        if edge.when is not None and (found := _read(edge.when, fields, of_node))
    ]
    place = sources.call(file, "Graph", graph.name)
    return Course(
        graph.name,
        place,
        flow,
        tuple(reader.hops),
        Part("then", tuple(reader.open[0])),
        (*reader.tests, *tests),
    )


def _noted(reader: Reader, node: Node, place: str, sources: Taint) -> Taint:
    match node.does:
        case Agent() as agent:
            return reader.note(Hop("agent", agent.name, place, agent, sources))
        case Tool() as tool:
            given = {"given": sources} if sources else {}
            return reader.note(Hop("tool", tool.name, place, tool, sources, given=given))
        case function:
            return reader.enter(function, {"state": sources}, {}, place)


def _read(
    code: Callable[[Any], Any] | None, fields: dict[str, str], of_node: dict[str, frozenset[int]]
) -> Taint:
    """The hops whose answers a function of the state looks at; without one, all of them."""
    if code is None:
        return NOTHING.union(*of_node.values())
    names = getattr(getattr(code, "__code__", None), "co_names", ())
    return NOTHING.union(*(of_node.get(fields[name], NOTHING) for name in names if name in fields))


def _rounds(graph: Outline) -> dict[str, int | None]:
    """How often each node may be come to: once, and once more for each turn of a way back that leads through it."""

    def through(edge: Edge, name: str) -> bool:
        return _leads(graph, edge.to, name) and _leads(graph, name, edge.start)

    return {
        node.name: 1 + sum(edge.most or 0 for edge in graph.edges if through(edge, node.name))
        for node in graph.nodes
    }


def _leads(graph: Outline, start: str, to: str, *, free: bool = False) -> bool:
    """Whether one can come from one node to another; `free` goes by edges without a bound alone."""
    seen, waiting = set[str](), [start]
    while waiting:
        name = waiting.pop()
        if name == to:
            return True
        if name in seen or name == END:
            continue
        seen.add(name)
        waiting += [edge.to for edge in graph.after(name) if not (free and edge.most is not None)]
    return False


def _endless(graph: Outline, name: str) -> str:
    ways = [edge for edge in graph.after(name) if edge.most is None and edge.to != END]
    back = next((edge for edge in ways if _leads(graph, edge.to, name, free=True)), None)
    return f"the way back by {back.to} has no bound (most=…)" if back is not None else ""
