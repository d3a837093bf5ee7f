"""Graphs: typed nodes and edges as data, checked before they run, compiled to a flow, drawn as Mermaid and SVG."""

from __future__ import annotations

from remit.agents.graphs.graph import END, Edge, Graph, Node

__all__ = ["END", "Edge", "Graph", "Node"]
