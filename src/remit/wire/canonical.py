"""Canonical JSON: the one form in which values are digested, journaled and approved (S6).

It refuses what JSON readers disagree about: duplicate keys, non-finite numbers, integers beyond 2^53-1. Text is
kept exactly as sent. It must not know what the values mean.
"""

from __future__ import annotations

import hashlib
import json
import math
from typing import TYPE_CHECKING, Any, NoReturn, cast

import msgspec

from remit.domain.errors import InvalidInput, NotEncodable

if TYPE_CHECKING:
    from collections.abc import Callable


LARGEST_INTEGER = 2**53 - 1


def plain(value: object, foreign: Callable[[object], object] | None = None) -> Any:
    """`value` as dicts, lists, strings and numbers only; `foreign` may translate types JSON does not know."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return value
    if kind is int:
        return _safe_integer(cast("int", value))
    if kind is float:
        return _finite(cast("float", value))
    if kind is dict:
        return _plain_object(cast("dict[object, object]", value), foreign)
    if kind is list or kind is tuple:
        items = cast("list[object]", value)
        return [item if type(item) in _AS_IT_IS else plain(item, foreign) for item in items]
    return plain(_translate(value, foreign), foreign)


def encode(value: object) -> bytes:
    """The canonical bytes of a plain value: sorted keys, no white space, UTF-8."""
    try:
        return _ENCODER.encode(value)
    except UnicodeEncodeError as wrong:
        raise NotEncodable(f"a text is not valid Unicode ({wrong.reason}).") from wrong


def digest(value: object) -> str:
    """The SHA-256 of the canonical bytes of a plain value, in hex."""
    return hashlib.sha256(encode(value)).hexdigest()


def parse(text: str | bytes) -> Any:
    """Read JSON that somebody sent; refuse what two readers could read differently."""
    try:
        value = json.loads(text, object_pairs_hook=_no_duplicates, parse_constant=_no_constant)
        return plain(value)
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


def _plain_object(value: dict[object, object], foreign: Callable[[object], object] | None) -> dict[str, Any]:
    return {
        key if type(key) is str else _key(key): item if type(item) in _AS_IT_IS else plain(item, foreign)
        for key, item in value.items()
    }


def _translate(value: object, foreign: Callable[[object], object] | None) -> object:
    if foreign is not None:
        translated = foreign(value)
        if translated is not value:
            return translated
    try:
        # sets in one order, whichever it is: a digest must not depend on how a process hashes
        return msgspec.to_builtins(value, enc_hook=_dump_model, str_keys=True, order="deterministic")
    except (TypeError, ValueError, RecursionError) as wrong:
        raise NotEncodable(
            f"a {type(value).__name__} cannot be written as JSON ({wrong}).",
            "Use plain values, dataclasses, pydantic models or msgspec structs.",
        ) from None


def _dump_model(value: Any) -> object:
    dump = getattr(value, "model_dump", None)
    if dump is None:
        raise TypeError(f"type {type(value).__name__} is unknown")
    return dump(mode="json")


def _safe_integer(value: int) -> int:
    if -LARGEST_INTEGER <= value <= LARGEST_INTEGER:
        return value
    raise NotEncodable(
        f"the integer {value} is beyond 2^53-1, where JSON readers disagree.",
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


def _no_constant(name: str) -> NoReturn:
    raise InvalidInput(f"{name} is not a number JSON can hold.")


_AS_IT_IS = frozenset({str, bool, type(None)})
_ENCODER = msgspec.json.Encoder(order="deterministic")
