"""DBOS on SQLite, as it comes (rollback journal) or with the one line of tuning its user can add (WAL).

It owns the database file and that line. It must leave everything else as DBOS sets it: synchronous stays
FULL.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from bench.contenders.dbos_workflows import contend
from bench.protocol import options


def main() -> None:
    wanted = options()
    path = Path(wanted["directory"]) / "dbos.sqlite"
    if wanted.get("wal", True):
        set_wal(path)
    contend(f"sqlite:///{path}", wanted.get("mode", "sync"))


def set_wal(path: Path) -> None:
    """The journal mode is a property of the file: set once, before launch, it holds for every connection
    after.
    """
    connection = sqlite3.connect(path)
    (mode,) = connection.execute("pragma journal_mode=wal").fetchone()
    connection.close()
    if mode != "wal":
        raise SystemExit(f"SQLite refused WAL for {path} and answered {mode!r}; the fair rival needs it.")


if __name__ == "__main__":
    main()
