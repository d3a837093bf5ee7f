"""DBOS on Postgres, as it comes: its own pool, its own isolation, nothing tuned.

It owns nothing but the choice of the store.
"""

from __future__ import annotations

from bench.contenders.dbos_workflows import contend
from bench.protocol import options


def main() -> None:
    wanted = options()
    contend(wanted["dsn"], wanted.get("mode", "sync"))


if __name__ == "__main__":
    main()
