"""What is written for traces: statements for rows, and rows back out of their tables. It decides nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from remit.insight.tracing.fold import EffectRow
from remit.insight.tracing.rows import SpanRow, TraceRow
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.insight.projection import Tables
    from remit.insight.tracing.fold import Decided

TABLES = (
    "traces", "spans", "trace_keys", "decisions", "effects", "span_labels", "usage_days", "run_days", "tool_days",
    "histograms",
)  # fmt: skip
_OF_ONE = ("spans", "trace_keys", "decisions", "effects", "span_labels")
_row = msgspec.structs.astuple


def put_trace(row: TraceRow) -> Op:
    """The row of a trace as it is now."""
    return Op("insight.put_traces", _row(row))


def put_spans(rows: Iterable[SpanRow]) -> list[Op]:
    """The rows of spans as they are now."""
    return [Op("insight.put_spans", _row(row)) for row in rows]


def put_details(
    decisions: Iterable[Decided], effects: Iterable[EffectRow], labels: Iterable[tuple[str, str, str, str]]
) -> list[Op]:
    """What stands beside spans."""
    made = [Op("insight.put_decisions", _row(each)) for each in decisions]
    made += [Op("insight.put_effects", _row(each)) for each in effects]
    made += [Op("insight.put_span_labels", each) for each in labels]
    return made


def put_keys(trace: str, keys: Iterable[str]) -> list[Op]:
    """Whose shred a trace has to follow beside its own."""
    return [Op("insight.put_trace_keys", (key, trace)) for key in sorted(keys)]


def clear(trace: str) -> list[Op]:
    """Everything about a trace but its own row."""
    return [Op(f"insight.clear_{table}", (trace,)) for table in _OF_ONE]


def in_order(ops: Iterable[Op]) -> list[Op]:
    """The same, those of one kind together, so that a database can perform them together; what clears comes first."""
    return sorted(ops, key=lambda op: not op.query.startswith(_CLEARS) and _ORDER[op.query])


_CLEARS = "insight.clear_"
_ORDER = {
    "insight.put_traces": 1, "insight.put_spans": 2, "insight.put_trace_keys": 3, "insight.put_decisions": 4,
    "insight.put_effects": 5, "insight.put_span_labels": 6,
}  # fmt: skip


class Written(msgspec.Struct, gc=False):
    """What the tables say of a trace."""

    trace: TraceRow | None
    spans: list[SpanRow]
    undoing: list[str]
    """The traces of which it took something back, once for each."""


async def written(tables: Tables, trace: str) -> Written:
    """What stands there now."""
    rows = await tables.fetch("insight.trace", trace)
    if not rows:
        return Written(None, [], [])
    spans = [SpanRow(*row) for row in await tables.fetch("insight.spans", trace)]
    effects = [EffectRow(*row) for row in await tables.fetch("insight.effects", trace)]
    return Written(TraceRow(*rows[0]), spans, undone_by(effects))


def undone_by(effects: Iterable[EffectRow]) -> list[str]:
    """Of which traces these took something back."""
    return sorted(each.undoes for each in effects if each.undoes and each.state == "done")
