"""One trace of another agent: spans in whatever order they come, twice or never, below parents that are missing or that
go round in a circle. What it comes to depends on the spans alone and on who was first, never on how they were batched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.insight.foreign.filing import ASKING
from remit.insight.signature import signature
from remit.insight.sorts import SHARED
from remit.insight.tracing.failures import class_of
from remit.insight.tracing.rows import Missing, SpanRow, TraceRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.insight.foreign.filing import Filed

MOST, MORE_TOPS = 100_000, 1_000
"""So many spans of a trace are told, and so many more that nothing is above: one that never ends must not take all
memory there is, nor longer each time. The others are in the log, and the trace says that it is not whole.
"""
UNNAMED = "error"
"""The kind of an error of which its sender says no more."""


class ForeignTrace:
    """A trace in the making."""

    __slots__ = ("changed", "counted", "cut", "filed", "row", "said_so")

    def __init__(self, row: TraceRow | None = None, filed: Iterable[Filed] = ()) -> None:
        self.row = row
        """As it is written; None: nothing is."""
        self.filed = {each.row.id: each for each in filed}
        self.counted = {name: each.row for name, each in self.filed.items()}
        """Spans as they were added to the sums."""
        self.changed: set[str] = set()
        """Spans that differ from what is written."""
        self.cut = row is not None and row.spans >= MOST and bool(row.missing & Missing.DROPPED)
        """Whether spans came that are not told."""
        self.said_so = self.cut
        """Whether its row says that."""

    @property
    def team(self) -> str:
        """Whose it is; empty: nobody's yet."""
        first = next(iter(self.filed.values()), None)
        return first.row.team if first is not None else ""

    def written(self, row: TraceRow) -> None:
        """It stands there as it is now."""
        self.row = row
        self.counted.update({name: self.filed[name].row for name in self.changed})
        self.changed.clear()
        self.said_so = self.cut

    @property
    def differs(self) -> bool:
        """Whether it is another one than the one that is written."""
        return self.row is None or bool(self.changed) or self.said_so is not self.cut

    def add(self, new: Filed) -> None:
        """A span came. Of two under one id the heavier counts, else the first; another source replaces nothing."""
        old = self.filed.get(new.row.id)
        if old is None and len(self.filed) >= (MOST if new.aside.parent else MOST + MORE_TOPS):
            self.cut = True
            return
        if old is not None and (old.aside.source != new.aside.source or old.aside.weight >= new.aside.weight):
            return
        self.filed[new.row.id] = new
        self.changed.add(new.row.id)

    def sum_up(self, identity: str) -> TraceRow:
        """The row of the trace, with every span below a parent that is there."""
        ordered = sorted(self.filed.values(), key=_order)
        self._settle(ordered)
        tops = [each for each in ordered if not each.row.parent]
        root = next((each for each in tops if not each.aside.parent), tops[0])
        row = TraceRow(identity, root.aside.source, root.row.team, sort=SHARED, key_id=root.row.key_id)
        row.session = _first(each.aside.session for each in ordered)
        row.flow = root.aside.workflow or _first(each.aside.workflow for each in ordered) or root.row.name
        row.agent = root.row.agent
        row.purpose = _first(each.aside.purpose for each in ordered)
        row.release = _first(each.row.release for each in ordered)
        row.environment = _first(each.aside.environment for each in ordered)
        row.started = min(each.row.started for each in ordered)
        row.spans = len(ordered)
        _count(row, ordered)
        _end(row, root, tops, ordered)
        row.missing = _missing(ordered, root) | (Missing.DROPPED if self.cut else 0)
        row.score = _score(ordered, root)
        return row

    def _settle(self, ordered: Sequence[Filed]) -> None:
        """Give each span the parent that it names, if there is one and it is not below that span itself."""
        for each in ordered:
            said = each.aside.parent
            parent = said if said in self.filed and said != each.row.id else ""
            if each.row.parent != parent:
                each.row.parent = parent
                self.changed.add(each.row.id)
        safe: set[str] = set()
        for each in ordered:
            path: list[str] = []
            seen: set[str] = set()
            at = each.row.id
            while at and at not in safe and at not in seen:
                seen.add(at)
                path.append(at)
                at = self.filed[at].row.parent
            if at and at in seen:  # a circle: it is cut at whichever of them comes first
                first = min((self.filed[one] for one in path[path.index(at) :]), key=_order)
                first.row.parent = ""
                self.changed.add(first.row.id)
            safe.update(path)
        self._judge(ordered)

    def _judge(self, ordered: Sequence[Filed]) -> None:
        """What was judged says what was found; of several findings the last one."""
        found = {each.row.parent: each.row.score for each in ordered if each.row.kind == "evaluation"}
        for name, score in found.items():
            judged = self.filed.get(name)
            if judged is not None and score is not None and judged.row.score != score:
                judged.row.score = score
                self.changed.add(name)


