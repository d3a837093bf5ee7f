"""A Python type as JSON: its schema, and the conversion of a value into it, without guessing (`"7"` is no number).

Plain annotations, dataclasses, typed dictionaries and msgspec structs are msgspec's; whatever mentions pydantic is
pydantic's own, which is only imported if the workspace has done so already.
"""

from __future__ import annotations

import sys
import types
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Protocol, Union, cast, get_args, get_origin

import msgspec

from remit.tools.schema_tree import hoist_definitions
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

Json = Any

_DEFINITIONS = "#/$defs/{name}"
_PLAIN: dict[Any, type] = {str: str, int: int, bool: bool, float: float, dict: dict, list: list}
_ANYTHING = (Any, object)


class ShapeError(Exception):
    """A type has no form in JSON, or a value does not have this one; the text says which and where."""


class Shape(Protocol):
    """What a type is in JSON."""

    @property
    def text(self) -> str:
        """What `Annotated` says of it, in words."""
        ...

    def schema(self) -> dict[str, Json]:
        """Its JSON Schema, complete in itself."""
        ...

    def convert(self, value: Json, *, written: bool = False) -> Any:
        """A JSON value as this type, or `ShapeError`; `written`: we wrote that value ourselves."""
        ...


def shape_of(hint: Any) -> Shape:
    """The shape of an annotation."""
    if any(_is_pydantic(part) for part in _parts(hint)):
        return _PydanticShape(hint)
    return _MsgspecShape(hint)


def whole_numbers(value: Json) -> Json:
    """The value with `3.0` written as `3`; the same object if there is no such number in it."""
    if isinstance(value, float) and value.is_integer() and abs(value) <= canonical.LARGEST_INTEGER:
        return int(value)
    if isinstance(value, list):
        items = cast("list[Json]", value)
        whole = [whole_numbers(item) for item in items]
        return whole if any(new is not old for new, old in zip(whole, items, strict=True)) else items
    if isinstance(value, dict):
        known = cast("dict[str, Json]", value)
        inner = {key: whole_numbers(item) for key, item in known.items()}
        return inner if any(inner[key] is not known[key] for key in known) else known
    return value


class _MsgspecShape:
    """Types that msgspec knows, and what lies in them."""

    def __init__(self, hint: Any) -> None:
        self._hint = hint
        self._class = None if get_args(hint) else _PLAIN.get(hint) if _hashable(hint) else None
        self.text = _text_of(hint)

    def schema(self) -> dict[str, Json]:
        if self._hint in _ANYTHING:
            return {}
        try:
            (schema,), definitions = msgspec.json.schema_components(
                [_dated(self._hint)], schema_hook=_schema_of_model, ref_template=_DEFINITIONS
            )
        except (TypeError, ValueError, RecursionError) as wrong:
            raise ShapeError(_first_line(wrong)) from None
        return hoist_definitions({**schema, **({"$defs": definitions} if definitions else {})})

    def convert(self, value: Json, *, written: bool = False) -> Any:
        if value.__class__ is self._class or self._hint in _ANYTHING:
            return value
        hook = _read_back if written else _convert_model
        try:
            return msgspec.convert(value, self._hint, dec_hook=hook, str_keys=True)
        except (msgspec.ValidationError, TypeError, ValueError, RecursionError) as wrong:
            raise ShapeError(_first_line(wrong)) from None


class _PydanticShape:
    """Types with pydantic in them."""

    def __init__(self, hint: Any) -> None:
        self._pydantic = _pydantic(hint)
        self.text = _text_of(hint)
        try:
            self._adapter = self._pydantic.TypeAdapter(hint)
        except Exception as wrong:
            raise ShapeError(_first_line(wrong)) from wrong

    def schema(self) -> dict[str, Json]:
        try:
            return hoist_definitions(self._adapter.json_schema())
        except Exception as wrong:
            raise ShapeError(_first_line(wrong)) from wrong

    def convert(self, value: Json, *, written: bool = False) -> Any:
        # as JSON text: there, strictness refuses "7" for a number and still reads a date from text
        try:
            text = canonical.encode(value)
            if written:
                return self._adapter.validate_json(text, by_alias=True, by_name=True)
            return self._adapter.validate_json(text, strict=True)
        except self._pydantic.ValidationError as wrong:
            raise ShapeError(_pydantic_reason(wrong)) from None


