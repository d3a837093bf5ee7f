"""A table of models.toml read into a dataclass: every key known, every value of its type, or one sentence on the first
that is not. A misspelt constraint that is silently ignored is no constraint.
"""

from __future__ import annotations

import tomllib
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

import msgspec

from remit.domain.action_errors import InvalidCatalog
from remit.models.catalog import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

T = TypeVar("T")
FILE = "models.toml"
HINT = "Remit does not start on a catalog it cannot read; docs/reference/routes.md has every key."


def read_file(folder: Path) -> dict[str, Any] | None:
    """models.toml of a workspace; None if there is none."""
    path = folder / FILE
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as wrong:
        raise InvalidCatalog(f"{path} is not TOML: {str(wrong).rstrip('.')}.", "Mend that place.") from None
    except OSError as wrong:
        raise InvalidCatalog(f"{path} cannot be read: {wrong.strerror}.") from None


def read(table: object, shape: type[T], place: str, **given: object) -> T:
    """A table as `shape`; `given` are fields that do not stand in the file."""
    said = mapping(table, place)
    known = [spec.name for spec in fields(cast("Any", shape)) if spec.name not in given]
    refuse_unknown(said, known, place)
    for spec in fields(cast("Any", shape)):
        required = spec.default is MISSING and spec.default_factory is MISSING
        if required and spec.name not in said and spec.name not in given:
            raise InvalidCatalog(f'{FILE}: [{place}] does not say "{spec.name}".', HINT)
    try:
        return msgspec.convert({**said, **given}, shape)
    except msgspec.ValidationError as wrong:
        raise InvalidCatalog(f"{FILE}: [{place}] {_readable(str(wrong))}.", HINT) from None


def mapping(value: object, place: str) -> Mapping[str, Any]:
    """A value that has to be a table."""
    if not isinstance(value, dict):
        raise InvalidCatalog(f"{FILE}: {place} is a section; write [{place}] and its keys below.", HINT)
    return cast("dict[str, Any]", value)


def refuse_unknown(table: Mapping[str, Any], known: list[str], place: str) -> None:
    """Refuse the first key that nobody knows."""
    for key in table:
        if key not in known:
            where = f": [{place}] has" if place else " has"
            raise InvalidCatalog(f'{FILE}{where} "{key}", which is no key there{nearest(key, known)}.', HINT)


def _readable(said: str) -> str:
    """`Expected `str`, got `int` - at `$.base_url`` in the words of the file."""
    what, _, where = said.partition(" - at `$.")
    expected = what.replace("Expected", "takes").replace("`", "").replace(" | null", "")
    return f'"{where.rstrip("`")}" {expected}' if where else expected