def _order(filed: Filed) -> tuple[int, int]:
    return filed.row.started, filed.row.n


def _first(texts: Iterable[str]) -> str:
    return next(filter(None, texts), "")


def _count(row: TraceRow, ordered: Sequence[Filed]) -> None:
    for each in ordered:
        span = each.row
        if span.kind == "model":
            row.model_calls += 1
            row.prompt = row.prompt or span.prompt
            row.model = row.model or span.served or span.requested
        elif span.kind == "tool":
            row.tool_calls += 1
            row.tool_failures += span.status == "error"
        elif span.kind == "delegate":
            row.handoffs += 1
        if span.kind in ASKING:
            row.input += span.input
            row.cached += span.cached
            row.cache_written += span.cache_written
            row.output += span.output
            row.reasoning += span.reasoning
            row.cost += span.cost


def _end(row: TraceRow, root: Filed, tops: Sequence[Filed], ordered: Sequence[Filed]) -> None:
    """How it stands, by the spans that nothing here is above: a root may never come, or end elsewhere."""
    if any(each.row.ended is None for each in tops):
        return
    row.ended = max([row.started, *(each.row.ended for each in ordered if each.row.ended is not None)])
    failed = [each.row for each in tops if each.row.status == "error"]
    if not failed:
        row.status = "succeeded"
        return
    first = root.row if root.row.status == "error" else failed[0]
    step = _deepest([each.row for each in ordered], first)
    row.status, row.suspect = "failed", step.id
    row.error = step.error if first.error == UNNAMED else first.error
    row.failure = class_of(row.error)
    row.signature = signature(row.flow, row.agent, step.name, row.error)


def _deepest(spans: Sequence[SpanRow], first: SpanRow) -> SpanRow:
    """The last failed span of those below, which is where it most likely began."""
    failed = [each for each in spans if each.status == "error"]
    parents = {each.parent for each in failed}
    leaves = [each for each in failed if each.id not in parents]
    return leaves[-1] if leaves else first


def _missing(ordered: Sequence[Filed], root: Filed) -> int:
    """The facts that it ought to have and has not."""
    missing = Missing.START if root.aside.parent else 0
    asked = made = 0
    for each in ordered:
        missing |= each.aside.absent
        asked += each.aside.calls
        made += each.row.kind in {"tool", "delegate"}
        if each.aside.parent and each.row.parent != each.aside.parent and each is not root:
            missing |= Missing.PARENT
        if each.row.ended is None and root.row.ended is not None:
            missing |= Missing.END
        if each.aside.dropped:
            missing |= Missing.DROPPED
    if asked > made:
        missing |= Missing.TOOL
    if not any(each.row.release for each in ordered):
        missing |= Missing.RELEASE
    return missing


def _score(ordered: Sequence[Filed], root: Filed) -> int | None:
    """What it was judged, on average: what was said of the whole counts before what was said of its parts."""
    judged = [each for each in ordered if each.row.kind == "evaluation" and each.row.score is not None]
    whole = [each for each in judged if each.row.parent == root.row.id] or judged
    scores = [each.row.score for each in whole if each.row.score is not None]
    return sum(scores) // len(scores) if scores else None
