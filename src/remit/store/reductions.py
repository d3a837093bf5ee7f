"""What a rule left of events whose own key it destroyed: kept beside the log, under a key of its own (S7).

The log keeps the commitment to what was there; this is what may still be read in its place. It knows no rules.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from remit.domain.errors import Shredded
from remit.domain.protection_errors import Reduced
from remit.store.codec import decode_event
from remit.store.database import Op

if TYPE_CHECKING:
    from remit.domain.event import Event
    from remit.store.database import Database, EventRow
    from remit.store.keys import DataKey, KeyRing

_PAGE = 2000
_MOST_NAMED = 5


class Left(NamedTuple):
    """What is left of one event."""

    event: Event
    changed: bool
    key_id: str
    """Under which it is kept."""


class Leftovers:
    """What is left of one stream, read when it is first needed."""

    def __init__(self, stream: str, database: Database, keys: KeyRing) -> None:
        self._stream = stream
        self._database = database
        self._keys = keys
        self._rows: dict[int, tuple[str, bytes]] | None = None

    async def of(self, row: EventRow) -> Left | None:
        """What is left of an event whose key is gone; None if that is nothing."""
        if self._rows is None:
            self._rows = {}
            first = row.seq
            while rows := await self._database.fetch("protection.reduced", self._stream, first, _PAGE):
                self._rows |= {seq: (key_id, body) for seq, key_id, body in rows}
                first = rows[-1][0] + 1
        found = self._rows.get(row.seq)
        if found is None:
            return None
        try:
            key = await self._keys.get(found[0])
        except Shredded:
            return None
        opened: Any = msgspec.json.decode(zlib.decompress(key.open(found[1], _place(self._stream, row.seq))))
        return Left(decode_event(row.kind, msgspec.json.encode(opened[1])), bool(opened[0]), found[0])

    async def refusal(self, row: EventRow) -> Reduced | None:
        """Why this stream cannot be read as it was, if that is because of a rule; names what is no longer there."""
        if await self.of(row) is None or self._rows is None:
            return None
        names: dict[str, None] = {}
        for each in await self._database.fetch("log.read", self._stream, row.seq, _PAGE):
            place = each[5] or each[4]
            left = await self.of(row._replace(seq=each[1], kind=each[4]))
            if left is not None and left.changed:
                names[place] = None
        shown = ", ".join([*names][:_MOST_NAMED]) + (
            f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        )
        return Reduced(
            f"{self._stream.removeprefix('run:')} was reduced by the rules of its data classes after it had ended:"
            f" what is no longer there is content of {shown or 'nothing that shows'}.",
            "See what is left: remit show. What recovery, replay and undo need is kept until the end of a run"
            " (capture.undo_days after it, where it can be undone).",
        )


def reduction(stream: str, seq: int, event: dict[str, Any], key: DataKey, *, changed: bool) -> Op:
    """The operation that keeps what is left of an event."""
    body = zlib.compress(msgspec.json.encode([changed, event]), 1)
    return Op("protection.reduce", (stream, seq, key.id, key.seal(body, _place(stream, seq))))


def _place(stream: str, seq: int) -> bytes:
    return f"reduced|{stream}|{seq}".encode()
