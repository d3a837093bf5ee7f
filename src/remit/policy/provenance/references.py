"""References: values out of a directory that an operator trusts, such as the id of a record that was looked up.

Only whole single values of fields that the manifest names are references, one line each and not long; never a part
of a text. Whether the query that found them may be trusted is asked by the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, cast

from remit.domain.event import object_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.domain.tools import ToolManifest

Json = Any

_LONGEST = 128
MOST = 2000
"""So many references of one result; what comes after them is no reference."""
_STRANGERS = ("mcp:", "builtin")
_ITSELF, _KEYS = ".", "keys()"


class Reference(NamedTuple):
    """One value of a directory."""

    field: str
    value: Json


def references_in(manifest: ToolManifest, result: Json) -> Iterator[Reference]:
    """The references in a result of this tool, as its manifest says."""
    label = manifest.label
    if label.trusted:
        yield from (
            Reference(field or _ITSELF, value) for field, value in _scalars(result, "") if _is_bounded(value)
        )
        return
    named = label.references
    if named is not None:
        for field in named:
            yield from (Reference(field, value) for value in _at(result, field) if _is_bounded(value))
    elif label.source and not manifest.source.startswith(_STRANGERS):
        yield from _ids(result, object_of(manifest.result))


def rows_of(result: Json) -> list[dict[str, Json]]:
    """The records of a result: itself, the members of a list, or of the one list that it wraps."""
    if isinstance(result, list):
        return [
            cast("dict[str, Json]", each) for each in cast("list[Json]", result) if isinstance(each, dict)
        ]
    if not isinstance(result, dict):
        return []
    record = cast("dict[str, Json]", result)
    lists: list[list[Json]] = [cast("list[Json]", each) for each in record.values() if isinstance(each, list)]
    inner = rows_of(lists[0]) if len(lists) == 1 and lists[0] and isinstance(lists[0][0], dict) else []
    return inner or [record]


def is_id(field: str) -> bool:
    """Whether a field is called as an id is."""
    return field in {"id", "id_", "uuid"} or field.endswith("_id")


def _is_bounded(value: Json) -> bool:
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST and value.isprintable()
    return isinstance(value, int | float) and not isinstance(value, bool)


def _ids(result: Json, schema: dict[str, Json]) -> Iterator[Reference]:
    """The ids of records; of those fields only that the result's schema has, where there is one."""
    known = _properties(schema)
    for row in rows_of(result):
        for field, value in row.items():
            if is_id(field) and (not known or field in known) and _is_bounded(value):
                yield Reference(field, value)


def _properties(schema: dict[str, Json]) -> set[str]:
    """Every property that a schema names, at whatever depth."""
    found: set[str] = set()
    rest: list[Json] = [schema]
    while rest:
        each = rest.pop()
        if isinstance(each, dict):
            inner = cast("dict[str, Json]", each)
            found |= set(object_of(inner.get("properties")))
            rest.extend(inner.values())
        elif isinstance(each, list):
            rest.extend(cast("list[Json]", each))
    return found


def _at(result: Json, field: str) -> Iterator[Json]:
    """The values at a dotted path, through lists; of an object at its end, the keys."""
    if isinstance(result, list):
        for each in cast("list[Json]", result):
            yield from _at(each, field)
        return
    if field in {_ITSELF, ""}:
        yield from cast("dict[str, Json]", result) if isinstance(result, dict) and field == "" else [result]
        return
    if not isinstance(result, dict):
        return
    record = cast("dict[str, Json]", result)
    if field == _KEYS:
        yield from record
        return
    head, _, rest = field.partition(".")
    if head in record:
        yield from _at(record[head], rest)
    else:  # a list that wraps the records
        for each in record.values():
            if isinstance(each, list):
                yield from _at(each, field)


def _scalars(value: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, dict):
        for key, inner in cast("dict[str, Json]", value).items():
            yield from _scalars(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for inner in cast("list[Json]", value):
            yield from _scalars(inner, path)
    else:
        yield path, value
