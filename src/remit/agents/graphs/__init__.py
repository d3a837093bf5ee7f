"""Graphs: typed nodes and edges as data, checked before they run, compiled to a flow, drawn as Mermaid and SVG."""

from __future__ import annotations

from remit.agents.graphs.graph import Graph
from remit.agents.graphs.outline import END, Edge, Node

__all__ = ["END", "Edge", "Graph", "Node"]
