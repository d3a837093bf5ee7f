"""A graph: an outline that can be checked, compiled and drawn.

Use it when the process itself is what people discuss: states, transitions, who may go back to where. Do not use it for
what a plain flow says more simply; both become the same journal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.agents.graphs import checking, drawing
from remit.agents.graphs.compiling import compile_graph
from remit.agents.graphs.outline import Outline

if TYPE_CHECKING:
    from remit.engine.flow import Flow


class Graph(Outline):
    """Nodes, edges, the type of the state and where it begins."""

    def check(self) -> None:
        """Raise `InvalidGraph` for what could not run to its end."""
        checking.check(self)

    def flow(self) -> Flow:
        """The graph as a flow of its own: it takes the first state and gives the last one."""
        return compile_graph(self)

    def mermaid(self) -> str:
        """The graph as Mermaid text."""
        return drawing.mermaid(self)

    def svg(self) -> str:
        """The graph as an SVG picture."""
        return drawing.svg(self)
