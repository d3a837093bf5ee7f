"""The projection of runs: traces, spans, decisions, effects, labels, and the sums of their days.

Runs that go on are kept in memory as far as they were told; any of them can be told again from its stream, as
happens after a restart, and after the shred of a key (S7). It writes what differs, and adds to the sums the difference.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from msgspec.structs import replace

from remit.insight.projection import RUN
from remit.insight.tracing import writing
from remit.insight.tracing.fold import Fold
from remit.insight.tracing.rows import Missing
from remit.insight.tracing.sums import COUNTED, Sums
from remit.insight.tracing.telling import KINDS, outline, tell
from remit.store.database import Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.insight.projection import Happened, Tables
    from remit.insight.reading import Reading
    from remit.insight.tracing.rows import SpanRow, TraceRow
    from remit.store.database import Op

_MOST_SPANS = 100_000
"""Spans of runs that go on, kept in memory; runs beyond that are told again when they go on."""
_EVERYTHING = Cursor(2**62, 2**62)


class _Told:
    """A run in memory, and what of it is written."""

    __slots__ = ("counted", "fold", "trace", "undoing")

    def __init__(self, fold: Fold) -> None:
        self.fold = fold
        self.trace: TraceRow | None = None
        self.counted: dict[str, SpanRow] = {}
        """Spans that were added to the sums, as they were then."""
        self.undoing: Counter[str] = Counter()


class _Changes:
    """What one batch comes to."""

    __slots__ = ("ops", "sums", "undone")

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.sums = Sums()
        self.undone: Counter[str] = Counter()
        """Of which traces something was taken back, or is not any more."""


class Traces:
    """Tells runs as traces."""

    name = "traces"
    kinds = KINDS
    tables = writing.TABLES

    def __init__(self, reading: Reading, environment: str) -> None:
        self._reading = reading
        self._environment = environment
        self._open: dict[str, _Told] = {}
        self._kept = 0
        self._rows: dict[str, TraceRow] = {}
        """Rows of traces that are about to be written."""

    def forget(self) -> None:
        """Drop what is in memory."""
        self._open.clear()
        self._rows.clear()
        self._kept = 0

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        """The rows of every run that something happened to."""
        self._rows.clear()
        changes = _Changes()
        runs: dict[str, list[Happened]] = {}
        for each in batch:
            if each.stream.startswith(RUN):
                runs.setdefault(each.stream[len(RUN) :], []).append(each)
        for run, happened in runs.items():
            told = self._open.get(run)
            if told is None and happened[0].seq > 1:
                whole = await self._reading.stream(RUN + run, KINDS, _EVERYTHING)
                known = [each for each in whole if each.seq <= happened[-1].seq]
                await self._tell_again(run, known, tables, changes)
                continue
            if told is None:
                told = self._open[run] = _Told(Fold(run, self._environment))
            before = told.fold.trace.spans
            for each in happened:
                tell(told.fold, each)
            self._kept += told.fold.trace.spans - before
            await self._flush(run, told, changes, tables)
        return await self._finish(changes, tables)

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:
        """What can be told of a run still."""
        changes = _Changes()
        await self._tell_again(run, happened, tables, changes)
        return await self._finish(changes, tables)

    async def _tell_again(
        self, run: str, happened: Sequence[Happened], tables: Tables, changes: _Changes
    ) -> None:
        """Tell a run from its stream, and write it in place of what is there."""
        self._drop(run)
        before = await writing.written(tables, run)
        stood = self._rows.get(run) or before.trace
        told = self._open[run] = _Told(Fold(run, self._environment))
        for each in happened:
            tell(told.fold, each)
        self._kept += told.fold.trace.spans
        if stood is not None:
            told.trace, told.undoing = stood, Counter(before.undoing)
            told.fold.trace.undone, told.fold.trace.score = stood.undone, stood.score
            for row in before.spans:
                changes.sums.span(row, stood, -1)
        changes.ops += writing.clear(run)
        await self._flush(run, told, changes, tables)

    async def _finish(self, changes: _Changes, tables: Tables) -> list[Op]:
        await self._take_back(changes, tables)
        while self._kept > _MOST_SPANS and len(self._open) > 1:
            self._drop(next(iter(self._open)))
        return writing.in_order(changes.ops) + changes.sums.ops()

    async def _take_back(self, changes: _Changes, tables: Tables) -> None:
        """Writes of other runs were taken back, or are not any more."""
        for run, count in changes.undone.items():
            before = self._rows.get(run) or (await writing.written(tables, run)).trace
            if not count or before is None:
                continue
            changed = self._rows[run] = replace(before, undone=before.undone + count)
            changes.sums.trace(before, -1)
            changes.sums.trace(changed)
            changes.ops.append(writing.put_trace(changed))
            if (told := self._open.get(run)) is not None:
                told.fold.trace.undone += count
                told.trace = changed

    async def _flush(self, run: str, told: _Told, changes: _Changes, tables: Tables) -> None:
        """Write what changed, and add the difference to the sums."""
        if told.fold.trace.missing & Missing.CONTENT:
            outline(told.fold.trace, await tables.fetch("insight.outline", run))
        fold, sums = told.fold, changes.sums
        row, changed = fold.trace, [fold.spans[place] for place in sorted(fold.changed)]
        if told.trace is not None:
            sums.trace(told.trace, -1)
        sums.trace(row)
        goes_on = row.ended is None
        for span in changed:
            if (before := told.counted.pop(span.id, None)) is not None:
                sums.span(before, row, -1)
            if goes_on and span.ended is not None and span.kind in COUNTED:
                told.counted[span.id] = replace(span)
            sums.span(span, row)
        effects = [fold.effects[place] for place in sorted(fold.new_effects)]
        undoing = Counter(writing.undone_by(fold.effects.values()))
        changes.undone.update({each: undoing[each] - told.undoing[each] for each in undoing | told.undoing})
        told.undoing = undoing
        told.trace = self._rows[run] = replace(row)
        changes.ops += [writing.put_trace(row), *writing.put_spans(changed)]
        changes.ops += writing.put_details(fold.decisions, effects, fold.labels)
        changes.ops += writing.put_keys(row.id, fold.keys)
        fold.written()
        if not goes_on:
            self._drop(run)

    def _drop(self, run: str) -> None:
        told = self._open.pop(run, None)
        if told is not None:
            self._kept -= told.fold.trace.spans
