"""An event as the verifier sees it: its envelope, the commitment to its content and its place in the chain; and the
heads of streams that a checkpoint carries. It knows nothing of content.
"""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

GENESIS = bytes(32)
_BOUND = 2**48
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Entry(NamedTuple):
    """One event of the log, without its body."""

    stream: str
    seq: int
    team: str
    at: int
    kind: str
    path: str
    key_id: str
    commitment: bytes
    prev_hash: bytes
    hash: bytes

    @property
    def place(self) -> str:
        """How it is named."""
        return f"{self.stream}#{self.seq}"


def link(entry: Entry, previous: bytes) -> bytes:
    """The hash that this event has behind `previous`."""
    envelope = _encode(entry[:7])
    return hashlib.sha256(previous + envelope.encode() + entry.commitment).digest()


def mark(at: int, kind: str, path: str, key_id: str) -> int:
    """A small number that tells events of one stream apart wherever they stand. It names, and proves nothing."""
    return zlib.crc32(f"{at}|{kind}|{path}|{key_id}".encode())


def mark_of(entry: Entry) -> int:
    """The mark of an event."""
    return mark(entry.at, entry.kind, entry.path, entry.key_id)


class Head(NamedTuple):
    """What a checkpoint says of a stream that went on since the one before."""

    stream: str
    first: int
    """The first event since then."""
    last: int
    hash: str
    """Of the last event, in base64."""
    sum: int
    """Of the marks of these events."""
    weighted: int
    """Of the marks, each times its sequence number."""
    mark: int
    """Of the last event."""


class HeadsOfBatch:
    """Collects the heads of the events between two checkpoints."""

    def __init__(self) -> None:
        self._found: dict[str, list[Any]] = {}

    def take(self, stream: str, seq: int, its_mark: int, digest: bytes) -> None:
        """Note one event; those of a stream come in any order."""
        known = self._found.get(stream)
        if known is None:
            self._found[stream] = [seq, seq, digest, its_mark, seq * its_mark, its_mark]
            return
        known[3] += its_mark
        known[4] += seq * its_mark
        if seq > known[1]:
            known[1], known[2], known[5] = seq, digest, its_mark
        elif seq < known[0]:
            known[0] = seq

    def heads(self) -> list[Head]:
        """One for each stream, by name."""
        return [
            Head(
                stream,
                first,
                last,
                base64.b64encode(digest).decode(),
                total % _BOUND,
                weighted % _BOUND,
                its_mark,
            )
            for stream, (first, last, digest, total, weighted, its_mark) in sorted(self._found.items())
        ]


def agree(one: int, other: int) -> bool:
    """Whether two sums of marks are the same."""
    return (one - other) % _BOUND == 0


def packed(heads: Iterable[Head]) -> str:
    """Heads as the one text that is digested and anchored."""
    return _encode([list(head) for head in heads])


def unpacked(rows: list[list[Any]]) -> list[Head]:
    """Heads as they were written; raises on anything else."""
    for row in rows:
        stream, first, last, digest, total, weighted, its_mark = row
        numbers = (first, last, total, weighted, its_mark)
        if not (isinstance(stream, str) and isinstance(digest, str)) or {type(n) for n in numbers} != {int}:
            raise ValueError("a head of a stream is malformed")
    return [Head(*row) for row in rows]


def heads_line(heads: list[Head]) -> str:
    """What a checkpoint says of these heads."""
    digest = hashlib.sha256(packed(heads).encode()).digest()
    return f"{len(heads)} {base64.b64encode(digest).decode()}"
