"""The projection that search looks things up in: each text as a bag of keyed signs and a vector, kept under the key
that seals the text in the log.

It writes no content. Where a key is destroyed, what stood under it goes in that very commit; when the log tells of
it here, the run is told again from what a rule left of it, if anything (S7).
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.events import KeyShredded, RunCreated, WaitClosed
from remit.domain.fronting import EXCHANGE
from remit.domain.telemetry_events import SpansTaken
from remit.insight.projection import RUN
from remit.insight.search.blocks import BLOCK, packed
from remit.insight.search.documents import KINDS, document_of, narrowed, readers_of
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.insight.projection import Happened, Tables
    from remit.insight.search.documents import Document
    from remit.insight.search.foreign import SpanTexts
    from remit.insight.search.lexicon import Lexicon

PLACES = 4096
"""So many texts one event may have: the number of a text is made of the position of its event."""
END = 2**62
_MOST_RUNS = 10_000


class _Run(NamedTuple):
    flow: str
    readers: str
    """Who alone may read what the run has come to; empty: whoever may see it."""


class SearchIndex:
    """Tells texts."""

    name = "search"
    kinds = KINDS | {KeyShredded.KIND, SpansTaken.KIND}
    tables = ("search_documents", "search_blocks")

    def __init__(self, lexicon: Lexicon, spans: SpanTexts | None = None) -> None:
        """`spans` reads what agents that are not ours sent."""
        self._lexicon = lexicon
        self._spans = spans
        self._runs: OrderedDict[str, _Run] = OrderedDict()
        self._loose = BLOCK
        """About how many vectors are in no block; as long as nobody has counted, enough to look."""

    def forget(self) -> None:
        """Drop what is in memory."""
        self._runs.clear()
        self._loose = BLOCK

    async def take(self, batch: Sequence[Happened], tables: Tables) -> list[Op]:
        """The texts of a batch."""
        ops = await self._sealed(tables) if self._loose >= BLOCK else []
        for each in batch:
            if each.stream.startswith(RUN):
                ops += await self._told(each, tables)
            elif isinstance(each.event, SpansTaken):
                ops += await self._of_others(each, each.event)
            elif isinstance(each.event, KeyShredded):  # a batch that was read before may have come after it
                ops.append(Op("search.drop_of_key", (each.event.key,)))
        return ops

    async def _of_others(self, each: Happened, event: SpansTaken) -> list[Op]:
        """The texts of spans that were sent in one request."""
        if self._spans is None:
            return []
        found = await self._spans.of(each.pos, each.stream, each.seq, each.key_id, event)
        return [
            self._added(
                each.pos * PLACES + text.nth, each, text.trace, text.span, "", text.document,
                text.at if 0 < text.at <= each.at else each.at,
            )
            for text in found
            if text.nth < PLACES
        ]  # fmt: skip

    def _added(
        self,
        n: int,
        each: Happened,
        run: str,
        path: str,
        flow: str,
        document: Document,
        at: int,
        readers: str = "",
    ) -> Op:
        told = self._lexicon.tell(f"{document.text} {document.error} {document.tool}")
        self._loose += bool(told.vector)
        signs = " ".join((*told.signs, *self._facets(flow, document)))
        said = (document.agent, document.tool, document.model, document.error, readers)
        place = (n, run, each.seq, path, document.part, at, each.team, flow)
        return Op("search.add", (*place, *said, each.key_id, signs, told.vector))

    async def again(self, run: str, happened: Sequence[Happened], tables: Tables) -> list[Op]:
        """The texts of a run as they can be read still, in the place of those that are there."""
        self._runs.pop(run, None)
        told = [op for each in happened for op in await self._told(each, tables, anew=True)]
        ops = [Op("search.drop_of_run", (run,))]
        if told:
            self._loose = BLOCK
            ops.append(Op("search.drop_blocks_over", (told[0].params[0], told[-1].params[0])))
        return ops + told

    async def _told(self, each: Happened, tables: Tables, *, anew: bool = False) -> list[Op]:
        if each.kind not in KINDS:
            return []
        run = each.stream[len(RUN) :]
        known = await self._known(run, each, tables, anew=anew)
        document = document_of(each.event, exchange=known.flow == EXCHANGE)
        if document is None:
            return []
        n = each.pos * PLACES
        return [self._added(n, each, run, each.path, known.flow, document, each.at, known.readers)]

    def _facets(self, flow: str, document: Document) -> list[str]:
        said = {
            "flow": flow, "agent": document.agent, "tool": document.tool, "model": document.model,
            "error": document.error, "part": document.part,
        }  # fmt: skip
        return [self._lexicon.facet(name, what) for name, what in said.items() if what]

    async def _known(self, run: str, each: Happened, tables: Tables, *, anew: bool) -> _Run:
        """What is known of a run once this event has happened to it."""
        known = self._runs.get(run)
        event = each.event
        if known is None:
            rows = [] if anew or each.seq == 1 else await tables.fetch("search.run", run)
            known = _Run(*rows[0]) if rows else _Run("", "")
        if isinstance(event, RunCreated):
            known = _Run(event.flow, known.readers)
        for other in _sources(event):
            known = known._replace(readers=narrowed(known.readers, await self._readers(other, tables)))
        also = readers_of(event, each.team)
        if also is not None:
            known = known._replace(readers=narrowed(known.readers, also))
        self._runs[run] = known
        self._runs.move_to_end(run)
        if len(self._runs) > _MOST_RUNS:
            self._runs.popitem(last=False)
        return known

    async def _readers(self, run: str, tables: Tables) -> str:
        found = self._runs.get(run)
        if found is not None:
            return found.readers
        rows = await tables.fetch("search.run", run)
        return rows[0][1] if rows else ""

    async def _sealed(self, tables: Tables) -> list[Op]:
        """Vectors that are in no block yet, as blocks: between blocks all of them, behind the last a whole one."""
        edges = [(0, 0), *await tables.fetch("search.edges"), (END, END)]
        ops: list[Op] = []
        for (_, last), (first, _) in pairwise(edges):
            rows = await tables.fetch("search.vectors_between", last, first, BLOCK)
            self._loose = len(rows)
            if len(rows) == BLOCK or (rows and first != END):
                block = packed(rows)
                ops.append(Op("search.add_block", (rows[0][0], rows[-1][0], block.names, block.columns)))
                self._loose = BLOCK if len(rows) == BLOCK else 0
                if len(ops) == _MOST_BLOCKS:
                    break
        return ops


_MOST_BLOCKS = 8
"""So many are made for one batch: each is half a megabyte."""


def _sources(event: object) -> list[str]:
    """Other runs that what is said here may come from: its parent, what it was forked from, a child that answered."""
    if isinstance(event, RunCreated):
        return [each for each in (event.parent, event.forked_from) if each]
    if isinstance(event, WaitClosed) and event.wait == "child" and event.by:
        return [event.by]
    return []
