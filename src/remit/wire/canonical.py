"""Canonical JSON: the one form in which values are digested, journaled and approved (S6).

It refuses what JSON readers disagree about: duplicate keys, non-finite numbers, integers beyond 2^53-1. Text is
kept exactly as sent. It must not know what the values mean.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, cast
from weakref import WeakKeyDictionary

import msgspec

from remit.domain.errors import InvalidInput, NotEncodable

if TYPE_CHECKING:
    from collections.abc import Callable


Kind = TypeVar("Kind")

LARGEST_INTEGER = 2**53 - 1


def plain(value: object, foreign: Callable[[object], object] | None = None) -> Any:
    """`value` as dicts, lists, strings and numbers only; `foreign` may translate types JSON does not know."""
    kind = type(value)
    known: Any = value
    if kind in _AS_IT_IS:
        return value
    if kind is int:
        return known if -LARGEST_INTEGER <= known <= LARGEST_INTEGER else _refuse_integer(known)
    if kind is dict:
        return {
            key if type(key) is str else _key(key): item if type(item) in _AS_IT_IS else plain(item, foreign)
            for key, item in known.items()
        }
    if kind is list or kind is tuple:
        return [item if type(item) in _AS_IT_IS else plain(item, foreign) for item in known]
    if kind is float:
        return _finite(known)
    return _translate(value, foreign)


def encode(value: object) -> bytes:
    """The canonical bytes of a plain value, or of one that is `ready`: sorted keys, no white space, UTF-8."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError as wrong:
        raise NotEncodable(f"a text is not valid Unicode ({wrong.reason}).") from wrong


def digest(value: object) -> str:
    """The SHA-256 of the canonical bytes of a plain value, in hex."""
    return hashlib.sha256(encode(value)).hexdigest()


def learn(kind: type[Kind], to_plain: Callable[[Kind], Any], is_ready: Callable[[Kind], bool]) -> None:
    """Have structs of exactly this type written by `to_plain`, which gives plain JSON: for the types on every path.
    Where one `is_ready`, its own bytes are the canonical ones already.
    """
    _KNOWN[kind] = to_plain, is_ready


def ready(value: object) -> Any:
    """A value as `encode` takes it: plain JSON, or a struct whose own bytes are the same."""
    known = _KNOWN.get(value.__class__)
    return value if known is not None and known[1](value) else plain(value)


def accept(value: object, what: str) -> Any:
    """A value that somebody handed in, as plain JSON that can be written down; an error calls it `what`."""
    try:
        found = plain(value)
        encode(found)
    except NotEncodable as wrong:
        raise InvalidInput(f"{what} cannot be journaled: {wrong.message}", wrong.hint) from None
    except RecursionError:
        raise InvalidInput(f"{what} contains itself, or is nested too deep.") from None
    return found


def parse(text: str | bytes) -> Any:
    """Read JSON that somebody sent; refuse what two readers could read differently."""
    try:
        value = plain(_loads(text))
        if _may_hold_half_a_character(text):
            encode(value)
        return value  # noqa: TRY300 - the checks before it are what may fail
    except (json.JSONDecodeError, UnicodeDecodeError) as wrong:
        raise InvalidInput(
            f"this is not JSON: {wrong}.", "Write one JSON value, text in double quotes."
        ) from None
    except RecursionError:
        raise InvalidInput(
            "this JSON is nested too deep.", "Store deep structures as text, or elsewhere."
        ) from None
    except ValueError:
        raise InvalidInput(
            "this JSON holds an integer of thousands of digits, beyond 2^53-1, where JSON readers disagree.",
            "Pass large ids as text, and money as integer micro-units.",
        ) from None
    except NotEncodable as wrong:
        raise InvalidInput(wrong.message, wrong.hint) from None


def _loads(text: str | bytes) -> Any:
    if isinstance(text, str) and not text.startswith(_BOM):
        if text[:1] == "{":  # the usual case, without looking for white space around it
            try:
                value, end = _SCAN(text, 0)
            except StopIteration:
                return _DECODER.decode(text)  # which says where
            if end == len(text):
                return value
        return _DECODER.decode(text)
    return json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)


def _translate(value: object, foreign: Callable[[object], object] | None) -> Any:
    """A value of a type that JSON does not know; what it holds may be of such types as well."""
    known = _KNOWN.get(value.__class__)
    if known is not None:
        return known[0](value)
    translated = value if foreign is None else foreign(value)
    if translated is not value:
        return plain(translated, foreign)
    try:
        return _parts_of(value, foreign)
    except NotEncodable:
        raise
    except Exception as wrong:  # noqa: BLE001 - a value's own code may raise whatever it likes
        raise NotEncodable(
            f"a {type(value).__name__} cannot be written as JSON ({wrong}).",
            "Use plain values, dataclasses, pydantic models or msgspec structs.",
        ) from None


