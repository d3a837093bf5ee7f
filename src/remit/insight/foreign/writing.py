"""What is written for traces of other agents: statements for rows, rows back out of their tables, and what a trace adds
to the sums of days. It decides nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from remit.insight.foreign.filing import Aside, Filed
from remit.insight.foreign.trace import ForeignTrace
from remit.insight.tracing import writing
from remit.insight.tracing.sums import Sums
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.insight.foreign.filing import Taken
    from remit.insight.projection import Tables
    from remit.store.database import Row

TABLES = (
    "foreign_batches", "foreign_parts", "foreign_spans", "foreign_books", "traces", "spans", "usage_days", "run_days",
    "tool_days", "histograms",
)  # fmt: skip
_row = msgspec.structs.astuple


async def read(tables: Tables, identity: str) -> ForeignTrace:
    """A trace as its tables have it."""
    there = await writing.written(tables, identity)
    asides = {row[0]: Aside(*row[1:]) for row in await tables.fetch("foreign.asides", identity)}
    return ForeignTrace(there.trace, [Filed(row, asides[row.id]) for row in there.spans])


def put_batch(taken: Taken, filed: Sequence[Filed]) -> Op:
    """The account of a request."""
    desk = taken.desk
    dropped, skewed = sum(each.aside.dropped for each in filed), sum(each.aside.skewed for each in filed)
    return Op("foreign.put_batch", (
        desk.stream, desk.seq, desk.pos, desk.team, desk.source, taken.signal, desk.key_id, taken.blob, taken.book,
        desk.at, taken.taken, taken.rejected, taken.lost, dropped, skewed, taken.size,
    ))  # fmt: skip


def put_part(trace: str, taken: Taken) -> Op:
    """A trace has a part in a request."""
    return Op("foreign.put_part", (trace, taken.desk.stream, taken.desk.seq))


class Changes:
    """What one batch of the log comes to."""

    __slots__ = ("_sums", "ops")

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self._sums = Sums()

    def write(self, identity: str, trace: ForeignTrace) -> None:
        """Write what changed of a trace, and add the difference to the sums."""
        before, row, sums = trace.row, trace.sum_up(identity), self._sums
        moved = before is None or (before.flow, before.purpose, before.sort) != (
            row.flow,
            row.purpose,
            row.sort,
        )
        if before is not None:
            sums.trace(before, -1)
            for span in trace.counted if moved else trace.changed:
                if (old := trace.counted.get(span)) is not None:
                    sums.span(old, before, -1)
        sums.trace(row)
        for span in sorted(trace.filed if moved else trace.changed):
            sums.span(trace.filed[span].row, row)
        self.ops.append(writing.put_trace(row))
        changed = [trace.filed[span] for span in sorted(trace.changed)]
        self.ops += writing.put_spans(each.row for each in changed)
        self.ops += [Op("foreign.put_span", (identity, each.row.id, *_row(each.aside))) for each in changed]
        trace.written(row)

    def remove(self, identity: str, trace: ForeignTrace) -> None:
        """Take away all that is said of a trace."""
        if trace.row is not None:
            self._sums.trace(trace.row, -1)
            for old in trace.counted.values():
                self._sums.span(old, trace.row, -1)
        self.ops += [
            Op("foreign.clear_spans", (identity,)), Op("insight.clear_spans", (identity,)),
            Op("foreign.clear_trace", (identity,)),
        ]  # fmt: skip

    def remove_batches(self, key: str, batches: Iterable[Row]) -> None:
        """Take away the account of what stood under a key."""
        self.ops += [Op("foreign.clear_parts", each) for each in batches]
        self.ops.append(Op("foreign.clear_batches", (key,)))

    def written(self) -> list[Op]:
        """Everything, the sums last."""
        return [*self.ops, *self._sums.ops()]
