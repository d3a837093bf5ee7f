"""Files outside of the database that hold keys or content: written down when they are made, cleaned when a key goes.

A key backup loses the destroyed keys; an export of content, lines of JSON that each name their `key_id`, loses what
those keys protected. A file that is not where it was made, or that lies on another machine, is named instead.
"""

from __future__ import annotations

import asyncio
import json
import os
import platform
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from remit.domain.errors import RemitError
from remit.domain.protection_events import ExportMade
from remit.store.archive import ArchiveReader, Manifest, reading, replacing
from remit.store.database import Commit, Op
from remit.store.telling import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.store.database import Database, Row
    from remit.store.keys import KeyRing

Kind = Literal["keys", "content"]
KEPT = frozenset(
    {"key_id", "stream", "seq", "pos", "at", "kind", "path", "team", "commitment", "prev_hash", "hash"}
)
"""What a line of an export keeps when its key is destroyed: its place and its proof."""


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of one file."""

    export: str
    path: str
    outcome: Literal["clean", "gone", "elsewhere", "failed"]
    why: str = ""


class _Export(NamedTuple):
    id: str
    team: str
    kind: str
    path: str
    host: str
    by: str
    at: int


async def register_export(
    database: Database, keys: KeyRing, kind: Kind, path: Path, *, team: str, by: str, at: int
) -> str:
    """Write down, before or as soon as it is there, that a file or folder holds keys or content."""
    export, place = f"x-{secrets.token_hex(6)}", os.path.realpath(path)  # noqa: ASYNC240 - one look at a path, on a command's own time
    add = Op("protection.add_export", (export, team, kind, place, platform.node(), by, at))
    event = ExportMade(export, kind, place, by)
    await database.submit(Commit(ops=[add], shared=[await told(keys, event, at)]))
    return export


async def clean_exports(database: Database, destroyed: Iterable[str], at: int) -> list[Cleaned]:
    """Take what these keys protected, and the keys themselves, out of every file that we made."""
    gone = frozenset(destroyed)
    found: list[Cleaned] = []
    for row in await database.fetch("protection.exports"):
        export = _Export(*row)
        cleaned = await asyncio.to_thread(_clean, export, gone)
        if cleaned.outcome == "gone":
            await database.submit(Commit(ops=[Op("protection.export_gone", (export.id, at))]))
        else:
            found.append(cleaned)
    return found


def _clean(export: _Export, destroyed: frozenset[str]) -> Cleaned:
    path = Path(export.path)
    if export.host != platform.node():
        return Cleaned(export.id, export.path, "elsewhere", f"it was written on {export.host}")
    if not path.exists():
        return Cleaned(export.id, export.path, "gone")
    try:
        if export.kind == "keys":
            _clean_archive(path, destroyed)
        else:
            for file in sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]:
                _clean_lines(file, destroyed)
    except (OSError, ValueError, RemitError) as wrong:
        return Cleaned(export.id, export.path, "failed", str(wrong).splitlines()[0])
    return Cleaned(export.id, export.path, "clean")


def _clean_archive(path: Path, destroyed: frozenset[str]) -> None:
    """The same archive, in which the destroyed keys are destroyed."""
    with reading(path) as archive, replacing(path) as writer:
        for table in archive.manifest.rows:
            columns = archive.columns(table)
            names = [column.name for column in columns]
            writer.begin(table, columns)
            for rows in archive.rows(table, columns):
                writer.add([_without_key(row, names, destroyed) for row in rows])
        writer.finish(_again(archive, writer.rows))


def _again(archive: ArchiveReader, rows: dict[str, int]) -> Manifest:
    before = archive.manifest
    return Manifest(before.kind, before.made_at, before.schema, rows, before.format)


def _without_key(row: Row, names: list[str], destroyed: frozenset[str]) -> Row:
    cells = dict(zip(names, row, strict=True))
    if cells.get("id") in destroyed and cells.get("wrapped") is not None:
        cells |= {"wrapped": None, "shredded_at": cells["created_at"]}
    return tuple(cells[name] for name in names)


def _clean_lines(path: Path, destroyed: frozenset[str]) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with path.open(encoding="utf-8") as lines, draft.open("x", encoding="utf-8") as kept:
            draft.chmod(path.stat().st_mode & 0o777)
            for line in lines:
                kept.write(_without_content(line, destroyed))
            kept.flush()
            os.fsync(kept.fileno())
        _overwrite(path)
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


def _without_content(line: str, destroyed: frozenset[str]) -> str:
    value: object = json.loads(line)
    if not isinstance(value, dict):
        return line
    entry = cast("dict[str, Any]", value)
    if entry.get("key_id") not in destroyed:
        return line
    return json.dumps({**{key: cell for key, cell in entry.items() if key in KEPT}, "shredded": True}) + "\n"


def _overwrite(path: Path) -> None:
    """What is replaced is not left lying in free blocks of the disk, as far as a file system lets us say so."""
    with path.open("r+b") as file:
        size = path.stat().st_size
        for start in range(0, size, 1 << 20):
            file.seek(start)
            file.write(bytes(min(1 << 20, size - start)))
        file.flush()
        os.fsync(file.fileno())
