"""The rules of JSON Schema made safe for schemas of strangers: each application is counted, and those whose time
could explode are replaced by ones whose time cannot. It knows nothing of tools.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, cast

from jsonschema import exceptions, validators

from remit.tools import formats
from remit.tools.patterns import compiled

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

Json = Any
_Rule = Any
_extend: Any = cast("Any", validators).extend  # the library gives it no type

_MOST_STEPS = 60_000
_CHARACTERS_A_STEP = 50


class TooMuch(Exception):
    """The check would take too long."""


@dataclass(slots=True)
class _Work:
    """How many rules one check may still try."""

    left: int = _MOST_STEPS


_work: ContextVar[_Work | None] = ContextVar("remit_schema_work", default=None)


@contextmanager
def bounded() -> Generator[None]:
    """Within it, checking raises `TooMuch` once it tried as many rules as it may."""
    token = _work.set(_Work())
    try:
        yield
    finally:
        _work.reset(token)


@cache
def safe_rules(drafted: Any) -> Any:
    """A draft's rules, made safe."""
    replaced: dict[str, _Rule] = {
        name: _counted(rule) for name, rule in cast("dict[str, _Rule]", drafted.VALIDATORS).items()
    }
    ours: dict[str, _Rule] = {
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
        "additionalProperties": _additional_properties,
        "uniqueItems": _unique_items,
        "format": _format,
    }
    replaced |= {name: _counted(rule) for name, rule in ours.items()}
    return _extend(drafted, replaced)


def _counted(rule: _Rule) -> _Rule:
    def counted(validator: Any, value: Json, instance: Json, schema: Json) -> Iterator[Any]:
        work = _work.get()
        if work is not None:
            work.left -= 1
            if work.left < 0:
                raise TooMuch
        yield from rule(validator, value, instance, schema) or ()

    return counted


def _pattern(_: Any, pattern: str, instance: Json, __: Json) -> Iterator[Any]:
    if isinstance(instance, str):
        machine = compiled(pattern)
        _spend(len(instance) * machine.size // _CHARACTERS_A_STEP)
        if not machine.found_in(instance):
            yield exceptions.ValidationError(f"it does not match {pattern}")


def _pattern_properties(validator: Any, patterns: dict[str, Json], instance: Json, _: Json) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    for pattern, sub in patterns.items():
        for key, value in instance.items():
            machine = compiled(pattern)
            _spend(1 + len(key) * machine.size // _CHARACTERS_A_STEP)
            if machine.found_in(key):
                yield from validator.descend(value, sub, path=key, schema_path=pattern)


def _additional_properties(validator: Any, rest: Json, instance: Json, schema: Json) -> Iterator[Any]:
    if not validator.is_type(instance, "object"):
        return
    known = schema.get("properties", {})
    patterns = [compiled(pattern) for pattern in schema.get("patternProperties", {})]
    for key, value in instance.items():
        _spend(1 + len(key) * sum(pattern.size for pattern in patterns) // _CHARACTERS_A_STEP)
        if key in known or any(pattern.found_in(key) for pattern in patterns):
            continue
        if isinstance(rest, dict):
            yield from validator.descend(value, rest, path=key)
        elif rest is False:
            yield exceptions.ValidationError(f'"{key}" is not among what it takes')


def _unique_items(validator: Any, unique: Json, instance: Json, _: Json) -> Iterator[Any]:
    if unique is not True or not validator.is_type(instance, "array"):
        return
    _spend(len(instance) // 10)
    texts = [_identity(item) for item in instance]
    if len(set(texts)) != len(texts):
        yield exceptions.ValidationError("it holds something twice")


def _format(_: Any, name: str, instance: Json, __: Json) -> Iterator[Any]:
    if not formats.fits(name, instance):
        yield exceptions.ValidationError(f"it is no {name}")


def _spend(steps: int) -> None:
    work = _work.get()
    if work is not None:
        work.left -= steps
        if work.left < 0:
            raise TooMuch


def _identity(item: Json) -> str:
    """A text that equal values share: for JSON, 1 and 1.0 are the same number, and true is none."""
    return json.dumps(_numbers_alike(item), sort_keys=True)


def _numbers_alike(item: Json) -> Json:
    if isinstance(item, float) and item.is_integer():
        return int(item)
    if isinstance(item, list):
        return [_numbers_alike(each) for each in cast("list[Json]", item)]
    if isinstance(item, dict):
        return {key: _numbers_alike(each) for key, each in cast("dict[str, Json]", item).items()}
    return item
