"""What SQLite reports, said for people: each failure once, as an error of the tree."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

import apsw

from remit.domain.errors import Infrastructure, StoreCorrupt, StoreFull, StoreReadOnly, StoreUnavailable

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@contextmanager
def explained(path: Path) -> Generator[None]:
    """Turn driver and file errors into Remit's."""
    try:
        yield
    except (apsw.Error, OSError) as wrong:
        raise explain(wrong, path) from wrong


def explain(wrong: Exception, path: Path) -> Infrastructure:
    """The error of the tree that says what happened to `path`."""
    if isinstance(wrong, apsw.FullError) or _number(wrong) == errno.ENOSPC:
        return StoreFull(
            f"the disk that holds {path} is full; nothing was written.",
            "Free some space: what was acknowledged is safe, and waiting runs go on by themselves.",
        )
    if isinstance(wrong, (apsw.CorruptError, apsw.NotADBError)):
        return StoreCorrupt(
            f"{path} is damaged or not a database of Remit ({wrong}).",
            "Restore the last backup into a new folder: remit backup --restore FILE.",
        )
    if isinstance(wrong, (apsw.ReadOnlyError, apsw.CantOpenError, apsw.PermissionsError)) or _denied(wrong):
        return StoreReadOnly(
            f"{path} cannot be written here ({wrong}).",
            "Give this user write access to the folder and the file, or choose another workspace.",
        )
    return StoreUnavailable(f"{path} does not answer ({wrong}).", "See remit doctor.")


_NO_WAY_IN = {errno.EACCES, errno.EROFS, errno.EPERM, errno.EEXIST, errno.ENOTDIR, errno.EISDIR}


def _number(wrong: Exception) -> int | None:
    return wrong.errno if isinstance(wrong, OSError) else None


def _denied(wrong: Exception) -> bool:
    return _number(wrong) in _NO_WAY_IN
