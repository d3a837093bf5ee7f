"""A fair queue of processes before one SQLite file: whoever just wrote goes to the back (S9).

SQLite's own busy handler polls, and the process that just committed usually wins again. Here a writer waits
on operating-system locks: it holds the door only while it waits for the room, so the next in line stands at
the door already when the room becomes free. A lock of a dead process is released by the kernel.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

from remit.domain.errors import StoreReadOnly, StoreUnavailable, UnsafeFileSystem

if TYPE_CHECKING:
    from types import TracebackType

_NETWORK = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "gluster",
    "lustre",
    "fuse.sshfs",
    "fuse.s3fs",
    "davfs",
)


_PATIENCE = 30.0
_FIRST_LOOK, _LONGEST_LOOK = 0.0001, 0.002


class Turnstile:
    """Lets one process at a time write, in the order in which they came."""

    def __init__(self, database: Path) -> None:
        self._door = _open_lock(database.with_name(database.name + ".door"))
        self._room = _open_lock(database.with_name(database.name + ".room"))

    def __enter__(self) -> None:
        fcntl.flock(self._door, fcntl.LOCK_EX)
        try:
            self._enter_room()
        finally:
            fcntl.flock(self._door, fcntl.LOCK_UN)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        fcntl.flock(self._room, fcntl.LOCK_UN)

    def _enter_room(self) -> None:
        """Wait for the room, but not for ever: a process that was stopped in it would stop everyone."""
        deadline = time.monotonic() + _PATIENCE
        pause = _FIRST_LOOK
        while not _taken(self._room):
            if time.monotonic() > deadline:
                raise StoreUnavailable(
                    f"another process has held the write lock of the database for {_PATIENCE:.0f} s"
                    f"{_holder(self._room)}.",
                    "It is stopped or hangs: let it go on, or end it; nothing was lost.",
                )
            time.sleep(pause)
            pause = min(_LONGEST_LOOK, pause * 2)

    def close(self) -> None:
        """Give up both places."""
        for handle in (self._door, self._room):
            if handle >= 0:
                os.close(handle)
        self._door = self._room = -1


def refuse_network_file_system(folder: Path, mounts: str | None = None) -> None:
    """Raise where file locks are not to be trusted between machines."""
    kind = file_system_of(folder, mounts if mounts is not None else _mounts())
    if kind.startswith(_NETWORK):
        raise UnsafeFileSystem(
            f"{folder} is on a network file system ({kind}), where two processes can both hold one lock.",
            "Put the workspace on a local disk, or use Postgres: database = 'postgresql://…' in remit.toml.",
        )


def file_system_of(folder: Path, mounts: str) -> str:
    """The type of the file system that holds `folder`, from the text of a mount table."""
    place = str(folder.resolve())
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:  # noqa: PLR2004 - device, place, type
            continue
        mounted = fields[1].replace("\\040", " ")
        inside = place == mounted or place.startswith(mounted.rstrip("/") + "/")
        if inside and len(mounted) >= len(best):
            best, kind = mounted, fields[2]
    return kind


def _taken(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _holder(lock: int) -> str:
    """Who holds a lock, where the kernel tells."""
    inode = os.fstat(lock).st_ino
    try:
        lines = Path("/proc/locks").read_text("ascii").splitlines()
    except OSError:
        return ""
    held = [line.split() for line in lines if f":{inode} " in line and "->" not in line]
    return f" (process {held[0][4]})" if held else ""


def _mounts() -> str:
    try:
        return Path("/proc/self/mounts").read_text("utf-8", "replace")
    except OSError:
        return ""  # not Linux: nothing to read, and SQLite's own locks still apply


def _open_lock(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as wrong:
        raise StoreReadOnly(
            f"{path.parent} cannot be written: {wrong.strerror}.",
            "Give this user write access to the folder, or choose another workspace.",
        ) from None
