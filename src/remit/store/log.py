"""Reading the log: sealed rows come back as events, with their place in the stream.

It reads one stream at a time; what a stream means is the engine's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from remit.domain.errors import Shredded, StoreCorrupt
from remit.domain.events import Erased
from remit.store.codec import decode_event
from remit.store.database import BlobRow, EventRow, Head
from remit.store.pen import open_blob, read_inline
from remit.store.reductions import Leftovers

if TYPE_CHECKING:
    from remit.domain.events import Event
    from remit.store.database import Database
    from remit.store.keys import DataKey, KeyRing

_PAGE = 2000


class Entry(NamedTuple):
    """An event where it stands."""

    seq: int
    at: int
    path: str
    event: Event


class Log:
    """Opens streams for reading."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys

    async def read(
        self, stream: str, first: int = 1, *, lenient: bool = False, query: str = "log.read"
    ) -> tuple[list[Entry], Head]:
        """The events of a stream from `first` on, opened, and the head after them; another query may leave some out.

        What was shredded is an error, or, if `lenient`, stands there as `Erased`, or as what a rule left of it.
        """
        left = Leftovers(stream, self._database, self._keys)
        entries: list[Entry] = []
        head = Head(0, b"")
        key: DataKey | None = None
        while True:
            rows = await self._database.fetch(query, stream, first, _PAGE)
            for row in map(EventRow._make, rows):
                head = Head(row.seq, row.hash)
                try:
                    if key is None or key.id != row.key_id:
                        key = await (self._keys.still if lenient else self._keys.get)(row.key_id)
                except Shredded as gone:
                    if not lenient:
                        raise await left.refusal(row) or gone from None
                    kept = await left.of(row)
                    entries.append(Entry(row.seq, row.at, row.path, kept.event if kept else Erased(row.kind)))
                    continue
                event = read_inline(row, key)
                if isinstance(event, bytes):
                    event = decode_event(row.kind, await self._blob(event, row))
                entries.append(Entry(row.seq, row.at, row.path, event))
            if len(rows) < _PAGE:
                return entries, head
            first = head.seq + 1

    async def read_one(self, stream: str, seq: int) -> Entry:
        """One event."""
        rows = await self._database.fetch("log.read", stream, seq, 1)
        if not rows or rows[0][1] != seq:
            raise StoreCorrupt(f"the log has no event {seq} in {stream}, though something refers to it.")
        return await self.open(EventRow(*rows[0]))

    async def open(self, row: EventRow) -> Entry:
        """Decrypt and decode one row."""
        event = read_inline(row, await self._keys.get(row.key_id))
        if isinstance(event, bytes):
            event = decode_event(row.kind, await self._blob(event, row))
        return Entry(row.seq, row.at, row.path, event)

    async def _blob(self, blob_id: bytes, row: EventRow) -> bytes:
        rows = await self._database.fetch("log.blob", blob_id)
        if not rows:
            self._keys.forget(row.key_id)
            await self._keys.get(
                row.key_id
            )  # it may have been destroyed by another process, and its body with it
            raise StoreCorrupt(
                f"the body of event {row.seq} of {row.stream} is missing.", "Restore a backup."
            )
        return open_blob(BlobRow(*rows[0]), await self._keys.get(row.key_id))
