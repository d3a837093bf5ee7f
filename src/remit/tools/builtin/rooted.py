"""Files below a root, and nothing else: every step of a path is opened from the folder before it, and a link is never
followed, so that no `..`, no link and no swap of a folder in between leads out.

It reads and replaces whole files. It knows nothing of tools or models.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.domain.errors import ToolFailed

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_DEEPEST = 64
_LONGEST_NAME = 255
_PREFIX = ".remit-"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing in a folder."""

    path: str
    kind: str
    """file, folder, link or other."""
    size: int = 0


class Root:
    """One folder, as the only part of the file system there is."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, path: str, most: int, start: int = 0) -> tuple[bytes, int]:
        """Up to `most` bytes of a file from `start` on, and its whole size."""
        parts = split(path)
        with self._folder_of(parts) as folder, _opened(parts[-1], folder, path) as file:
            size = os.fstat(file).st_size
            os.lseek(file, start, os.SEEK_SET)
            return _read(file, most), size

    def look(self, path: str, most: int) -> bytes | None:
        """A whole file of at most so many bytes; None if there is none."""
        try:
            data, size = self.read(path, most)
        except NoSuchFile:
            return None
        if size > most:
            raise ToolFailed(
                f'"{path}" has {size:,} bytes; only files up to {most:,} are changed here, '
                "because a larger one could not be put back."
            )
        return data

    def write(self, path: str, data: bytes) -> list[str]:
        """Put a file in place, whole or not at all; gives the folders that were made for it."""
        parts = split(path)
        made: list[str] = []
        with self._folder_of(parts, made) as folder:
            mode = _mode(parts[-1], folder, path)
            temporary = f"{_PREFIX}{secrets.token_hex(8)}"
            try:
                _fill(temporary, folder, data, mode)
                # renaming replaces a link instead of writing through it
                os.rename(temporary, parts[-1], src_dir_fd=folder, dst_dir_fd=folder)
            except OSError as wrong:
                with suppress(OSError):
                    os.unlink(temporary, dir_fd=folder)
                raise _failed(path, wrong) from None
            os.fsync(folder)
        return made

    def remove(self, path: str) -> None:
        """Delete a file."""
        parts = split(path)
        with self._folder_of(parts) as folder:
            with _opened(parts[-1], folder, path):
                pass  # it is a file, and not something that merely has its name
            try:
                os.unlink(parts[-1], dir_fd=folder)
            except OSError as wrong:
                raise _failed(path, wrong) from None
            os.fsync(folder)

    def remove_empty(self, folders: list[str]) -> None:
        """Delete folders that hold nothing any more, the innermost first."""
        for path in sorted(folders, key=len, reverse=True):
            parts = split(path)
            with suppress(ToolFailed, OSError), self._folder_of(parts) as folder:
                os.rmdir(parts[-1], dir_fd=folder)

    def entries(self, path: str, most: int, *, deep: bool = False) -> tuple[list[Entry], bool]:
        """What stands in a folder, sorted, and whether there is more than that."""
        found: list[Entry] = []
        waiting = ["" if path in {"", ".", "/"} else "/".join(split(path))]
        while waiting:
            here = waiting.pop(0)
            for entry in self._inside(here):
                if len(found) >= most:
                    return found, True
                found.append(entry)
                if deep and entry.kind == "folder" and entry.path.count("/") < _DEEPEST - 1:
                    waiting.append(entry.path)
        return found, False

    def _inside(self, path: str) -> list[Entry]:
        parts = [*split(path), ""] if path else [""]
        with self._folder_of(parts) as folder, os.scandir(folder) as listed:
            entries = [_entry(path, each) for each in listed if not each.name.startswith(_PREFIX)]
        return sorted(entries, key=lambda entry: entry.path)

    @contextmanager
    def _folder_of(self, parts: list[str], made: list[str] | None = None) -> Generator[int]:
        """The folder that holds the last part, reached step by step; with `made`, missing ones are made and named."""
        try:
            folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as wrong:
            raise ToolFailed(f"the folder for files cannot be opened: {wrong.strerror}.") from None
        try:
            for depth, part in enumerate(parts[:-1], 1):
                so_far = "/".join(parts[:depth])
                inner = _step(part, folder, so_far, made)
                os.close(folder)
                folder = inner
            yield folder
        finally:
            os.close(folder)


class NoSuchFile(ToolFailed):
    """There is no file of this name."""


def split(path: str) -> list[str]:
    """The steps of a path below the root, or `ToolFailed` on one that would lead anywhere else."""
    parts = path.split("/")
    if not path or path.startswith("/") or "\0" in path or "\\" in path:
        raise ToolFailed(f"{path[:100]!r} is no path below the folder; write one such as notes/today.txt.")
    parts = [part for part in parts if part not in {"", "."}]
    if not parts or ".." in parts or len(parts) > _DEEPEST:
        raise ToolFailed(f"{path[:100]!r} is no path below the folder; write one such as notes/today.txt.")
    for part in parts:
        if len(os.fsencode(_encodable(part))) > _LONGEST_NAME or part.startswith(_PREFIX):
            raise ToolFailed(f"{part[:100]!r} cannot be the name of a file here.")
    return parts


def _encodable(part: str) -> str:
    try:
        part.encode("utf-8")
    except UnicodeEncodeError:
        raise ToolFailed("a name in this path is not valid text.") from None
    return part


def _step(part: str, folder: int, so_far: str, made: list[str] | None) -> int:
    try:
        return os.open(part, _FOLDER, dir_fd=folder)
    except FileNotFoundError:
        if made is None:
            raise NoSuchFile(f'there is no folder "{so_far}".') from None
    except OSError as wrong:
        raise _failed(so_far, wrong) from None
    try:
        with suppress(FileExistsError):  # somebody else made it just now
            os.mkdir(part, 0o755, dir_fd=folder)
            made.append(so_far)
        return os.open(part, _FOLDER, dir_fd=folder)
    except OSError as wrong:
        raise _failed(so_far, wrong) from None


@contextmanager
def _opened(name: str, folder: int, path: str) -> Generator[int]:
    """A regular file, open; opening must not wait, as it would for a pipe."""
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except FileNotFoundError:
        raise NoSuchFile(f'there is no file "{path}".') from None
    except OSError as wrong:
        raise _failed(path, wrong) from None
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            raise ToolFailed(f'"{path}" is no file.')
        yield file
    finally:
        os.close(file)


def _read(file: int, most: int) -> bytes:
    found = bytearray()
    while len(found) < most and (chunk := os.read(file, most - len(found))):
        found += chunk
    return bytes(found)


def _fill(name: str, folder: int, data: bytes, mode: int) -> None:
    file = os.open(
        name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode, dir_fd=folder
    )
    try:
        view = memoryview(data)
        while view:
            view = view[os.write(file, view) :]
        os.fchmod(file, mode)
        os.fsync(file)
    finally:
        os.close(file)


def _mode(name: str, folder: int, path: str) -> int:
    """The rights that the file has now; those of a new one."""
    try:
        facts = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return 0o644
    except OSError as wrong:
        raise _failed(path, wrong) from None
    if not stat.S_ISREG(facts.st_mode):
        raise ToolFailed(f'"{path}" is no file, and is not written over.')
    return stat.S_IMODE(facts.st_mode) & 0o777


def _entry(folder: str, each: os.DirEntry[str]) -> Entry:
    path = f"{folder}/{each.name}".lstrip("/").encode("utf-8", "replace").decode()
    if each.is_symlink():
        return Entry(path, "link")
    if each.is_dir(follow_symlinks=False):
        return Entry(path, "folder")
    if not each.is_file(follow_symlinks=False):
        return Entry(path, "other")
    with suppress(OSError):
        return Entry(path, "file", each.stat(follow_symlinks=False).st_size)
    return Entry(path, "file")


def _failed(path: str, wrong: OSError) -> ToolFailed:
    if wrong.errno in {errno.ELOOP, errno.ENOTDIR}:
        return ToolFailed(f'"{path}" leads through a link or a file, and no link is followed here.')
    return ToolFailed(f'"{path}": {wrong.strerror}.')
