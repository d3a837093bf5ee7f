"""`[sql.NAME]` of tools.toml as data: a database, its queries under `read`, its statements under `write`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from remit.domain.action_errors import InvalidTool
from remit.tools.tables import FILE, read_table, table_in

Json = Any


@dataclass(frozen=True, slots=True)
class Declared:
    """`[sql.NAME.read.TOOL]` or `[sql.NAME.write.TOOL]`."""

    name: str
    text: str
    description: str = ""
    parameters: dict[str, Json] = field(default_factory=dict[str, Json])
    """For a parameter its JSON type, or a schema."""
    roles: dict[str, str] = field(default_factory=dict[str, str])
    rows: int = 0
    keyed: bool = False
    irreversible: bool = False
    complete: bool = False
    """Somebody says that triggers and cascades of the table change nothing that undo would have to put back."""


@dataclass(frozen=True, slots=True)
class SqlSource:
    """One database of a workspace."""

    name: str
    url: str
    secret: str = ""
    """The password, for Postgres."""
    query: str = ""
    """The name of a tool that executes any query; empty: there is none."""
    rows: int = 1_000
    seconds: float = 30.0
    trusted: bool = False
    data_class: str = ""
    owner: str = ""
    read: tuple[Declared, ...] = ()
    write: tuple[Declared, ...] = ()


def read_source(name: str, table: dict[str, Json]) -> SqlSource:
    """The source of a table."""
    place = f"[sql.{name}]"
    rest = {key: value for key, value in table.items() if key not in {"read", "write"}}
    read = _declared(table.get("read", {}), f"[sql.{name}.read]", "query")
    write = _declared(table.get("write", {}), f"[sql.{name}.write]", "statement")
    found = read_table(SqlSource, rest, place, name=name, read=read, write=write)
    if not (read or write or found.query):
        raise InvalidTool(
            f"{FILE}: {place} declares no tool.", f'Add [sql.{name}.read.TOOL] with query = "select …".'
        )
    return found


def _declared(tables: Json, place: str, word: str) -> tuple[Declared, ...]:
    return tuple(
        _one(tool, table_in(table, f"{place[:-1]}.{tool}]"), f"{place[:-1]}.{tool}]", word)
        for tool, table in table_in(tables, place).items()
    )


def _one(tool: str, table: dict[str, Json], place: str, word: str) -> Declared:
    text = table.get(word)
    if not isinstance(text, str):
        raise InvalidTool(f'{FILE}: {place} needs "{word}".', f'Write {word} = "…", parameters as :name.')
    return read_table(Declared, {k: v for k, v in table.items() if k != word}, place, name=tool, text=text)