def _dated(hint: Any) -> Any:
    """The annotation with its moments marked as such, because a model has to know that `when` takes no "tomorrow"."""
    if hint is datetime:
        return Annotated[datetime, msgspec.Meta(extra_json_schema={"format": "date-time"})]
    origin, inside = get_origin(hint), get_args(hint)
    if datetime not in inside:
        return hint
    if origin is Annotated:
        # what `Annotated` says applies in order, so ours comes first
        return Annotated[(_dated(inside[0]), *inside[1:])]
    changed = tuple(_dated(part) for part in inside)
    return Union[changed] if origin in {Union, types.UnionType} else origin[changed]  # noqa: UP007 - made of data


def _schema_of_model(kind: type) -> dict[str, Json]:
    make = getattr(kind, "model_json_schema", None)
    if make is None:
        raise TypeError(f"{kind.__name__} has no JSON form; use plain types, dataclasses or models")
    return make()


def _convert_model(kind: type, value: object) -> object:
    return _validated(kind, value, strict=True)


def _read_back(kind: type, value: object) -> object:
    return _validated(kind, value, by_alias=True, by_name=True)


def _validated(kind: Any, value: object, **how: bool) -> object:
    if kind is object:
        return value
    validate = getattr(kind, "model_validate_json", None)
    if validate is None:
        raise TypeError(f"{kind.__name__} cannot be read from JSON")
    try:
        return validate(canonical.encode(value), **how)
    except _pydantic(kind).ValidationError as wrong:
        raise ValueError(_pydantic_reason(wrong)) from None


def _pydantic_reason(wrong: Any) -> str:
    """Its first complaint, without the value, which stands beside it already."""
    first = wrong.errors(include_url=False, include_context=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return f"{first['msg']}{f' (at {where})' if where else ''}".rstrip(".")


def _parts(hint: Any) -> Iterator[Any]:
    """An annotation and everything that is written inside of it."""
    yield hint
    if get_origin(hint) is Annotated:
        inner, *notes = get_args(hint)
        yield from notes
        yield from _parts(inner)
        return
    for part in get_args(hint):
        if isinstance(part, type | types.UnionType) or get_origin(part) is not None:
            yield from _parts(part)


def _is_pydantic(part: Any) -> bool:
    """Whether msgspec would overlook what this says: models, and limits written in pydantic's words."""
    if isinstance(part, type):
        return hasattr(part, "__pydantic_validator__") or hasattr(part, "__get_pydantic_core_schema__")
    if get_origin(part) is not None:
        return False
    return type(part).__module__.partition(".")[0] in {"pydantic", "annotated_types"}


def _pydantic(hint: Any) -> Any:
    found = sys.modules.get("pydantic")
    if found is None:
        raise ShapeError(f"{hint} has limits that only pydantic can check, and pydantic is not imported")
    return found


def _text_of(hint: Any) -> str:
    """`Annotated[int, "in cents"]` says what it is."""
    if get_origin(hint) is not Annotated:
        return ""
    for note in get_args(hint)[1:]:
        text = note if isinstance(note, str) else getattr(note, "documentation", None)
        if isinstance(text, str):
            return text
    return ""


def _hashable(hint: Any) -> bool:
    try:
        hash(hint)
    except TypeError:
        return False
    return True


def _first_line(wrong: BaseException) -> str:
    text = str(wrong).strip() or type(wrong).__name__
    return text.splitlines()[0].rstrip(".").replace(" - at `$`", "").replace("`$.", "`").replace("`$[", "`[")
