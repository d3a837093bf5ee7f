"""The projection of what other agents sent: their spans as rows beside our own, the sums of their days, and an account
of every request. The request in the log is the truth; traces are told from it again when a key is destroyed (S7).

Traces are kept in memory while they are being sent, as far as there is room; any of them is read from its tables again.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from remit.domain.events import KeyShredded
from remit.domain.on_use import on_use
from remit.domain.telemetry_events import PointsTaken, PricesNoted, RecordsTaken, SpansTaken
from remit.insight.foreign.filing import Desk, Taken
from remit.insight.foreign.pricing import NO_PRICES, Prices
from remit.insight.foreign.reopening import Archive
from remit.insight.foreign.trace import ForeignTrace
from remit.insight.foreign.writing import TABLES, Changes, put_batch, put_part, read
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.insight.foreign import requests
    from remit.insight.foreign.filing import Filed
    from remit.insight.projection import Happened, Tables
    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing
else:
    requests = on_use(
        "remit.insight.foreign.requests"
    )  # nobody who is sent no telemetry carries its messages

_MOST_SPANS = 20_000
"""Spans kept in memory."""
_PAGE = 500
_MOST_LOST = 10**9
"""More is not added up: sums of it would be more than a database holds."""


class Foreign:
    """Tells what other agents sent as traces."""

    name = "foreign"
    kinds = frozenset(kind.KIND for kind in (SpansTaken, RecordsTaken, PointsTaken, PricesNoted, KeyShredded))
    tables = TABLES

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._archive = Archive(database, keys)
        self._digest = keys.tag
        self._books: dict[tuple[str, str], Prices] = {}
        self._traces: dict[str, ForeignTrace] = {}

    def forget(self) -> None:
        """Drop what is in memory."""
        self._books.clear()
        self._traces.clear()

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        """The rows of every trace that something came for."""
        changes = Changes()
        taken: list[Taken] = []
        gone: set[str] = set()
        for each in batch:
            event = each.event
            if isinstance(event, PricesNoted):
                self._books[each.team, event.book] = Prices(event.prices)
                kept = json.dumps(event.prices, sort_keys=True)
                changes.ops.append(Op("foreign.put_book", (each.team, event.book, kept)))
            elif isinstance(event, KeyShredded):
                gone.add(event.key)
            elif isinstance(event, SpansTaken | RecordsTaken | PointsTaken):
                taken.append(await self._noted(each, event, tables))
        await self._file(taken, tables, changes)
        await self._tell_again(gone, tables, changes)
        self._make_room()
        return changes.written()

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:  # noqa: ARG002
        """Runs of ours are told elsewhere."""
        return []

    async def _noted(
        self, happened: Happened, event: SpansTaken | RecordsTaken | PointsTaken, tables: Tables
    ) -> Taken:
        book = event.book if isinstance(event, SpansTaken) else ""
        lost = min(event.lost, _MOST_LOST) if isinstance(event, PointsTaken) else 0
        prices = await self._prices(happened.team, book, tables)
        desk = Desk(
            happened.pos, happened.stream, happened.seq, happened.team, event.source, happened.key_id, happened.at,
            prices, self._digest,
        )  # fmt: skip
        return Taken(
            desk,
            event.KIND.partition(".")[2],
            event.blob,
            book,
            event.taken,
            event.rejected,
            lost,
            event.size,
        )

    async def _prices(self, team: str, book: str, tables: Tables) -> Prices:
        if not book:
            return NO_PRICES
        known = self._books.get((team, book))
        if known is None:
            rows = await tables.fetch("foreign.books", team, book)
            known = self._books[team, book] = Prices(json.loads(rows[0][0])) if rows else NO_PRICES
        return known

    # --- filing ---------------------------------------------------------------------------------------

    async def _file(self, taken: Sequence[Taken], tables: Tables, changes: Changes) -> None:
        """Put what was taken into its traces, in the order in which it came."""
        opened = await self._archive.open(taken)
        filed = [
            (each, requests.filed_in(each, opened)) for each in taken if not each.blob or each.blob in opened
        ]
        await self._load({span.row.trace for _, spans in filed for span in spans}, tables)
        touched: dict[str, None] = {}
        for each, spans in filed:
            parts = await self._add(each.desk.team, spans, tables)
            touched |= parts
            changes.ops.append(put_batch(each, spans))
            changes.ops += [put_part(trace, each) for trace in parts]
        for identity in touched:
            if self._traces[identity].differs:
                changes.write(identity, self._traces[identity])

    async def _add(self, team: str, spans: Sequence[Filed], tables: Tables) -> dict[str, None]:
        """Put the spans of one request into their traces; gives those."""
        places: dict[str, str] = {}
        for span in spans:
            said = span.row.trace
            place = places.get(said)
            if place is None:
                place = places[said] = await self._place(said, team, tables)
            span.row.trace = place
            self._traces[place].add(span)
        return dict.fromkeys(places.values())

    async def _place(self, said: str, team: str, tables: Tables) -> str:
        """Where the spans of a trace go: under its id, unless another team was first to use that."""
        owner = self._traces[said].team
        if owner in {"", team}:
            return said
        place = elsewhere(said, team)
        await self._load({place}, tables)
        return place

    async def _load(self, wanted: Iterable[str], tables: Tables) -> None:
        """Read the traces that are not in memory."""
        named = sorted(each for each in wanted if each not in self._traces)
        for first in range(0, len(named), _PAGE):
            page = named[first : first + _PAGE]
            known = {row[0] for row in await tables.fetch("foreign.known", json.dumps(page))}
            for identity in page:
                self._traces[identity] = await read(tables, identity) if identity in known else ForeignTrace()

    def _make_room(self) -> None:
        """Let go of the traces that nothing came for lately."""
        kept = sum(len(trace.filed) for trace in self._traces.values())
        while kept > _MOST_SPANS and len(self._traces) > 1:
            kept -= len(self._traces.pop(next(iter(self._traces))).filed)

    # --- what was erased ------------------------------------------------------------------------------

    async def _tell_again(self, gone: set[str], tables: Tables, changes: Changes) -> None:
        """Tell every trace that had a part under one of these keys from what is left of it."""
        traces: set[str] = set()
        for key in sorted(gone):
            traces |= {row[0] for row in await tables.fetch("foreign.under", key)}
            changes.remove_batches(key, await tables.fetch("foreign.batches_under", key))
        await self._load(traces, tables)
        for identity in sorted(traces):
            old, fresh = self._traces[identity], await self._fresh(identity, gone, tables)
            changes.remove(identity, old)
            if fresh.filed:
                changes.write(identity, fresh)
                self._traces[identity] = fresh
            else:
                del self._traces[identity]

    async def _fresh(self, identity: str, gone: set[str], tables: Tables) -> ForeignTrace:
        """A trace from every request that can be opened still."""
        rows = await tables.fetch("foreign.batches_of", identity)
        parts = [await self._kept(row, tables) for row in rows if row[6] not in gone]
        opened = await self._archive.open(parts)
        fresh = ForeignTrace()
        for each in parts:
            for span in requests.filed_in(each, opened):
                if identity in {span.row.trace, elsewhere(span.row.trace, each.desk.team)}:
                    span.row.trace = identity
                    fresh.add(span)
        return fresh

    async def _kept(self, row: Row, tables: Tables) -> Taken:
        stream, seq, pos, team, source, signal, key_id, blob, book, at = row
        prices = await self._prices(team, book, tables)
        return Taken(
            Desk(pos, stream, seq, team, source, key_id, at, prices, self._digest), signal, blob, book
        )


def elsewhere(trace: str, team: str) -> str:
    """Where the spans of a team go whose trace has the id of another team's."""
    return f"o{hashlib.sha256(f'{team}|{trace}'.encode()).hexdigest()[:32]}"
