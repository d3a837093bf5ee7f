"""What the tests of erasure need: rings of keys, runs with content about somebody, and the raw bytes of a database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from remit.domain.events import StepDone
from remit.store.database import Commit, Database
from remit.store.key_providers.root import RootKey
from remit.store.keys import KeyRing
from remit.store.log import Log
from remit.store.pen import INLINE_LIMIT, Pen
from tests.store.stores import NOW

ROOT = bytes(range(100, 132))
LONG = INLINE_LIMIT * 2


def ring(database: Database) -> KeyRing:
    """The keys of a database under the root key of the tests."""
    return KeyRing(database, RootKey(ROOT))


async def record(database: Database, keys: KeyRing, run: str, subject: str, *contents: str) -> Pen:
    """A stream with these contents, under a key of its own that belongs to a subject."""
    key, op = keys.new_run_key(run, "team", subject, NOW)
    pen = Pen(f"run:{run}", "team", key)
    events = [pen.write(StepDone("step", "digest", content, NOW), "a/b", NOW) for content in contents]
    await database.submit(Commit(events=events, blobs=pen.take_blobs(), ops=[op]))
    return pen


async def contents(database: Database, keys: KeyRing, run: str) -> list[Any]:
    """What the stream says, opened with the keys there are."""
    entries, _ = await Log(database, keys).read(f"run:{run}")
    return [entry.event.result for entry in entries if isinstance(entry.event, StepDone)]


async def wrapped_keys(database: Database) -> dict[str, bytes]:
    """Every wrapped key that is left."""
    return {row[0]: row[3] for row in await database.fetch("keys.all") if row[3] is not None}


def raw_bytes(folder: Path) -> Iterator[bytes]:
    """Everything in the files of a database."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.read_bytes()


def stands_in(folder: Path, secret: bytes) -> bool:
    return any(secret in content for content in raw_bytes(folder))
