"""Finds which streams of runs hold a text, in one pass over what is sealed: every body is opened once, looked at as
bytes and let go. It does not know what an event means; whoever finds a stream reads it then.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec

from remit.domain.errors import Shredded, StoreCorrupt
from remit.store.database import BlobRow
from remit.store.pen import open_blob

if TYPE_CHECKING:
    from remit.store.database import Database, Row
    from remit.store.keys import DataKey, KeyRing

_PAGE = 5_000
_KEYS = 64
_BLOB = b"b"


async def streams_holding(database: Database, keys: KeyRing, team: str, text: str, since: int) -> set[str]:
    """The streams of a team's runs that went on since then and in which something was asked for, answered or heard with
    this text in it.
    """
    needle = msgspec.json.encode(text)[1:-1]
    found: set[str] = set()
    place = ("", 0)
    opened: dict[str, DataKey] = {}
    while rows := await database.fetch("recall.scan", team, since, *place, _PAGE):
        place = (rows[-1][0], rows[-1][1])
        blobs = await asyncio.to_thread(_look, rows, keys, opened, needle, found)
        for stream, key, blob in blobs:
            if stream not in found and await _holds(database, key, blob, needle):
                found.add(stream)
        if len(rows) < _PAGE:
            break
    return found


def _look(
    rows: list[Row], keys: KeyRing, opened: dict[str, DataKey], needle: bytes, found: set[str]
) -> list[tuple[str, DataKey, bytes]]:
    """Take note of the streams that hold it inline; gives the bodies that are kept elsewhere."""
    blobs: list[tuple[str, DataKey, bytes]] = []
    for stream, seq, key_id, body, wrapped in rows:
        if stream in found:
            continue
        key = opened.get(key_id)
        if key is None:
            if len(opened) >= _KEYS:  # streams come one after the other, each with a key or two of its own
                opened.clear()
            key = opened[key_id] = keys.opened(key_id, wrapped)
        content = key.open(body, f"{stream}|{seq}".encode())
        if content[:1] == _BLOB:
            blobs.append((stream, key, content[1:]))
        elif needle in content:
            found.add(stream)
    return blobs


async def _holds(database: Database, key: DataKey, blob: bytes, needle: bytes) -> bool:
    rows = await database.fetch("log.blob", blob)
    try:
        return bool(rows) and needle in open_blob(BlobRow(*rows[0]), key)
    except (Shredded, StoreCorrupt):
        return False
