"""The graphs of a workspace as pictures. It reads the code and runs none of it; no database is opened."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from remit.agents.graphs import drawing
from remit.control.workspace.code import load_code
from remit.domain.errors import UnknownFlow

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Form = Literal["mermaid", "svg"]


@dataclass(frozen=True, slots=True)
class Picture:
    """A graph, drawn."""

    graph: str
    form: Form
    text: str


def draw(root: Path, code: Sequence[str], name: str, form: Form) -> Picture:
    """The graph of this name; raises `UnknownFlow` if the workspace has none."""
    graphs = {graph.name: graph for graph in load_code(root, code).graphs}
    graph = graphs.get(name)
    if graph is None:
        near = difflib.get_close_matches(name, graphs, n=1)
        raise UnknownFlow(
            f'there is no graph "{name}" in this workspace.',
            f'Did you mean "{near[0]}"?' if near else f"It has: {', '.join(sorted(graphs)) or 'none'}.",
        )
    return Picture(name, form, (drawing.mermaid if form == "mermaid" else drawing.svg)(graph))
