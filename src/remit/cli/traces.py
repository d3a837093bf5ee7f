"""Traces and spans as lines of a terminal: a list of runs by what they have in common, what there is among them, and a
trace page by page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.cli import wording
from remit.cli.output import Span, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.observing.views import FacetsView, LagView, SpanLine, TraceLine, TracePage, TraceView

STYLES = {"succeeded": "good", "failed": "bad", "cancelled": "bad", "waiting": "waits"}
_SPAN_STYLES = {"error": "bad", "denied": "bad", "unknown": "waits", "open": "waits"}
_MOST_VALUES = 8


def page_lines(page: TracePage, at: int) -> list[str]:
    """A page of the list."""
    if not page.traces:
        return ["nothing that fits", *behind(page.behind)]
    rows = [
        (
            each.id, each.flow, each.agent, Span(each.status, STYLES.get(each.status, "")),
            wording.ago(each.started, at), wording.duration(each.ended - each.started) if each.ended else "",
            str(each.model_calls), str(each.tool_calls), wording.money(each.cost) if each.cost else "", _about(each),
        )
        for each in page.traces
    ]  # fmt: skip
    heads = ("run", "flow", "agent", "status", "started", "took", "models", "tools", "cost", "about")
    on = [f"more: --after {page.next}"] if page.next else []
    return [*table(heads, rows), *on, *behind(page.behind)]


def facet_lines(found: FacetsView) -> list[str]:
    """What there is among the runs that fit."""
    counted = f"{found.counted:,}+" if found.capped else f"{found.counted:,}"
    lines = [f"{counted} runs" + (", of the newest:" if found.capped else ":")]
    for name, values in found.facets.items():
        said = [f"{each.value or '-'} {each.count:,}" for each in values[:_MOST_VALUES]]
        more = f" and {len(values) - _MOST_VALUES} more" if len(values) > _MOST_VALUES else ""
        lines.append(f"  {name:<8}{', '.join(said)}{more}")
    return lines


def trace_lines(view: TraceView, spans: Sequence[SpanLine], more: str) -> list[str]:
    """A trace, and these of its spans."""
    trace = view.trace
    took = wording.duration(trace.ended - trace.started) if trace.ended else "goes on"
    people = f", people {wording.duration(trace.human)}" if trace.human else ""
    tokens = trace.input + trace.cached + trace.cache_written + trace.output + trace.reasoning
    used = f"{wording.many(trace.spans, 'span')} · {tokens:,} tokens · {wording.money(trace.cost)}"
    lines = [f"{trace.id}  {trace.flow or trace.source}  {trace.status}  {took}{people}  {used}"]
    if view.missing:
        lines.append(f"incomplete: no {', '.join(view.missing)}")
    lines += table(
        ("span", "kind", "status", "took", "tokens", "cost", "about"),
        [_row(each, foreign=bool(trace.source)) for each in spans],
    )
    undone = [
        f"{each.tool} at {each.span} was taken back by {each.undone_by}"
        for each in view.effects
        if each.undone_by
    ]
    return [*lines, *undone, *([more] if more else []), *behind(view.behind)]


def behind(lag: LagView) -> list[str]:
    """Said where what is shown is not the newest."""
    if not lag.events:
        return []
    return [f"as of {lag.seconds:.1f} s ago: {wording.many(lag.events, 'event')} more happened since"]


def _about(trace: TraceLine) -> str:
    if trace.error:
        return trace.error
    return wording.many(trace.loops, "loop") if trace.loops else trace.source


def _row(each: SpanLine, *, foreign: bool) -> tuple[str | Span, ...]:
    tokens = each.input + each.cached + each.cache_written + each.output + each.reasoning
    took = wording.duration(each.ended - each.started) if each.ended is not None else ""
    name = each.id.rpartition("/")[2] if each.parent else each.id
    if foreign:
        name = f"{each.name}  {each.id}"
    return (
        "· " * each.depth + name + (" …" if each.more else ""), each.kind,
        Span(each.status, _SPAN_STYLES.get(each.status, "")), took, f"{tokens:,}" if tokens else "",
        wording.money(each.cost) if each.cost else "", each.error or each.served or each.agent,
    )  # fmt: skip