def _parts_of(value: Any, foreign: Callable[[object], object] | None) -> Any:
    names = _fields_of(value)
    if names is not None:
        # read field by field: what a reader of JSON left at its default stands on the class alone
        held = ((name, getattr(value, name, _UNSET)) for name in names)
        return {name: _inside(part, foreign) for name, part in held if part is not _UNSET}
    if isinstance(value, msgspec.Struct):
        return _plain_struct(value, foreign)
    if isinstance(value, (dict, list, tuple)) and not isinstance(value, Enum):
        return _inside(value, foreign)
    if isinstance(value, (set, frozenset)):
        return _in_order([_inside(item, foreign) for item in cast("set[object]", value)])
    return plain(_built_in(value), foreign)


def _inside(value: Any, foreign: Callable[[object], object] | None) -> Any:
    """A part of a typed value: its type says how a key that is no text is read back."""
    if type(value) in _AS_IT_IS:
        return value
    if isinstance(value, dict):
        entries = cast("dict[object, object]", value)
        found = {
            key if type(key) is str else _text_of(key): _inside(item, foreign)
            for key, item in entries.items()
        }
        if len(found) != len(entries):
            raise NotEncodable("two keys of an object are the same text.")
        return found
    if isinstance(value, (list, tuple)):
        return [_inside(item, foreign) for item in cast("list[object]", value)]
    return plain(value, foreign)


def _fields_of(value: Any) -> tuple[str, ...] | None:
    """The fields of a dataclass; nothing for any other value."""
    kind: type = value.__class__
    names = _FIELDS.get(kind, _UNSET)
    if names is _UNSET:
        data = is_dataclass(value) and not isinstance(value, Enum)
        names = _FIELDS[kind] = tuple(each.name for each in fields(value)) if data else None
    return names


def _plain_struct(value: msgspec.Struct, foreign: Callable[[object], object] | None) -> Any:
    """A struct as it declares itself (names, tag, what it omits), with fields that are plain all the way down."""
    shape, kind = _built_in(value), type(value)
    parts = [getattr(value, name) for name in kind.__struct_fields__]
    if isinstance(shape, dict):
        known = cast("dict[str, object]", shape)
        for key, part in zip(kind.__struct_encode_fields__, parts, strict=True):
            if key in known:
                known[key] = _inside(part, foreign)
        return known
    tag = cast("list[object]", shape)[: len(cast("list[object]", shape)) - len(parts)]
    return [*tag, *(_inside(part, foreign) for part in parts)]


def _in_order(items: list[Any]) -> list[Any]:
    """The members of a set in one order, whichever it is: a digest must not depend on how a process hashes."""
    kinds: set[type] = {type(item) for item in items}
    return sorted(items) if kinds <= {int, float} or kinds <= {str} else sorted(items, key=encode)


def _built_in(value: object) -> object:
    return msgspec.to_builtins(value, enc_hook=_dump_model, str_keys=True, order="deterministic")


def _text_of(key: object) -> str:
    """A key that is no text, as the text from which its type reads it back."""
    return next(iter(cast("dict[str, None]", _built_in({key: None}))))


def _dump_model(value: Any) -> object:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(f"type {type(value).__name__} is unknown")
    return dump(mode="json")


def _refuse_integer(value: int) -> NoReturn:
    said = str(value) if value.bit_length() < _LONGEST_SHOWN else f"of {value.bit_length():,} bits"
    raise NotEncodable(
        f"the integer {said} is beyond 2^53-1, where JSON readers disagree.",
        "Pass large ids as text, and money as integer micro-units.",
    )


def _finite(value: float) -> float:
    if math.isfinite(value):
        return value
    raise NotEncodable(f"the number {value} is not finite, and JSON has no way to write it.")


def _key(key: object) -> str:
    if type(key) is not str:
        if isinstance(key, str):
            return str(key)
        raise NotEncodable(f"a key of an object is a {type(key).__name__}; JSON keys are text.")
    return key


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise InvalidInput(f'the key "{twice}" stands twice in one object.', "Keep one of them.")
    return found


def _may_hold_half_a_character(text: str | bytes) -> bool:
    """Whether an escape, or a text that did not come as UTF-8, may have brought a surrogate without its other half."""
    return b"\\u" in text if isinstance(text, bytes) else "\\u" in text or not text.isascii()


def _no_constant(name: str) -> NoReturn:
    raise InvalidInput(f"{name} is not a number JSON can hold.")


_LONGEST_SHOWN = 1000
_BOM = "\ufeff"
_DECODER = json.JSONDecoder(object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
_SCAN: Callable[[str, int], tuple[Any, int]] = vars(_DECODER)["scan_once"]
_UNSET: Any = object()
_FIELDS: WeakKeyDictionary[type, tuple[str, ...] | None] = WeakKeyDictionary()
_KNOWN: dict[type, tuple[Callable[[Any], Any], Callable[[Any], bool]]] = {}
_AS_IT_IS = frozenset({str, bool, type(None)})
_ENCODER = msgspec.json.Encoder(order="sorted")
