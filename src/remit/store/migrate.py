"""Forward migrations: brings a database to the shape this Remit needs, once, whoever else is starting too.

Each file of `migrations/<dialect>` is applied in one transaction together with its own row in the table
`migrations`, and an empty database gets all of them in one; the key of that table settles a race between two
processes. A file is never edited once released: the recorded digests tell. It knows nothing of what the tables
mean.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from remit.domain.errors import Infrastructure, StoreCorrupt, StoreNewer, StoreOutdated

if TYPE_CHECKING:
    from remit.store.database import Database

_FILE = re.compile(r"(?P<version>\d{4})_(?P<name>[a-z0-9_]+)\.sql")


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of the schema."""

    version: int
    name: str
    statements: str

    @property
    def digest(self) -> str:
        """What proves that this is the file that was applied."""
        return hashlib.sha256(self.statements.encode()).hexdigest()


@cache
def migrations(dialect: str) -> tuple[Migration, ...]:
    """Every migration of a dialect, oldest first; number 0 makes the table that records the others."""
    folder = Path(__file__).parent / "migrations" / dialect
    matches = ((_FILE.fullmatch(file.name), file) for file in folder.iterdir())
    found = [
        Migration(int(match["version"]), file.name.removesuffix(".sql"), file.read_text("utf-8"))
        for match, file in matches
        if match is not None
    ]
    return tuple(sorted(found, key=lambda each: each.version))


def newest(dialect: str) -> int:
    """The version of the schema that this Remit needs."""
    return migrations(dialect)[-1].version


async def migrate(database: Database, upto: int | None = None) -> list[str]:
    """Apply what is missing, up to a version, and return its names; refuse a newer or a different schema."""
    record, *known = migrations(database.dialect)
    if not await database.fetch("migrations.table"):
        await database.run_script(record.statements)
    applied = await _recorded(database)
    wanted = [each for each in _missing(known, applied) if upto is None or each.version <= upto]
    steps = [[each] for each in wanted] if applied else [wanted]
    return [each.name for step in steps if step and await _apply(database, step) for each in step]


async def missing(database: Database) -> list[str]:
    """The names of what the database lacks; nothing is changed."""
    _, *known = migrations(database.dialect)
    return [migration.name for migration in _missing(known, await _applied(database))]


async def check_schema(database: Database) -> None:
    """Raise unless the schema is exactly the one this Remit needs."""
    _, *known = migrations(database.dialect)
    missing = _missing(known, await _applied(database))
    if missing:
        raise StoreOutdated(
            f"the database at {database.url} lacks migrations that this Remit needs, from"
            f" {missing[0].name} on.",
            "Make a backup, then run: remit migrate",
        )


async def _applied(database: Database) -> dict[int, tuple[str, str]]:
    return await _recorded(database) if await database.fetch("migrations.table") else {}


async def _recorded(database: Database) -> dict[int, tuple[str, str]]:
    rows = await database.fetch("migrations.applied")
    return {version: (name, digest) for version, name, digest in rows}


def _missing(known: list[Migration], applied: dict[int, tuple[str, str]]) -> list[Migration]:
    for version, (name, _) in applied.items():
        if version > known[-1].version:
            raise StoreNewer(
                f"the database was written by a newer Remit: it has migration {name}, and this one ends at"
                f" {known[-1].name}.",
                "Upgrade Remit; an older one must not touch this database.",
            )
    for migration in known:
        recorded = applied.get(migration.version)
        if recorded is not None and recorded != (migration.name, migration.digest):
            raise StoreCorrupt(
                f"migration {migration.version} of the database ({recorded[0]}) is not the {migration.name}"
                " that this Remit has: one of the two was altered.",
                "Install the released Remit that this database was made with, or restore a backup.",
            )
    return [migration for migration in known if migration.version not in applied]


async def _apply(database: Database, step: list[Migration]) -> bool:
    """Apply these in one transaction; whether it was us."""
    script = "".join(f"{_record(each)}{each.statements}\n" for each in step)
    try:
        await database.run_script(script)
    except Infrastructure:
        # Another process that starts at the same time may have been first: then our record met its record.
        applied = await _recorded(database)
        if any(each.version not in applied for each in step):
            raise
        return False
    return True


def _record(migration: Migration) -> str:
    values = f"{migration.version}, '{migration.name}', '{migration.digest}'"  # names of our own files
    return f"INSERT INTO migrations (version, name, digest) VALUES ({values});\n"  # noqa: S608
