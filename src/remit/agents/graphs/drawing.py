"""Graphs as pictures: Mermaid text for documents, and an SVG that needs nothing else."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from remit.agents.graphs.outline import Edge, Outline

_END = "end"
_WIDTH, _HEIGHT, _GAP_X, _GAP_Y, _MARGIN = 150, 44, 40, 64, 24
_SHAPES = {"agent": ("([", "])"), "tool": ("[[", "]]"), "code": ("[", "]")}


def mermaid(graph: Outline) -> str:
    """`flowchart` text; agents are rounded, tools are framed."""
    ids = {node.name: f"n{number}" for number, node in enumerate(graph.nodes)} | {_END: "done"}
    lines = ["flowchart TD"]
    for node in graph.nodes:
        opened, closed = _SHAPES[node.kind]
        lines.append(f'    {ids[node.name]}{opened}"{_quoted(node.name)}"{closed}')
    lines.append(f'    {ids[_END]}(("{_END}"))')
    for edge in graph.edges:
        label = _label(edge)
        arrow = f'-->|"{_quoted(label)}"|' if label else "-->"
        lines.append(f"    {ids[edge.start]} {arrow} {ids[edge.to]}")
    return "\n".join(lines) + "\n"


def svg(graph: Outline) -> str:
    """A picture in rows: every node below the one that first leads to it."""
    rows = _rows(graph)
    places = {
        name: (_MARGIN + column * (_WIDTH + _GAP_X), _MARGIN + row * (_HEIGHT + _GAP_Y))
        for row, names in enumerate(rows)
        for column, name in enumerate(names)
    }
    width = _MARGIN * 2 + max(len(names) for names in rows) * (_WIDTH + _GAP_X) + _GAP_X
    height = _MARGIN * 2 + len(rows) * (_HEIGHT + _GAP_Y)
    kinds = {node.name: node.kind for node in graph.nodes}
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
            f'aria-label="{escape(graph.name)}" font-family="sans-serif" font-size="13">'
        ),
        (
            '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" '
            'orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="#555"/></marker></defs>'
        ),
        *(_arrow(edge, places) for edge in graph.edges),
        *(_box(name, kinds.get(name, _END), *place) for name, place in places.items()),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _rows(graph: Outline) -> list[list[str]]:
    depth, waiting = {graph.start: 0}, [graph.start]
    for name in waiting:
        for edge in graph.after(name):
            if edge.to not in depth:
                depth[edge.to] = depth[name] + 1
                waiting.append(edge.to)
    depth[_END] = max(depth.values()) + (1 if list(depth.values()).count(max(depth.values())) > 1 else 0)
    return [[name for name in depth if depth[name] == row] for row in range(max(depth.values()) + 1)]


def _box(name: str, kind: str, x: int, y: int) -> str:
    radius = {"agent": _HEIGHT // 2, "end": _HEIGHT // 2}.get(kind, 4)
    inner = f'<rect x="{x + 5}" y="{y}" width="{_WIDTH - 10}" height="{_HEIGHT}" fill="none" stroke="#555"/>'
    return (
        f'<g><rect x="{x}" y="{y}" width="{_WIDTH}" height="{_HEIGHT}" rx="{radius}" fill="#fff" stroke="#555"/>'
        + (inner if kind == "tool" else "")
        + f'<text x="{x + _WIDTH // 2}" y="{y + _HEIGHT // 2 + 4}" text-anchor="middle">{escape(name)}</text></g>'
    )


def _arrow(edge: Edge, places: dict[str, tuple[int, int]]) -> str:
    (x1, y1), (x2, y2) = places[edge.start], places[edge.to]
    middle = _WIDTH // 2
    if y2 > y1:
        path = f"M{x1 + middle} {y1 + _HEIGHT} L{x2 + middle} {y2}"
        at = ((x1 + x2) // 2 + middle + 6, (y1 + _HEIGHT + y2) // 2)
    else:  # a way back, or to the side: around the right
        side = max(x1, x2) + _WIDTH + _GAP_X - 6
        path = (
            f"M{x1 + _WIDTH} {y1 + _HEIGHT // 2} C{side} {y1 + _HEIGHT // 2} {side} {y2 + _HEIGHT // 2} "
            f"{x2 + _WIDTH} {y2 + _HEIGHT // 2}"
        )
        at = (side - 4, (y1 + y2 + _HEIGHT) // 2)
    text = f'<text x="{at[0]}" y="{at[1]}" fill="#555">{escape(_label(edge))}</text>' if _label(edge) else ""
    return f'<path d="{path}" fill="none" stroke="#555" marker-end="url(#tip)"/>{text}'


def _label(edge: Edge) -> str:
    said = edge.label or (getattr(edge.when, "__name__", "") if edge.when is not None else "")
    said = "" if said == "<lambda>" else said
    bound = f"at most {edge.most}×" if edge.most is not None else ""
    return ", ".join(part for part in (said, bound) if part)


def _quoted(text: str) -> str:
    return text.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;").replace(">", "&gt;")
