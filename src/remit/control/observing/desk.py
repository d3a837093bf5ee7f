"""What can be asked about what happened: traces by everything that they have in common, a trace page by page, and how
far all of it trails the log. It reads projections alone, whatever the size of a trace; content is asked of the run.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec

from remit.control.observing.views import (
    DecisionLine,
    EffectLine,
    Facet,
    FacetsView,
    LagView,
    SpanLine,
    SpanPage,
    TraceLine,
    TracePage,
    TraceView,
)
from remit.control.observing.wiring import projector_of
from remit.control.paging import page_of, place_by_count, place_of
from remit.domain.errors import UnknownRun
from remit.insight.projector import lag_of, reflects
from remit.insight.tracing.rows import Missing, completeness
from remit.store.database import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.control.observing.views import Wanted

_FIRST = (2**62, "")
_MOST = 10_000
"""Facets count no further."""
_LOOK = 20_000
"""So many traces are looked through at a time."""
_LOOK_AT_ALL = 50_000
"""The same, for facets."""
_MOMENT = 0.03
"""Seconds after which a page ends though fewer were found than were asked for."""
_MOST_DECISIONS = 1000
_FLAGS = frozenset({"asks", "loops", "denials"})
_FACETS = ("flow", "agent", "status", "model", "source", "failure")
_RAREST = (
    "signature", "parent", "session", "principal", "loops", "denials", "error", "failure", "source", "asks", "prompt",
    "release", "agent", "purpose", "flow", "model", "status",
)  # fmt: skip
"""By which of the things that are wanted traces are found: the one that most likely tells most of them apart."""
_TEXTS = (
    "flow", "agent", "status", "session", "principal", "purpose", "release", "source", "failure", "error", "signature",
    "model", "prompt", "parent", "sort",
)  # fmt: skip
_MISSING = {
    Missing.START: "start", Missing.END: "end", Missing.PARENT: "parents", Missing.MODEL: "model",
    Missing.USAGE: "tokens", Missing.COST: "cost", Missing.PROMPT: "prompt", Missing.RELEASE: "release",
    Missing.AGENT: "agent", Missing.TOOL: "tool", Missing.CONTENT: "content, which was erased",
    Missing.PROVIDER: "provider", Missing.DROPPED: "all that its sender had",
}  # fmt: skip


class ObservingDesk:
    """What happened, for those who look."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def traces(
        self, wanted: Wanted, *, after: str = "", limit: int = 50, min_pos: int = 0
    ) -> TracePage:
        """The traces that fit, the newest first, from where a page before ended; waits a little until what happened
        up to `min_pos` is shown.

        Where few fit, it looks through no more than it can in a moment: the page is shorter then, and the next goes on.
        """
        if min_pos:
            await reflects(self._ground.database, min_pos)
        lead, given = _query(wanted, self._ground.principal.team)
        limit, rows, end = page_of(limit), list[Row](), list[Row]()
        place = place_of(after) if after else _FIRST
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while True:
            asked = [*given[:2], *place, *given[2:], limit + 1 - len(rows), _LOOK]
            rows += await self._ground.database.fetch(f"observing.list_{lead}", *asked)
            if len(rows) > limit:
                break
            end = await self._ground.database.fetch(f"observing.end_{lead}", *asked[:4], _LOOK - 1)
            if not end or end[0][0] < wanted.since:
                end = []
                break
            place = (end[0][0], end[0][1])
            if loop.time() - begun > _MOMENT:
                break
        found = [_trace(row) for row in rows[:limit]]
        last = (found[-1].started, found[-1].id) if len(rows) > limit else place if end else None
        return TracePage(found, f"{last[0]}.{last[1]}" if last is not None else "", await self.lag())

    async def facets(self, wanted: Wanted) -> FacetsView:
        """What there is among the newest of the traces that fit, and how much of it."""
        lead, given = _query(wanted, self._ground.principal.team)
        asked = [*given[:2], *_FIRST, *given[2:], _MOST + 1, _LOOK_AT_ALL]
        rows = await self._ground.database.fetch(f"observing.facets_{lead}", *asked)
        end = await self._ground.database.fetch(f"observing.end_{lead}", *asked[:4], _LOOK_AT_ALL - 1)
        counts: dict[str, dict[str, int]] = {name: {} for name in _FACETS}
        for *values, n in rows:
            for name, value in zip(_FACETS, values, strict=True):
                counts[name][value] = counts[name].get(value, 0) + n
        facets = {
            name: [Facet(value, n) for value, n in sorted(of.items(), key=lambda each: (-each[1], each[0]))]
            for name, of in counts.items()
        }
        total = sum(row[-1] for row in rows)
        return FacetsView(
            facets, min(total, _MOST), capped=total > _MOST or bool(end and end[0][0] >= wanted.since)
        )

    async def trace(self, trace: str, *, limit: int = 100) -> TraceView:
        """How the page of a trace begins."""
        line, missing = await self._line(trace)
        spans, more = await self._screen(trace, page_of(limit))
        database = self._ground.database
        undone = {row[0]: row[1] for row in await database.fetch("observing.undone", trace)}
        effects = [
            EffectLine(str(span), tool, effect, state, undone.get(span, ""))
            for span, tool, effect, state in await database.fetch("observing.effects", trace)
        ]
        decisions = [
            DecisionLine(str(span), *said)
            for span, *said in await database.fetch("observing.decisions", trace, _MOST_DECISIONS)
        ]
        return TraceView(line, effects, decisions, spans, more, await self.lag(), missing)

    async def spans(self, trace: str, below: str = "", *, after: str = "", limit: int = 200) -> SpanPage:
        """What was done below a place of a trace, in order, from where a page before ended."""
        await self._line(trace)
        rows = await self._below(trace, below, after, page_of(limit) + 1)
        found = [_span(row, 0) for row in rows[:limit]]
        return SpanPage(found, found[-1].place if len(rows) > limit else "")

    async def span(self, trace: str, place: str) -> SpanLine:
        """One thing that was done."""
        await self._line(trace)
        rows = await self._ground.database.fetch("observing.span", trace, place)
        if not rows:
            raise UnknownRun(f'{trace} has nothing at "{place}".', "See: remit show RUN")
        return _span(rows[0], 0)

    async def lag(self) -> LagView:
        """How far all of it trails the log."""
        return LagView(*await lag_of(self._ground.database, self._ground.clock))

    async def rebuild(self) -> LagView:
        """Delete everything that was derived from the log, and read it again."""
        await projector_of(self._ground).rebuild()
        return await self.lag()

    async def _line(self, trace: str) -> tuple[TraceLine, list[str]]:
        rows = await self._ground.database.fetch("observing.trace", trace, self._ground.principal.team)
        if not rows:
            raise UnknownRun(
                f'nothing is told of a trace "{trace}".', "It may be too new: ask again in a moment."
            )
        return _trace(rows[0]), [said for bit, said in _MISSING.items() if rows[0][_MASK] & bit]

    async def _screen(self, trace: str, limit: int) -> tuple[list[SpanLine], bool]:
        """The tree from its top, each place opened as long as there is room."""
        top = [_span(row, 0) for row in await self._below(trace, "", "", limit + 1)]
        shown, more = top[:limit], len(top) > limit
        opened = 0
        while len(shown) < limit and opened < len(shown):
            at = shown[opened]
            opened += 1
            if not at.more:
                continue
            room = limit - len(shown)
            inside = [_span(row, at.depth + 1) for row in await self._below(trace, at.id, "", room + 1)]
            more = more or len(inside) > room
            shown[opened:opened] = inside[:room]
        return shown, more or any(each.more for each in shown[opened:])

    async def _below(self, trace: str, place: str, after: str, limit: int) -> Sequence[Row]:
        since = place_by_count(after) if after else (-1, -1)
        return await self._ground.database.fetch("observing.spans", trace, place, *since, limit)


def _query(wanted: Wanted, team: str) -> tuple[str, list[Any]]:
    """By what they are found, and what is asked beside the place from which on."""
    lead = next((name for name in _RAREST if getattr(wanted, name)), "team")
    texts = [getattr(wanted, name) for name in _TEXTS]
    least = (wanted.cost, wanted.took, wanted.asks, wanted.loops, wanted.denials)
    found = team if lead == "team" or lead in _FLAGS else getattr(wanted, lead)
    return f"with_{lead}" if lead in _FLAGS else lead, [team, found, wanted.since, *texts, *least]


_MASK = -2
_trace_line: Any = TraceLine
_span_line: Any = SpanLine


def _trace(row: Row) -> TraceLine:
    *facts, missing, score = row
    return _trace_line(*facts, completeness(missing), score)


def _span(row: Row, depth: int) -> SpanLine:
    *facts, detail, stream, seq, n, more = row
    told: dict[str, Any] = msgspec.json.decode(detail) if detail else {}
    return _span_line(*facts, told, stream, seq, f"{facts[4]}.{n}", bool(more), depth)
