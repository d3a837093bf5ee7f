"""Selectors: the largest, the latest, all that match: picked out of recorded rows by the runtime, never by a model.

What is picked is bound to the state of its row: whoever acts on it later has to find the same row again (S24).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from remit.policy.provenance.parsers import known, number_of
from remit.policy.provenance.references import is_id, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from remit.domain.contracts import Selector

Json = Any
Row = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Table:
    """The records that one call of a tool gave."""

    directory: str
    tool: str
    arguments: dict[str, Json]
    rows: tuple[Row, ...]
    fields: frozenset[str]
    """Those of its fields that are references."""


@dataclass(frozen=True, slots=True)
class Selected:
    """What the runtime picked, and from where."""

    values: tuple[Json, ...]
    selector: Selector
    table: Table
    digest: str
    """The state of the picked rows; another one means that the world has moved on."""


_SIZES = ("size", "amount", "total", "price", "cost", "count", "length", "bytes", "value", "rating", "score")
_TIMES = (
    "last_modified",
    "modified",
    "updated",
    "updated_at",
    "timestamp",
    "date",
    "created",
    "created_at",
    "start_time",
)


def select(selector: Selector, tables: Sequence[Table]) -> Selected | None:
    """What a selector picks out of the newest table that it fits; None if there is none, or it would be a guess."""
    for table in reversed(tables):
        if not _is_meant(selector, table):
            continue
        gives = selector.gives or _the_reference(table)
        rows = [row for row in table.rows if gives and row.get(gives) is not None]
        picked = _pick(selector, rows)
        if picked:
            values: tuple[Json, ...] = (
                (len(picked),) if selector.how == "count" else tuple(row[gives] for row in picked)
            )
            return Selected(values, selector, table, digest_of(picked))
    return None


def stands(selected: Selected, result: Json) -> bool:
    """Whether a newer reading would give the very same rows."""
    table = replace(selected.table, rows=tuple(rows_of(result)))
    found = select(selected.selector, [table])
    return found is not None and found.digest == selected.digest


def digest_of(rows: Sequence[Row]) -> str:
    """The state of some rows."""
    return hashlib.sha256(json.dumps(rows, sort_keys=True, default=str).encode()).hexdigest()


def _is_meant(selector: Selector, table: Table) -> bool:
    directory, _, field = selector.directory.partition(".")
    return directory in {"*", table.directory} and (not field or field in table.fields)


def _the_reference(table: Table) -> str:
    """The field of a record that names the record."""
    ids = [field for field in table.fields if is_id(field)]
    own = [field for field in ids if field in {"id", "id_", "uuid"}]
    chosen = own or ids or list(table.fields)
    return chosen[0] if len(chosen) == 1 else ""


def _pick(selector: Selector, rows: list[Row]) -> list[Row]:
    if selector.how in {"all", "count"}:
        return rows
    of_time = selector.how in {"latest", "earliest"}
    measure = _instant if of_time else number_of
    by = selector.by or _only(rows, _TIMES if of_time else _SIZES, measure)
    measured = [(measure(row.get(by)), row) for row in rows] if by else []
    if not measured or any(size is None for size, _ in measured):
        return []
    best = (max if selector.how in {"largest", "latest"} else min)(
        size for size, _ in measured if size is not None
    )
    chosen = [row for size, row in measured if size == best]
    return chosen if len(chosen) == 1 else []  # a tie is a choice, and nobody has made it


def _only(rows: list[Row], usual: tuple[str, ...], measure: Callable[[Json], Any]) -> str:
    """The field that is compared: the only one that can be, or the first of those that usually are."""
    able = [
        field
        for field in (rows[0] if rows else ())
        if not is_id(field) and all(measure(row.get(field)) is not None for row in rows)
    ]
    return able[0] if len(able) == 1 else next((field for field in usual if field in able), "")


def _instant(value: Json) -> str | None:
    if not isinstance(value, str):
        return None
    found = known(value)
    return found.form if found.kind in {"date", "datetime"} and not found.form.startswith("-") else None
