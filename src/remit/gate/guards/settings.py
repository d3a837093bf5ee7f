"""`guards.toml`: the guards of a workspace, by name. One that is misspelt is refused at the start."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from remit.domain.errors import RemitError
from remit.domain.guards import Guard
from remit.gate.toml_file import TomlFile, nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

FILE = "guards.toml"
_FILE = TomlFile(FILE, "What guards.toml can hold: docs/how-to/screen-content.md")
_LISTS = ("at", "kinds", "agents", "environments", "tools")
_NUMBERS = ("threshold", "timeout")
_ANY = ("answer", "schema")


def read_guards(root: Path, agents: Collection[str] | None = None) -> tuple[Guard, ...]:
    """Every guard of the file, in its order; without the file there are none."""
    table = _FILE.parsed(_FILE.text_of(root))
    odd = next((key for key in table if key != "guards"), "")
    if odd:
        raise _FILE.wrong(f'has "{odd}", which means nothing; every guard is a section [guards.NAME]')
    found: list[Guard] = []
    for name, described in _FILE.section(table.get("guards", {}), "guards").items():
        guard = _guard(name, _FILE.section(described, f"guards.{name}"))
        stranger = next((each for each in guard.agents if agents is not None and each not in agents), "")
        if stranger:
            raise _FILE.wrong(
                f'has guards.{name} for "{stranger}", which is no agent{nearest(stranger, agents or ())}'
            )
        found.append(guard)
    return tuple(found)


def _guard(name: str, described: Mapping[str, Any]) -> Guard:
    known = [field.name for field in fields(Guard) if field.name != "name"]
    for key, value in described.items():
        place = f"guards.{name}.{key}"
        if key not in known:
            raise _FILE.wrong(f'has "{place}", which means nothing{nearest(key, known)}')
        if key in _LISTS and not _is_texts(value):
            raise _FILE.wrong(f"has {place} = {value!r}; it is a list of texts")
        if key in _NUMBERS and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise _FILE.wrong(f"has {place} = {value!r}; it is a number")
        if key == "private" and not isinstance(value, bool):
            raise _FILE.wrong(f"has {place} = {value!r}; it is true or false")
        if key not in (*_LISTS, *_NUMBERS, *_ANY, "private") and not isinstance(value, str):
            raise _FILE.wrong(f"has {place} = {value!r}; it is a text")
    missing = next((key for key in ("check", "at") if key not in described), "")
    if missing:
        raise _FILE.wrong(f"has guards.{name} without {missing}")
    try:
        guard = Guard(**cast("dict[str, Any]", {"name": name, **described}))
        if guard.check == "schema":
            from remit.tools.arguments import check_schema  # only this needs that library

            check_schema(guard.schema, f"the guard {name}")
    except RemitError as wrong:
        raise _FILE.wrong(f"is no good: {wrong.message.rstrip('.')}") from None
    return guard


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in cast("list[object]", value))
