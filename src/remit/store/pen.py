"""The pen of one stream: turns events into sealed, chained rows, and sealed rows back into events.

It holds the head of a stream it alone writes. A body is encrypted, what is chained is a salted commitment to it,
so a destroyed key erases the content and leaves every proof intact. Bodies over 4 KiB become compressed blobs.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import TYPE_CHECKING

import msgspec

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
        self.seq += 1
        place = f"{self.stream}|{self.seq}".encode()
        content = encode_event(event)
        body = _INLINE + content if len(content) <= INLINE_LIMIT else _BLOB + self._blob(content, key)
        commitment = key.commit(content, place)
        envelope = (self.stream, self.seq, self.team, at, event.KIND, path, key.id)
        previous, self.hash = self.hash, link(self.hash, envelope, commitment)
        return EventRow(
            self.stream, self.seq, self.team, at, event.KIND, path,
            key.seal(body, place), key.id, commitment, previous, self.hash,
        )  # fmt: skip

    def take_blobs(self) -> list[BlobRow]:
        """The blobs that the next commit must carry."""
        taken, self.blobs = self.blobs, []
        return taken

    def _blob(self, content: bytes, key: DataKey) -> bytes:
        blob = seal_blob(content, key)
        self.blobs.append(blob)
        return blob.id


def link(previous: bytes, envelope: tuple[object, ...], commitment: bytes) -> bytes:
    """The hash of an event: over its predecessor, its envelope and the commitment to its body."""
    return hashlib.sha256(previous + _encode(envelope) + commitment).digest()


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
