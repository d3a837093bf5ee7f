"""Opens the log for projections: rows become what happened, a page at a time, with few looks at the database.

It knows no table but the log's own. What cannot be read any more is told as such and is never an error (S7): a key that
another process destroyed a moment ago opens nothing here, for keys are looked up with every page.
"""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, NamedTuple

from remit.domain.errors import StoreCorrupt, StoreNewer
from remit.domain.events import Erased, KeyShredded
from remit.insight.projection import Happened
from remit.store.codec import decode_event
from remit.store.database import BlobRow, Cursor, EventRow
from remit.store.pen import open_blob
from remit.store.reductions import Leftovers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.domain.event import Event
    from remit.store.database import Database, Row
    from remit.store.keys import DataKey, KeyRing

_log = logging.getLogger("remit.insight")
_PAGE = 2000
_MOST_KEYS = 4096
_MOST_SHREDDED = 50
_BLOB = b"b"
_HEAVY = frozenset({"otlp.traces", "otlp.logs"})
_SHREDDED = KeyShredded.KIND
_TX, _POS, _SEQ, _KIND, _KEY = 0, 1, 3, 6, 9


class Page(NamedTuple):
    """Some of the log, and where it ends."""

    happened: list[Happened]
    after: Cursor
    events: int
    """How many events there were, those that nobody wants included."""
    more: bool
    """Whether there may be more."""


class Reading:
    """Reads the log for those who derive something from it."""

    def __init__(self, database: Database, keys: KeyRing) -> None:
        self._database = database
        self._keys = keys
        self._opened: dict[str, tuple[bytes, DataKey]] = {}
        """Keys, each with the wrapped form for which it is known: it counts only while that is what there is."""

    async def page(self, after: Cursor, kinds: frozenset[str], limit: int) -> Page:
        """The next events of the whole log that nothing can precede any more (S4); those that tell of shredded keys
        come by themselves.
        """
        rows = await self._database.fetch("insight.read", after.tx, after.pos, limit)
        if not rows:
            return Page([], after, 0, more=False)
        part = _bearable(_until_shredded(rows))
        wanted = [row for row in part if row[_KIND] in kinds]
        end = Cursor(part[-1][_TX], part[-1][_POS])
        return Page(
            await self._open(wanted), end, len(part), more=len(part) < len(rows) or len(rows) == limit
        )

    async def stream(self, stream: str, kinds: frozenset[str], upto: Cursor) -> list[Happened]:
        """One stream from its beginning, as far as the log was read."""
        found: list[Happened] = []
        first = 1
        while rows := await self._database.fetch("insight.read_stream", stream, first, *upto, _PAGE):
            found += await self._open([row for row in rows if row[_KIND] in kinds])
            first = rows[-1][_SEQ] + 1
            if len(rows) < _PAGE:
                break
        return found

    async def _open(self, rows: Sequence[Row]) -> list[Happened]:
        keys = await self._keys_of({row[_KEY] for row in rows})
        left: dict[str, Leftovers] = {}
        blobs: dict[int, bytes] = {}
        made: list[Happened | None] = []
        for n, row in enumerate(rows):
            _, pos, stream, seq, team, at, kind, path, body, key_id = row
            key = keys.get(key_id)
            if key is None:
                event, key_id = await self._left(row, left)
            else:
                found = _content(key, body, stream, seq)
                if found is None:
                    event = Erased(kind)
                elif found[:1] == _BLOB:
                    blobs[n] = found[1:]
                    made.append(None)
                    continue
                else:
                    event = _event(kind, found[1:])
            made.append(Happened(pos, stream, seq, team, at, kind, path, key_id, event))
        if blobs:
            await self._fill(rows, made, blobs, keys)
        return [each for each in made if each is not None]

    async def _fill(
        self,
        rows: Sequence[Row],
        made: list[Happened | None],
        blobs: dict[int, bytes],
        keys: dict[str, DataKey],
    ) -> None:
        """The events whose bodies are kept apart."""
        named = json.dumps([name.hex() for name in set(blobs.values())])
        kept = {row[0]: BlobRow(*row) for row in await self._database.fetch("insight.blobs", named)}
        for n, name in blobs.items():
            _, pos, stream, seq, team, at, kind, path, _, key_id = rows[n]
            blob = kept.get(name)
            event = Erased(kind) if blob is None else _event(kind, open_blob(blob, keys[key_id]))
            made[n] = Happened(pos, stream, seq, team, at, kind, path, key_id, event)

    async def _keys_of(self, names: Iterable[str]) -> dict[str, DataKey]:
        """The keys that there still are."""
        if len(self._opened) > _MOST_KEYS:
            self._opened.clear()
        found: dict[str, DataKey] = {}
        for key_id, wrapped in await self._database.fetch("insight.keys", json.dumps(sorted(names))):
            known = self._opened.get(key_id)
            if known is None or known[0] != wrapped:
                known = self._opened[key_id] = (wrapped, self._keys.opened(key_id, wrapped))
            found[key_id] = known[1]
        return found

    async def _left(self, row: Row, left: dict[str, Leftovers]) -> tuple[Event, str]:
        """What a rule left of an event whose key is gone, and under which key that is."""
        _, _, stream, seq, team, at, kind, path, body, key_id = row
        of = left.get(stream)
        if of is None:
            of = left[stream] = Leftovers(stream, self._database, self._keys)
        kept = await of.of(EventRow(stream, seq, team, at, kind, path, body, key_id, b"", b"", b""))
        return (kept.event, kept.key_id) if kept is not None else (Erased(kind), key_id)


def _until_shredded(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows before the first key that was shredded; or, where that comes first, some of those."""
    first = rows[0][_KIND] == _SHREDDED
    for n, row in enumerate(rows):
        if (row[_KIND] == _SHREDDED) is not first or (first and n == _MOST_SHREDDED):
            return rows[:n]
    return rows


def _bearable(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows up to the first that holds hundreds of spans of others, so that no commit takes long."""
    for n, row in enumerate(rows):
        if row[_KIND] in _HEAVY:
            return rows[: n + 1]
    return rows


def _content(key: DataKey, body: bytes, stream: str, seq: int) -> bytes | None:
    try:
        return key.open(body, f"{stream}|{seq}".encode())
    except (
        StoreCorrupt
    ) as wrong:  # remit doctor and the audit say so; what is derived from the rest is still of use
        _log.warning("an event was left out of what is derived from the log: %s", wrong)
        return None


def _event(kind: str, body: bytes) -> Event:
    try:
        return decode_event(kind, body)
    except (StoreCorrupt, StoreNewer) as wrong:
        _log.warning("an event was left out of what is derived from the log: %s", wrong)
        return Erased(kind)
