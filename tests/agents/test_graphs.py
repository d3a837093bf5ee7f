"""Graphs are checked before they run; what passes the check always ends, and the drawing shows all of it."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.agents.graphs import END, Edge, Graph, Node
from remit.control.inventory.graphs import draw
from remit.domain.action_errors import InvalidGraph
from remit.domain.errors import UnknownFlow
from remit.testing.stage import stage

if TYPE_CHECKING:
    from remit import Run


@dataclass(frozen=True)
class Trail:
    seen: tuple[str, ...] = ()


def _node(name: str) -> Node:
    async def visit(run: Run, state: Trail) -> Trail:
        del run
        return replace(state, seen=(*state.seen, name))

    return Node(name, visit)


def _graph(edges: list[Edge], names: str = "abc") -> Graph:
    return Graph("walk", state=Trail, start="a", nodes=[_node(name) for name in names], edges=edges)


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ([Edge("a", "b"), Edge("b", END)], "nothing leads to c"),
        ([Edge("a", "b"), Edge("b", "c")], f"nothing leads to {END}"),
        ([Edge("a", "b", when=bool), Edge("a", "c"), Edge("b", END)], "c is a dead end"),
        ([Edge("a", "b"), Edge("b", "c"), Edge("c", END, when=bool)], "c may get stuck"),
        ([Edge("a", "b"), Edge("b", "c"), Edge("c", "a", when=bool), Edge("c", END)], "a → b → c → a"),
        ([Edge("a", "b"), Edge("a", "c"), Edge("b", END), Edge("c", END)], "a → c is never taken"),
        ([Edge("a", "x")], "no such node"),
    ],
)
def test_a_graph_that_cannot_run_to_its_end_is_refused(edges: list[Edge], said: str) -> None:
    with pytest.raises(InvalidGraph, match=re.escape(said)):
        _graph(edges).check()


def _maybe(start: str, to: str, bound: int | None, odd: bool) -> Edge:
    return Edge(start, to, when=(lambda state: len(state.seen) % 2 == 1) if odd else None, most=bound)


_edges = st.lists(
    st.builds(
        _maybe,
        st.sampled_from("abc"),
        st.sampled_from(["a", "b", "c", END]),
        st.none() | st.integers(1, 3),
        st.booleans(),
    ),
    max_size=8,
)


@given(_edges)
def test_whatever_passes_the_check_ends(edges: list[Edge]) -> None:
    graph = _graph(edges)
    try:
        graph.check()
    except InvalidGraph:
        return
    assert len(_walked(graph)) <= 3 * (1 + sum(edge.most or 0 for edge in edges)), (
        "bounded by what the edges say"
    )


def _walked(graph: Graph) -> tuple[str, ...]:
    """The compiled flow, run without an engine: these nodes use no run."""
    coroutine: Any = graph.flow().fn(None, Trail())
    try:
        coroutine.send(None)
    except StopIteration as ended:
        return ended.value.seen
    raise AssertionError("it waited for something")


async def test_a_graph_runs_as_a_flow_and_survives_a_crash() -> None:
    graph = _graph(
        [
            Edge("a", "b"),
            Edge("b", "a", when=lambda s: len(s.seen) < 9, most=2),
            Edge("b", "c"),
            Edge("c", END),
        ]
    )
    async with stage(graph.flow()) as platform:
        run = await platform.start("walk", state=Trail())
        assert (await run.result()).seen == ("a", "b", "a", "b", "a", "b", "c")


def test_the_drawings_show_every_node_and_edge_and_escape_names() -> None:
    graph = Graph(
        "walk", state=Trail, start="a",
        nodes=[_node("a"), _node("b")],
        edges=[Edge("a", "b", label='"<script>'), Edge("b", "a", when=bool, most=2, label="again"), Edge("b", END)],
    )  # fmt: skip
    drawn = graph.mermaid()
    assert drawn.count("-->") == 3
    assert "<script>" not in drawn
    picture = ET.fromstring(graph.svg())  # noqa: S314 - our own
    texts = [element.text for element in picture.iter() if element.tag.endswith("text")]
    assert {"a", "b", END, '"<script>', "again, at most 2×"} <= set(texts)
    assert (
        sum(element.tag.endswith("path") and "marker-end" in element.attrib for element in picture.iter())
        == 3
    )


def test_a_graph_of_a_workspace_is_drawn_by_name(tmp_path: Path) -> None:
    (tmp_path / "flows.py").write_text(
        "from dataclasses import dataclass\nfrom remit import Edge, Graph, Node\n"
        "@dataclass(frozen=True)\nclass Claim:\n    text: str\n"
        "async def sort(run, state):\n    return state\n"
        'graph = Graph("claim", state=Claim, start="sort", nodes=[Node("sort", sort)], edges=[Edge("sort", "end")])\n'
    )
    assert 'n0["sort"]' in draw(tmp_path, ["flows.py"], "claim", "mermaid").text.replace(
        '(["sort"])', '["sort"]'
    )
    assert draw(tmp_path, ["flows.py"], "claim", "svg").text.startswith("<svg")
    with pytest.raises(UnknownFlow, match='no graph "clam"') as wrong:
        draw(tmp_path, ["flows.py"], "clam", "svg")
    assert wrong.value.hint == 'Did you mean "claim"?'
