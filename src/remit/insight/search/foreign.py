"""What can be found of agents that only send telemetry: the texts in the attributes of their spans, out of the
requests as they were kept. It knows no index; whatever cannot be read any more says nothing.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.domain.on_use import on_use
from remit.insight.foreign.filing import Desk, Taken, trace_id
from remit.insight.foreign.pricing import NO_PRICES
from remit.insight.foreign.reopening import Archive
from remit.insight.search.documents import Document, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.domain.telemetry_events import SpansTaken
    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.wire.otlp import foreign_span, receiving, understanding
    from remit.wire.otlp.foreign_span import ForeignSpan
else:  # nobody who is sent no telemetry carries its messages
    foreign_span = on_use("remit.wire.otlp.foreign_span")
    receiving = on_use("remit.wire.otlp.receiving")
    understanding = on_use("remit.wire.otlp.understanding")

_log = logging.getLogger("remit.insight")
_PARTS = {"model": "answer", "agent": "question", "human": "comment"}


class SpanText(NamedTuple):
    """What a span says."""

    nth: int
    """Which entry of its request it is."""
    trace: str
    span: str
    at: int
    document: Document


class SpanTexts:
    """Reads requests of telemetry for what they say."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._archive = Archive(database, keys)
        self._digest = keys.tag

    async def of(self, pos: int, stream: str, seq: int, key_id: str, event: SpansTaken) -> list[SpanText]:
        """The texts of one request."""
        desk = Desk(pos, stream, seq, "", event.source, key_id, 0, NO_PRICES, self._digest)
        opened = await self._archive.open([Taken(desk, "traces", event.blob, "")])
        body = opened.get(event.blob)
        if body is None:
            return []
        try:
            return list(_texts(foreign_span.spans_in(receiving.reopen("traces", body))))
        except Exception as wrong:  # noqa: BLE001 - one request must not end what is told of all others, for ever
            _log.warning("telemetry was left out of the index: %s", wrong)
            return []


def _texts(spans: Iterator[ForeignSpan]) -> Iterator[SpanText]:
    for nth, span in enumerate(spans):
        said = understanding.understand(span)
        told = [span.attributes, *(each.attributes for each in span.happenings)]
        values: list[Any] = [
            value for each in told for value in each.values() if not isinstance(value, int | float)
        ]
        error = said.error or ("error" if said.failed or span.failed else "")
        part = "error" if error else _PARTS.get(said.kind, "result")
        text = text_of((span.name, span.message, values))
        if text.strip():
            model = said.served or said.requested
            document = Document(part, text, said.agent, said.tool, model, error)
            yield SpanText(nth, trace_id(span.trace), span.id, span.started, document)
