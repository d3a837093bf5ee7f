"""What can be asked about telemetry of others: which sources there are, what each sent and how complete it is, and a
span with everything that was said in it, out of the log.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from remit.control.collecting.records import records
from remit.control.collecting.views import RawSpan, RecordPage, SourceLine
from remit.domain.errors import Shredded, UnknownRun
from remit.insight.foreign.projection import elsewhere
from remit.insight.tracing.rows import Missing
from remit.store.database import BlobRow
from remit.store.pen import open_blob

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.store.database import Row
    from remit.wire.otlp.foreign_span import ForeignRecord, ForeignSpan

FACTS = {
    "root": Missing.START, "end": Missing.END, "parents": Missing.PARENT, "tools": Missing.TOOL,
    "model": Missing.MODEL, "provider": Missing.PROVIDER, "tokens": Missing.USAGE, "cost": Missing.COST,
    "prompt": Missing.PROMPT, "whole": Missing.DROPPED,
}  # fmt: skip
"""What a trace of anybody ought to say."""
_WHOLE = 1_000_000
_HEX = re.compile(r"[0-9a-f]{32}")


class CollectingDesk:
    """Telemetry of others, for those who look."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground

    async def sources(self) -> list[SourceLine]:
        """Every source, by name."""
        database, team = self._ground.database, self._ground.principal.team
        missing: dict[str, list[tuple[int, int]]] = {}
        for source, mask, traces in await database.fetch("foreign.complete", team):
            missing.setdefault(source, []).append((mask, traces))
        dialects: dict[str, dict[str, int]] = {}
        for source, dialect, spans in await database.fetch("foreign.dialects", team):
            dialects.setdefault(source, {})[dialect] = spans
        return [
            _source(row, missing.get(row[0], []), dialects.get(row[0], {}))
            for row in await database.fetch("foreign.sources", team)
        ]

    async def place(self, trace: str) -> str:
        """The name of a trace here: as it stands in lists, or by the id that its sender knows it by."""
        if _HEX.fullmatch(trace) is None:
            return trace
        ground = self._ground
        for identity in (f"o{trace}", elsewhere(f"o{trace}", ground.principal.team)):
            if await ground.database.fetch("observing.trace", identity, ground.principal.team):
                return identity
        return f"o{trace}"

    async def raw(self, trace: str, span: str) -> RawSpan:
        """A span as it came; raises `Shredded` where that was erased."""
        ground = self._ground
        trace = await self.place(trace)
        rows = await ground.database.fetch("foreign.span", trace, span, ground.principal.team)
        if not rows:
            raise UnknownRun(
                f'nobody sent a span "{span}" in the trace "{trace}".', f"See: remit show {trace} --spans"
            )
        stream, seq, nth, source, dialect = rows[0]
        key_id, blob, signal, at = (await ground.database.fetch("foreign.batch", stream, seq))[0]
        kept = await ground.database.fetch("log.blob", bytes.fromhex(blob))
        if not kept:
            raise Shredded(f"what {source} sent there was erased.")
        body = open_blob(BlobRow(*kept[0]), await ground.keys.still(key_id))
        if signal == "logs":
            return _record(trace, span, source, dialect, at, _nth(signal, body, nth))
        return _span(trace, source, dialect, at, _nth(signal, body, nth))

    async def records(self, trace: str, span: str = "", *, after: str = "", limit: int = 200) -> RecordPage:
        """The log records that were sent with a trace, or with one span of it."""
        named = trace.removeprefix("o")
        if _HEX.fullmatch(named) is None:
            raise UnknownRun(
                f'"{trace}" was sent by nobody, and only what others send has log records beside it.',
                "See: remit runs --sources",
            )
        return await records(self._ground, named, span, after, limit)


def _source(row: Row, missing: list[tuple[int, int]], dialects: dict[str, int]) -> SourceLine:
    source, spans, records, metrics, rejected, lost, dropped, skewed, last, requests = row
    traces = sum(count for _, count in missing)
    facts = {
        name: _share(sum(count for mask, count in missing if not mask & bit), traces)
        for name, bit in FACTS.items()
    }
    facts["whole"] = facts["whole"] * _share(spans, spans + rejected + lost) // _WHOLE
    complete = sum(facts.values()) // len(facts)
    return SourceLine(
        source, requests, traces, spans, records, metrics, rejected, lost, dropped, skewed, last, dialects, facts,
        complete,
    )  # fmt: skip


def _share(part: int, whole: int) -> int:
    return part * _WHOLE // whole if whole else _WHOLE


def _nth(signal: str, body: bytes, nth: int) -> Any:
    """One entry of a request that was kept."""
    from remit.wire.otlp.foreign_span import records_in, spans_in
    from remit.wire.otlp.receiving import reopen

    found = spans_in(reopen("traces", body)) if signal == "traces" else records_in(reopen("logs", body))
    return next(entry for n, entry in enumerate(found) if n == nth)


def _span(trace: str, source: str, dialect: str, at: int, span: ForeignSpan) -> RawSpan:
    status = "open" if span.ended is None else "error" if span.failed else "ok"
    events = [
        {"name": each.name, "at": each.at, "attributes": _seen(each.attributes)} for each in span.happenings
    ]
    return RawSpan(
        trace, span.id, source, dialect, at, span.name, span.parent, span.started, span.ended, status, span.message,
        span.scope, _seen(span.attributes), _seen(span.resource), events, span.dropped,
    )  # fmt: skip


def _record(trace: str, identity: str, source: str, dialect: str, at: int, record: ForeignRecord) -> RawSpan:
    said = record.happening
    body = {"body": said.body} if said.body is not None else {}
    return RawSpan(
        trace, identity, source, dialect, at, said.name, record.span, said.at, said.at, "ok", "", "",
        _seen(said.attributes) | body, _seen(record.resource),
    )  # fmt: skip


def _seen(attributes: dict[str, Any]) -> dict[str, Any]:
    from remit.wire.otlp.values import undone

    return {name: undone(value) for name, value in attributes.items()}
