"""Looking at a graph before it runs: names, types, what cannot be reached, what ends nowhere, what never ends."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, get_type_hints

from remit.agents.agent import Agent
from remit.domain.action_errors import InvalidGraph
from remit.domain.ids import is_code_name
from remit.engine.values import type_name

if TYPE_CHECKING:
    from remit.agents.graphs.outline import Node, Outline

_END = "end"


def check(graph: Outline) -> None:
    """Every defect that can be seen without running, the first one found as an error."""
    names = [node.name for node in graph.nodes]
    _check_names(graph, names)
    for node in graph.nodes:
        _check_node(graph, node)
    _check_reached(graph, names)
    _check_ways_out(graph)
    _check_bounded(graph, names)


def _check_names(graph: Outline, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1 or name == _END or not is_code_name(name):
            raise _wrong(graph, f'the node "{name}" needs a name of its own that is code, and not "{_END}"')
    known = {*names, _END}
    for edge in graph.edges:
        for end in (edge.start, edge.to):
            if end not in known:
                raise _wrong(graph, f'an edge names "{end}", and there is no such node')
        if edge.start == _END:
            raise _wrong(graph, f"an edge leaves {_END}, where the graph is over")
        if edge.most is not None and edge.most < 1:
            raise _wrong(graph, f"the edge {edge.start} → {edge.to} may be taken {edge.most} times")
    if graph.start not in names:
        raise _wrong(graph, f'it starts at "{graph.start}", and there is no such node')


def _check_node(graph: Outline, node: Node) -> None:
    if node.kind == "code":
        if node.given is not None or node.into:
            raise _wrong(
                graph, f"{node.name} is a function and takes the state itself; given and into are for agents"
            )
        return
    fields = {field.name for field in dataclasses.fields(graph.state)}
    if node.into not in fields:
        raise _wrong(
            graph, f'{node.name} puts its answer into "{node.into}", and the state has no such field'
        )
    if isinstance(node.does, Agent):
        wanted = get_type_hints(graph.state).get(node.into)
        given = node.does.output or str
        if wanted is not given and wanted is not object:
            raise _wrong(
                graph,
                f"{node.name} answers with {type_name(given)}, and {graph.state.__name__}.{node.into} "
                f"is {type_name(wanted)}",
            )


def _check_reached(graph: Outline, names: list[str]) -> None:
    seen, waiting = {graph.start}, [graph.start]
    while waiting:
        for edge in graph.after(waiting.pop()):
            if edge.to not in seen:
                seen.add(edge.to)
                waiting.append(edge.to)
    lost = [name for name in names if name not in seen]
    if lost:
        raise _wrong(graph, f"nothing leads to {', '.join(lost)}")
    if _END not in seen:
        raise _wrong(graph, f"nothing leads to {_END}")


def _check_ways_out(graph: Outline) -> None:
    for node in graph.nodes:
        edges = graph.after(node.name)
        if not edges:
            raise _wrong(graph, f"{node.name} is a dead end: no edge leaves it")
        sure = [edge for edge in edges if edge.when is None and edge.most is None]
        if not sure:
            raise _wrong(
                graph, f"{node.name} may get stuck: every edge that leaves it has a condition or a bound"
            )
        behind = edges[edges.index(sure[0]) + 1 :]
        if behind:
            raise _wrong(
                graph, f"the edge {node.name} → {behind[0].to} is never taken: one before it always holds"
            )


def _check_bounded(graph: Outline, names: list[str]) -> None:
    """Without the edges that have a bound, there must be no way round."""
    free = {name: [e.to for e in graph.after(name) if e.most is None and e.to != _END] for name in names}
    done: set[str] = set()
    for name in names:
        path: list[str] = []
        _walk(graph, free, name, path, done)


def _walk(graph: Outline, free: dict[str, list[str]], name: str, path: list[str], done: set[str]) -> None:
    if name in path:
        around = " → ".join([*path[path.index(name) :], name])
        raise _wrong(graph, f"it may never end: {around}; give one of these edges a bound (most=…)")
    if name in done:
        return
    path.append(name)
    for following in free[name]:
        _walk(graph, free, following, path, done)
    path.pop()
    done.add(name)


def _wrong(graph: Outline, what: str) -> InvalidGraph:
    return InvalidGraph(f"the graph {graph.name} cannot run: {what}.", "See docs/how-to/draw-a-graph.md.")
