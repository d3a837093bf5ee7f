"""Values keep their type through the journal, on the first run and on every replay; what cannot is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any, NamedTuple, TypedDict
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from remit.domain.errors import NotEncodable, RemitError, TooLarge
from remit.engine.values import to_flow, to_journal
from remit.wire import canonical

LIMIT = 10_000


class Colour(Enum):
    RED = "red"


class Word(StrEnum):
    GO = "go"


@dataclass(frozen=True)
class Inner:
    when: datetime
    tags: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outer:
    inner: Inner
    colours: dict[str, Colour] = field(default_factory=dict[str, Colour])


class Packed(msgspec.Struct, frozen=True):
    inner: Inner
    amount: Decimal


class Model(BaseModel):
    name: str
    at: datetime
    parts: list[int] = []


class Table(TypedDict):
    row: int
    cells: list[str]


class Pair(NamedTuple):
    left: int
    right: str


WHEN = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
INNER = Inner(WHEN, ("a", "b"))
VALUES: list[tuple[Any, Any]] = [
    (Outer, Outer(INNER, {"x": Colour.RED})),
    (Packed, Packed(INNER, Decimal("12.30"))),
    (Model, Model(name="m", at=WHEN, parts=[1])),
    (Table, {"row": 1, "cells": ["c"]}),
    (Pair, Pair(1, "r")),
    (Colour, Colour.RED),
    (Word, Word.GO),
    (datetime, WHEN),
    (date, WHEN.date()),
    (timedelta, timedelta(seconds=90)),
    (UUID, UUID(int=7)),
    (bytes, b"\x00\xff"),
    (set[int], {3, 1}),
    (tuple[int, str], (1, "a")),
    (list[Outer], [Outer(INNER)]),
    (dict[str, Model], {"k": Model(name="m", at=WHEN)}),
    (Outer | None, None),
    (float, 1.5),
    (Any, {"plain": [1, None, True, "ü"]}),
]
NAMES = [getattr(hint, "__name__", str(hint)) for hint, _ in VALUES]


@pytest.mark.parametrize(("hint", "value"), VALUES, ids=NAMES)
def test_a_value_comes_back_as_what_it_was(hint: Any, value: Any) -> None:
    plain = to_journal(value, hint, "s", LIMIT, None)
    assert canonical.parse(canonical.encode(plain)) == plain, "the journal holds nothing but JSON"
    first = to_flow(plain, hint, "s")
    again = to_flow(canonical.parse(canonical.encode(plain)), hint, "s")
    assert first == again == value
    assert type(first) is type(again) is type(value)


@pytest.mark.parametrize(
    ("value", "error", "sentence"),
    [
        (float("nan"), NotEncodable, "the number nan is not finite"),
        ({"deep": [float("inf")]}, NotEncodable, "the number inf is not finite"),
        (2**60, NotEncodable, r"the integer 1152921504606846976 is beyond 2\^53-1"),
        ("\ud800", NotEncodable, "not valid Unicode"),
        (["\ud800"], NotEncodable, "not valid Unicode"),
        ({1: "one"}, NotEncodable, "a key of an object is a int; JSON keys are text"),
        (object(), NotEncodable, "a object cannot be written as JSON"),
        (Outer(INNER), NotEncodable, "returned a Outer, but its signature does not say so; annotate it"),
        ("x" * (LIMIT + 1), TooLarge, "returned 10,003 bytes, and the log accepts 10,000"),
        (["ü" * 4_999], TooLarge, "returned 10,002 bytes"),
    ],
)
def test_what_cannot_be_journaled_names_the_step(value: Any, error: type[RemitError], sentence: str) -> None:
    with pytest.raises(error, match=sentence) as refused:
        to_journal(value, None, "step fetch#2", LIMIT, None)
    assert refused.value.message.startswith("step fetch#2 returned ")
    assert "\n" not in refused.value.message


def test_what_contains_itself_is_refused_and_not_followed_for_ever() -> None:
    loop: list[Any] = []
    loop.append(loop)
    with pytest.raises(NotEncodable, match="step fetch returned something that contains itself"):
        to_journal(loop, None, "step fetch", LIMIT, None)


def test_a_result_that_its_annotation_cannot_read_back_is_refused_at_once() -> None:
    plain = to_journal("five", int, "step count", LIMIT, None)
    with pytest.raises(
        NotEncodable, match="step count returned something that its annotation int cannot read"
    ):
        to_flow(plain, int, "step count")


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(JSON)
def test_every_plain_value_is_its_own_journal(value: Any) -> None:
    plain = to_journal(value, None, "s", 10_000_000, None)
    assert to_flow(canonical.parse(canonical.encode(plain)), None, "s") == value
