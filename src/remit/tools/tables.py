"""A table of tools.toml as the dataclass that says what may stand in it: each key known, each value of its type."""

from __future__ import annotations

from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, TypeVar, cast

from remit.domain.action_errors import InvalidTool
from remit.domain.secret_names import looks_like_a_value
from remit.tools.wording import nearest

if TYPE_CHECKING:
    from collections.abc import Callable

Json = Any
FILE = "tools.toml"
_Shape = TypeVar("_Shape")


def read_table(shape: type[_Shape], table: Json, place: str, **given: Json) -> _Shape:
    """The dataclass of a table; what is `given` does not stand in it."""
    known = {field.name: field for field in fields(cast("Any", shape)) if field.name not in given}
    values = table_in(table, place)
    for key, value in values.items():
        if key not in known:
            raise InvalidTool(
                f'{FILE}: {place} has "{key}", which means nothing{nearest(key, known)}.',
                f"It takes {', '.join(known)}.",
            )
        if "secret" in key and any(map(looks_like_a_value, _named(value))):
            raise InvalidTool(  # not quoted: it may be the key
                f"{FILE}: {place} has under {key} what looks like a key itself; this file holds names, never values.",
                "Put the key into an environment variable, and its name here; if the file was shared, make a new key.",
            )
        fits, words = _TYPES[str(known[key].type)]
        if not fits(value):
            raise InvalidTool(f"{FILE}: {place} has {key} = {value!r}; it takes {words}.")
    for name, field in known.items():
        if name not in values and field.default is MISSING and field.default_factory is MISSING:
            raise InvalidTool(f'{FILE}: {place} needs "{name}".', f"It takes {', '.join(known)}.")
    made = {key: tuple(cast("list[str]", v)) if isinstance(v, list) else v for key, v in values.items()}
    return shape(**made, **given)


def table_in(value: Json, place: str) -> dict[str, Json]:
    """A value that has to be a table."""
    if not isinstance(value, dict):
        raise InvalidTool(f"{FILE}: {place} is no table.", f"Write {place}, and its keys below.")
    return cast("dict[str, Json]", value)


def _named(value: Json) -> list[str]:
    """The names of secrets that a value holds."""
    many = cast("list[Json]", value) if isinstance(value, list) else [value]
    return [each for each in many if isinstance(each, str)]


def _texts(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in cast("list[Json]", value))


def _text_table(value: Json) -> bool:
    return isinstance(value, dict) and all(
        isinstance(each, str) for each in cast("dict[str, Json]", value).values()
    )


def _number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0


_TYPES: dict[str, tuple[Callable[[Json], bool], str]] = {
    "str": (lambda value: isinstance(value, str), "text in quotes"),
    "bool": (lambda value: isinstance(value, bool), "true or false"),
    "int": (lambda value: _number(value) and isinstance(value, int), "a whole number above zero"),
    "float": (_number, "a number above zero"),
    "tuple[str, ...]": (_texts, 'a list of texts, such as ["a", "b*"]'),
    "dict[str, str]": (_text_table, 'a table of texts, such as { id = "object" }'),
    "dict[str, Json]": (lambda value: isinstance(value, dict), 'a table, such as { id = "integer" }'),
}
