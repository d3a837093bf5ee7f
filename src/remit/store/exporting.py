"""Writes a log, or a part of it, into a folder that the verifier judges without us: events in the order of the leaves,
checkpoints, keys, proofs for a part, and content only where it was asked for.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.errors import RemitError, Shredded
from remit.store.database import BlobRow
from remit.store.merkle import Tree
from remit.store.pen import open_blob
from remit.store.verifying.outline import FORMAT
from remit.store.verifying.tree import leaf_hash

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.store.log_source import LogSource
    from remit.store.verifying.entries import Entry

_BLOB = b"b"
_DAY = 24 * 3600 * 1_000_000
_DAYS = 30
_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
RUN = "run:"
CONTENT = "content.jsonl"


@dataclass(frozen=True, slots=True)
class Scope:
    """How much of a log is meant. A stream is exported whole or not at all, so that its chain can be checked."""

    run: str = ""
    team: str = ""
    since: int = 0
    """Streams with an event at or after this time."""

    @property
    def text(self) -> str:
        """As the manifest says it."""
        if self.run:
            return f"run {self.run}"
        if self.team:
            return f"team {self.team}"
        return f"since {self.since}" if self.since else "all"

    def holds(self, entry: Entry) -> bool:
        """Whether this event brings its stream in."""
        if self.run:
            return entry.stream == RUN + self.run or entry.stream.startswith(f"{RUN}{self.run}.")
        if self.team:
            return entry.team == self.team
        return entry.at >= self.since


@dataclass(slots=True)
class Exported:
    """What was written."""

    events: int = 0
    streams: set[str] = field(default_factory=set[str])
    contents: int = 0
    shredded: int = 0


async def export(source: LogSource, folder: Path, scope: Scope, made_at: int) -> Exported:
    """Write everything but content into a folder that is there; the manifest comes last: half an export is none."""
    whole = scope.text == "all"
    part = None if whole else await _look_over(source, scope)
    exported = Exported()
    with (folder / "events.jsonl").open("w", encoding="utf-8") as file:
        async for entry in source.entries():
            if part is None or entry.stream in part.streams:
                file.write(_line(entry))
                exported.events += 1
                exported.streams.add(entry.stream)
    if part is not None:
        _write(folder / "proofs.jsonl", part.proofs(source.size))
        _write(folder / "consistency.jsonl", part.steps(source))
    kept = source.checkpoints if whole else source.checkpoints[-1:]
    notes = [{"size": each.size, "at": each.at, "note": each.note} for each in kept]
    _write(folder / "checkpoints.jsonl", notes)
    _write(folder / "keys.jsonl", [{"introduction": text} for text in source.introductions])
    if source.restores:
        _write(folder / "restores.jsonl", [{"note": note} for note in source.restores])
    _write_state(folder / "state", await source.tables(None if part is None else part.has_run))
    manifest = {"format": FORMAT, "origin": source.origin, "scope": scope.text, "made_at": made_at}
    (folder / "manifest.json").write_text(_encode(manifest) + "\n", "utf-8")
    return exported


async def export_content(
    source: LogSource, database: Database, keys: KeyRing, folder: Path, exported: Exported
) -> None:
    """Write the content of the exported events, each with the salt by which its commitment can be checked."""
    with (folder / CONTENT).open("w", encoding="utf-8") as file:
        async for entry, body in source.sealed():
            if entry.stream in exported.streams:
                file.write(_encode(await _opened(entry, body, database, keys, exported)) + "\n")


async def _opened(
    entry: Entry, body: bytes, database: Database, keys: KeyRing, exported: Exported
) -> dict[str, Any]:
    line: dict[str, Any] = {"key_id": entry.key_id, "stream": entry.stream, "seq": entry.seq}
    place = f"{entry.stream}|{entry.seq}".encode()
    try:
        key = await keys.get(entry.key_id)
        content = key.open(body, place)
        if content[:1] == _BLOB:
            rows = await database.fetch("log.blob", content[1:])
            text = open_blob(BlobRow(*rows[0]), key) if rows else b""
        else:
            text = content[1:]
    except Shredded:
        exported.shredded += 1
        return line | {"shredded": True}
    except RemitError as wrong:
        return line | {"unreadable": wrong.message}
    exported.contents += 1
    return line | {"salt": base64.b64encode(key.salt(place)).decode(), "content": text.decode()}


# --- a part ---------------------------------------------------------------------------------------------------


class _Part:
    """The streams that are meant, and what proves them."""

    def __init__(self) -> None:
        self.streams: set[str] = set()
        self.leaves: list[bytes] = []
        self.newest: dict[str, tuple[int, int]] = {}
        """The last event of each stream under the newest checkpoint, and its leaf."""
        self._tree: Tree | None = None

    def has_run(self, run: str) -> bool:
        """Whether this run is part of it."""
        return RUN + run in self.streams

    def proofs(self, size: int) -> list[dict[str, Any]]:
        """That each stream, up to the last event under the checkpoint, is in its tree."""
        return [
            {"stream": stream, "seq": seq, "leaf": leaf, "path": _texts(self._whole().inclusion(leaf, size))}
            for stream, (seq, leaf) in sorted(self.newest.items())
            if stream in self.streams
        ]

    def steps(self, source: LogSource) -> list[dict[str, Any]]:
        """That the newest checkpoint goes on from the last one of each of the last days."""
        last_of: dict[int, int] = {each.at // _DAY: each.size for each in source.checkpoints[:-1]}
        recent = [last_of[day] for day in sorted(last_of)[-_DAYS:]]
        sizes = {*recent, *(each.size for each in source.checkpoints[-_DAYS:-1])}
        return [
            {
                "first": size,
                "second": source.size,
                "path": _texts(self._whole().consistency(size, source.size)),
            }
            for size in sorted(sizes)
        ]

    def _whole(self) -> Tree:
        if self._tree is None:
            self._tree = Tree(self.leaves)
        return self._tree


async def _look_over(source: LogSource, scope: Scope) -> _Part:
    """Read the whole log once: which streams are meant, and every leaf."""
    part = _Part()
    async for entry in source.entries():
        if scope.holds(entry):
            part.streams.add(entry.stream)
        leaf = len(part.leaves)
        if leaf < source.size:
            part.leaves.append(leaf_hash(entry.hash))
            part.newest[entry.stream] = (entry.seq, leaf)
    return part


# --- lines ------------------------------------------------------------------------------------------------------


def _line(entry: Entry) -> str:
    binary = [base64.b64encode(part).decode() for part in (entry.commitment, entry.prev_hash, entry.hash)]
    return _encode([*entry[:7], *binary]) + "\n"


def _texts(nodes: Iterable[bytes]) -> list[str]:
    return [base64.b64encode(node).decode() for node in nodes]


def _write_state(folder: Path, tables: dict[str, list[dict[str, Any]]]) -> None:
    folder.mkdir()
    for table, rows in tables.items():
        _write(folder / f"{table}.jsonl", rows)


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(_encode(row) + "\n" for row in rows)
