"""Values between Python and the journal: what goes in comes out again as the same type.

A step's result is handed to the flow exactly as a replay would hand it over, on the first execution too; so code
that works once works after a crash. Types come from annotations, never from the data.
"""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, get_type_hints

import msgspec

from remit.domain.conversation import Conversation
from remit.domain.errors import InvalidInput, NotEncodable, TooLarge
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

_PLAIN = (dict, list, str, int, float, bool, type(None), tuple)
_NEVER = object()
_CHECKED_BY_CLASS: dict[Any, Any] = {
    str: str,
    int: int,
    bool: bool,
    float: float,
    dict: dict,
    list: list,
    dict[str, Any]: dict,
    dict[str, object]: dict,
    list[Any]: list,
    list[object]: list,
}
"""Annotations that say no more than the class of a plain value does."""
_ITSELF = (*_PLAIN, Conversation)
_ANYTHING = (Any, object, None, inspect.Signature.empty)


def hints_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """The annotations of a function as types; what cannot be resolved here is left out."""
    try:
        return get_type_hints(fn)
    except (NameError, TypeError, AttributeError):
        return _hints_one_by_one(fn)


def restore(value: Any, hint: Any) -> Any:
    """A journaled value as the annotated type."""
    if hint in _ANYTHING or _fits_already(value, hint):
        return value
    return msgspec.convert(value, hint, dec_hook=_validate_model, str_keys=True)


def convert_input(value: Any, hint: Any, name: str, owner: str) -> Any:
    """An input somebody sent, as the annotated type, or a sentence on why it does not fit."""
    try:
        return restore(value, hint)
    except (msgspec.ValidationError, TypeError, ValueError) as wrong:
        reason = str(wrong).splitlines()[0].rstrip(".")
        raise InvalidInput(f'{owner} takes "{name}" as {type_name(hint)}: {reason}.') from None


def to_journal(
    value: object, hint: Any, owner: str, limit: int, foreign: Callable[[object], object] | None
) -> Any:
    """A result as the journal keeps it."""
    try:
        plain = canonical.plain(value, foreign)
        if plain.__class__ is str:
            plain.encode()
        _check_size(plain, owner, limit)
    except NotEncodable as wrong:
        raise NotEncodable(
            f"{owner} returned something that cannot be journaled: {wrong.message}", wrong.hint
        ) from None
    except UnicodeEncodeError:
        raise NotEncodable(f"{owner} returned a text that is not valid Unicode.") from None
    except RecursionError:
        raise NotEncodable(
            f"{owner} returned something that contains itself, or is nested too deep."
        ) from None
    if hint in _ANYTHING and plain.__class__ is dict and not isinstance(value, _ITSELF):
        raise NotEncodable(_unannotated(owner, type(value).__name__))
    return plain


def to_flow(plain: Any, hint: Any, owner: str) -> Any:
    """A result as the flow gets it, now and at every replay."""
    try:
        return restore(plain, hint)
    except (msgspec.ValidationError, TypeError, ValueError) as wrong:
        raise NotEncodable(
            f"{owner} returned something that its annotation {type_name(hint)} cannot read back: {wrong}.",
            "Return what the signature says, or change the signature.",
        ) from None


def type_name(hint: Any) -> str:
    """A type as a person writes it."""
    plain = isinstance(hint, type) and not hasattr(hint, "__args__")
    return hint.__name__ if plain else _MODULES.sub("", str(hint))


def _fits_already(value: Any, hint: Any) -> bool:
    return value.__class__ is _CHECKED_BY_CLASS.get(hint, _NEVER)


def _check_size(plain: object, owner: str, limit: int) -> None:
    if plain.__class__ is str and len(plain) * 4 <= limit:  # pyright: ignore[reportArgumentType]
        return
    size = len(_ENCODER.encode(plain))
    if size > limit:
        raise TooLarge(
            f"{owner} returned {size:,} bytes, and the log accepts {limit:,} in one value.",
            "Store the large part elsewhere and return a reference, or raise limits.result_bytes.",
        )


def _unannotated(owner: str, name: str) -> str:
    return (
        f"{owner} returned a {name}, but its signature does not say so; "
        f"annotate it with -> {name}, so that a replay can give the same back."
    )


def _hints_one_by_one(fn: Callable[..., Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    space = {**getattr(fn, "__globals__", {}), **_closure(fn)}
    for name, annotation in getattr(fn, "__annotations__", {}).items():
        try:
            found[name] = eval(annotation, space) if isinstance(annotation, str) else annotation  # noqa: S307
        except Exception:  # noqa: BLE001, S112 - a name that exists for type checkers only is no type here
            continue
    return found


def _closure(fn: Callable[..., Any]) -> dict[str, Any]:
    code = getattr(fn, "__code__", None)
    cells = getattr(fn, "__closure__", None) or ()
    names = code.co_freevars if code else ()
    return {name: cell.cell_contents for name, cell in zip(names, cells, strict=False)}


def _validate_model(kind: type, value: object) -> object:
    if kind is Conversation or kind is object:
        return value  # a conversation is a reference still; the store resolves it
    validate = getattr(kind, "model_validate", None)
    if validate is None:
        raise TypeError(f"{type_name(kind)} cannot be read from JSON")
    return validate(value)


_ENCODER = msgspec.json.Encoder()
_MODULES = re.compile(r"\b(?:[A-Za-z_]\w*\.)+(?=[A-Za-z_])")
