"""The pen of one stream: turns events into sealed, chained rows, and sealed rows back into events.

It holds the head of a stream it alone writes. A body is encrypted, what is chained is a salted commitment to it,
so a destroyed key erases the content and leaves every proof intact. Bodies over 4 KiB become compressed blobs.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import msgspec

from remit.domain.errors import NotEncodable
from remit.store.codec import decode_event, encode_event
from remit.store.database import BlobRow, EventRow, Head

if TYPE_CHECKING:
    from remit.domain.events import Event
    from remit.store.keys import DataKey

GENESIS = bytes(32)
INLINE_LIMIT = 4096
_INLINE = b"j"
_BLOB = b"b"
_encode = msgspec.json.Encoder().encode


class Pen:
    """Writes one stream in order."""

    __slots__ = ("blobs", "hash", "key", "seq", "stream", "team")

    def __init__(self, stream: str, team: str, key: DataKey, head: Head | None = None) -> None:
        self.stream = stream
        self.team = team
        self.key = key
        self.seq, self.hash = head or Head(0, GENESIS)
        self.blobs: list[BlobRow] = []
        """Blobs of events written since they were last taken; they go into the same commit."""

    def write(self, event: Event, path: str, at: int, key: DataKey | None = None) -> EventRow:
        """Seal the next event; `key` is another than the stream's for content about a subject."""
        key = key or self.key
        seq = self.seq + 1
        place = f"{self.stream}|{seq}".encode()
        try:
            content = encode_event(event)
        except (TypeError, ValueError, OverflowError, RecursionError) as wrong:
            raise NotEncodable(
                f"what {event.KIND} is about cannot be written to the log ({wrong})."
            ) from None
        blob = None if len(content) <= INLINE_LIMIT else seal_blob(content, key)
        body = _INLINE + content if blob is None else _BLOB + blob.id
        commitment = key.commit(content, place)
        digest = link(self.hash, (self.stream, seq, self.team, at, event.KIND, path, key.id), commitment)
        row = EventRow(
            self.stream, seq, self.team, at, event.KIND, path,
            key.seal(body, place), key.id, commitment, self.hash, digest,
        )  # fmt: skip
        # only now: a place that was taken for what cannot be written would be a hole in the log
        self.seq, self.hash = seq, digest
        if blob is not None:
            self.blobs.append(blob)
        return row

    def take_blobs(self) -> list[BlobRow]:
        """The blobs that the next commit must carry."""
        taken, self.blobs = self.blobs, []
        return taken


def link(previous: bytes, envelope: tuple[object, ...], commitment: bytes) -> bytes:
    """The hash of an event: over its predecessor, its envelope and the commitment to its body."""
    try:
        return hashlib.sha256(previous + _encode(envelope) + commitment).digest()
    except (TypeError, ValueError, OverflowError) as wrong:
        raise NotEncodable(f"the place of an event cannot be written to the log ({wrong}).") from None


def envelope_of(row: EventRow) -> tuple[object, ...]:
    """What of a row is hashed in the clear."""
    return (row.stream, row.seq, row.team, row.at, row.kind, row.path, row.key_id)


def read_inline(row: EventRow, key: DataKey) -> Event | bytes:
    """The event in a row, or the id of the blob that holds it."""
    body = key.open(row.body, f"{row.stream}|{row.seq}".encode())
    return body[1:] if body[:1] == _BLOB else decode_event(row.kind, body[1:])


def seal_blob(content: bytes, key: DataKey) -> BlobRow:
    """A compressed, encrypted blob named by a keyed digest of its content."""
    name = key.name(content)
    return BlobRow(name, key.id, key.seal(zlib.compress(content, 1), name))


def open_blob(blob: BlobRow, key: DataKey) -> bytes:
    """The content of a blob."""
    return zlib.decompress(key.open(blob.body, blob.id))
