"""The file format of a backup: a zip of JSON lines, one member for each table, readable without Remit.

The first line of a member names the columns; bytes are base64. `manifest.json` says what the file is. It
knows nothing of what the tables mean, nor where their rows come from.
"""

from __future__ import annotations

import errno
import os
import re
import zipfile
import zlib
from base64 import b64decode
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from typing import IO, TYPE_CHECKING, Literal

import msgspec

from remit.domain.errors import BadInput, Refused, StoreCorrupt, StoreFull, StoreNewer, StoreReadOnly
from remit.store.database import Column

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from remit.store.database import Row

FORMAT = 1
_PAGE = 1000
_NAME = re.compile(r"[a-z_]+")
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds."""

    kind: Literal["data", "keys"]
    made_at: int
    schema: int
    rows: dict[str, int]
    format: int = FORMAT


class ArchiveWriter:
    """Writes tables into a zip, one after the other."""

    def __init__(self, file: zipfile.ZipFile) -> None:
        self._file = file
        self._member: IO[bytes] | None = None
        self._encode = msgspec.json.Encoder().encode
        self.rows: dict[str, int] = {}

    def begin(self, table: str, columns: list[Column]) -> None:
        """Open the member of a table."""
        self.end()
        self._member = self._file.open(f"{table}.jsonl", "w", force_zip64=True)
        self._table = table
        self.rows[table] = 0
        self._member.write(self._encode(columns) + b"\n")

    def add(self, rows: list[Row]) -> None:
        """Add rows to the open member."""
        if self._member is not None:
            self._member.write(b"".join(self._encode(row) + b"\n" for row in rows))
            self.rows[self._table] += len(rows)

    def end(self) -> None:
        """Close the open member."""
        if self._member is not None:
            self._member.close()
            self._member = None

    def finish(self, manifest: Manifest) -> None:
        """Write what the archive is; without it, it is none."""
        self.end()
        self._file.writestr(_MANIFEST, self._encode(manifest))


class ArchiveReader:
    """Reads the tables of a zip."""

    def __init__(self, path: Path, file: zipfile.ZipFile) -> None:
        self._path = path
        self._file = file
        self.manifest = self._read_manifest()

    def columns(self, table: str) -> list[Column]:
        """The columns of a table; names that are no names of columns are refused."""
        with self._file.open(f"{table}.jsonl") as member:
            columns = msgspec.json.decode(member.readline(), type=list[Column])
        if not all(_NAME.fullmatch(column.name) for column in columns):
            raise _damaged(self._path, f"{table} has impossible columns")
        return columns

    def rows(self, table: str, columns: list[Column]) -> Iterator[list[Row]]:
        """The rows of a table, page by page."""
        binary = [n for n, column in enumerate(columns) if column.binary]
        decoder = msgspec.json.Decoder(list[int | str | None])
        with self._file.open(f"{table}.jsonl") as member:
            member.readline()
            while page := [decoder.decode(line) for line in islice(member, _PAGE)]:
                yield [_with_bytes(row, binary) for row in page]

    def _read_manifest(self) -> Manifest:
        manifest = msgspec.json.decode(self._file.read(_MANIFEST), type=Manifest)
        if manifest.format > FORMAT:
            raise StoreNewer(f"{self._path} was written by a newer Remit.", "Restore it with that version.")
        return manifest


@contextmanager
def writing(path: Path) -> Generator[ArchiveWriter]:
    """A new archive at `path`, readable by its owner only; it appears there whole or not at all."""
    if path.exists():
        raise Refused(f"{path} exists already, and a backup never overwrites one.", "Choose another name.")
    with replacing(path) as writer:
        yield writer


@contextmanager
def replacing(path: Path) -> Generator[ArchiveWriter]:
    """An archive in the place of one that was there, or of none."""
    draft = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with os.fdopen(os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600), "w+b") as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as file:
                yield ArchiveWriter(file)
            raw.flush()
            os.fsync(raw.fileno())
        draft.rename(path)
    except OSError as wrong:
        if wrong.errno == errno.ENOSPC:
            raise StoreFull(f"there is no room for the backup {path}.", "Choose another disk.") from wrong
        raise StoreReadOnly(
            f"{path} cannot be written ({wrong.strerror}).", "Choose another place."
        ) from wrong
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def reading(path: Path) -> Generator[ArchiveReader]:
    """An archive that somebody made."""
    try:
        with zipfile.ZipFile(path) as file:
            yield ArchiveReader(path, file)
    except (zipfile.BadZipFile, zlib.error, KeyError, EOFError, msgspec.MsgspecError, ValueError) as wrong:
        raise _damaged(path, str(wrong)) from wrong
    except OSError as wrong:
        raise BadInput(f"{path} cannot be read ({wrong.strerror}).", "Name the file of a backup.") from wrong


def _with_bytes(row: list[int | str | None], binary: list[int]) -> Row:
    cells: list[object] = list(row)
    for n in binary:
        text = row[n]
        cells[n] = b64decode(text, validate=True) if isinstance(text, str) else None
    return tuple(cells)


def _damaged(path: Path, reason: str) -> StoreCorrupt:
    return StoreCorrupt(
        f"{path} is no backup of Remit, or it is damaged ({reason}).", "Restore an older one."
    )
