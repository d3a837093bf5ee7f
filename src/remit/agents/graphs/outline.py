"""What a graph is made of: what is done (nodes), what comes next (edges), and the state that goes along.

Data only: it is checked, compiled and drawn in the files beside this one.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.agents.agent import Agent
from remit.domain.action_errors import InvalidGraph
from remit.domain.ids import is_code_name
from remit.tools.tool import Tool

if TYPE_CHECKING:
    from collections.abc import Callable

END = "end"
"""Where a graph is over."""


@dataclass(frozen=True)
class Node:
    """One thing that is done: by an agent, by a tool, or by a function of your own.

    `given` makes the input out of the state; `into` names the field of the state that the answer goes into. A function
    is `async def f(run, state)` and gives the new state itself, so it needs neither.
    """

    name: str
    does: Agent | Tool | Callable[..., Any]
    given: Callable[[Any], Any] | None = None
    into: str = ""

    @property
    def kind(self) -> str:
        """agent, tool or code."""
        return "agent" if isinstance(self.does, Agent) else "tool" if isinstance(self.does, Tool) else "code"


@dataclass(frozen=True)
class Edge:
    """From one node to another; the first edge whose `when` holds is taken. One without `when` always holds."""

    start: str
    to: str
    when: Callable[[Any], bool] | None = None
    label: str = ""
    most: int | None = None
    """How often it may be taken in one run; a way back has to have such a bound."""


@dataclass(frozen=True)
class Outline:
    """Nodes, edges, the type of the state and where it begins."""

    name: str
    state: type
    start: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def __init__(
        self, name: str, *, state: type, start: str, nodes: list[Node] | tuple[Node, ...],
        edges: list[Edge] | tuple[Edge, ...],
    ) -> None:  # fmt: skip
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "state", state)
        object.__setattr__(self, "start", start)
        object.__setattr__(self, "nodes", tuple(nodes))
        object.__setattr__(self, "edges", tuple(edges))
        if not is_code_name(name) or not dataclasses.is_dataclass(state):
            raise InvalidGraph(f'the graph "{name}" needs a name that is code, and a dataclass as its state.')

    def node(self, name: str) -> Node:
        """A node by name."""
        return next(node for node in self.nodes if node.name == name)

    def after(self, name: str) -> list[Edge]:
        """The edges that leave a node, in the order in which they are tried."""
        return [edge for edge in self.edges if edge.start == name]
