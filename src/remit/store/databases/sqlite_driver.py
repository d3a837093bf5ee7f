"""The SQLite driver as this house uses it: how to connect, with the settings every connection must have.

Deleted content is overwritten in the file (S7); a commit is on the disk when it returns; checkpoints are
left to their own thread (S9); a statement is planned once, whatever it is executed with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, Self, cast

import apsw

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from remit.store.database import Row

_BUSY_MILLISECONDS = 10_000
_SETTINGS = "PRAGMA synchronous = FULL; PRAGMA cache_size = -2000; PRAGMA secure_delete = ON"


class Backup(Protocol):
    """An online backup under way."""

    def step(self, npages: int = -1) -> bool: ...


class Cursor(Protocol):
    """The rows of one statement."""

    def __iter__(self) -> Iterator[Row]: ...
    def execute(self, statements: str, bindings: Sequence[object] | None = None) -> Cursor: ...
    def fetchall(self) -> list[Row]: ...


class Connection(Protocol):
    """A connection, typed as far as it is used here."""

    in_transaction: bool

    def __enter__(self) -> Self: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None: ...
    def backup(self, name: str, source: Connection, source_name: str) -> AbstractContextManager[Backup]: ...
    def changes(self) -> int: ...
    def close(self) -> None: ...
    def config(self, op: int, *args: int) -> int: ...
    def cursor(self) -> Cursor: ...
    def execute(self, statements: str, bindings: Sequence[object] | None = None) -> Cursor: ...
    def executemany(self, statements: str, bindings: Iterable[Sequence[object]]) -> Cursor: ...
    def last_insert_rowid(self) -> int: ...
    def pragma(self, name: str, value: object = None) -> Any: ...
    def set_busy_timeout(self, milliseconds: int) -> None: ...
    def set_wal_hook(self, act: Callable[[Any, str, int], int] | None) -> None: ...
    def wal_autocheckpoint(self, pages: int) -> None: ...
    def wal_checkpoint(self, *, mode: int) -> tuple[int, int]: ...


def connect(path: Path | str) -> Connection:
    """A connection to the database."""
    connection = cast("Connection", apsw.Connection(str(path), statementcachesize=200))
    connection.set_busy_timeout(_BUSY_MILLISECONDS)
    connection.wal_autocheckpoint(0)
    # otherwise each execution plans anew where a partial index might serve some value of a parameter: runs has four
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    connection.execute(_SETTINGS)
    return connection
