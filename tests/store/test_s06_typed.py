"""S6: the canonical form of a typed value depends on what it is and never on how it came to be: built in code, read
back from JSON, or a mixture of both.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from enum import Enum
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.errors import InvalidInput, NotEncodable
from remit.engine.values import restore
from remit.wire.canonical import accept, digest, parse, plain

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
integers = st.integers(-1000, 1000)


@dataclass
class Line:
    sku: str
    count: int = 1
    note: str | None = None
    tags: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Slotted:
    sku: str
    count: int = 1


@dataclass(kw_only=True, frozen=True)
class Keyword:
    id: str = "none"
    at: date = date(2026, 1, 2)
    by_line: dict[int, Line] = field(default_factory=dict[int, Line])


class Envelope(msgspec.Struct, rename="camel", tag=True, omit_defaults=True):
    first_line: Line
    sealed: bool = False


class Listed(msgspec.Struct, array_like=True, tag="l"):
    line: Line
    more: int = 2


class Pair(NamedTuple):
    line: Line
    number: int = 3


class Model(pydantic.BaseModel):
    line: Line
    number: int = 3


@dataclass
class Order:
    KIND: ClassVar[str] = "order"
    id: str
    lines: list[Line] = field(default_factory=list[Line])
    slotted: Slotted | None = None
    keyword: Keyword = field(default_factory=Keyword)
    envelope: Envelope | None = None
    listed: Listed | None = None
    pair: Pair | None = None
    model: Model | None = None
    counted: int = field(init=False, default=7)


lines = st.builds(Line, text, integers, st.none() | text, st.lists(text, max_size=2)) | st.builds(Line, text)
orders = st.builds(
    Order,
    text,
    lines=st.lists(lines, max_size=2),
    slotted=st.none() | st.builds(Slotted, text),
    keyword=st.builds(Keyword, id=text, by_line=st.dictionaries(integers, lines, max_size=2)),
    envelope=st.none() | st.builds(Envelope, lines) | st.builds(Envelope, lines, st.booleans()),
    listed=st.none() | st.builds(Listed, lines),
    pair=st.none() | st.builds(Pair, lines, integers),
    model=st.none() | st.builds(Model, line=lines, number=integers),
)
MISSING_DEFAULTS: list[tuple[Any, Any]] = [
    (Line("z"), {"sku": "z"}),
    (Slotted("z"), {"sku": "z"}),
    (Keyword(), {}),
    (Order("z", [Line("a")]), {"id": "z", "lines": [{"sku": "a"}]}),
    (Order("z", envelope=Envelope(Line("a"))), {"id": "z", "envelope": {"type": "Envelope", "firstLine": {"sku": "a"}}}),  # noqa: E501 - one case, one line
    (Order("z", listed=Listed(Line("a"))), {"id": "z", "listed": ["l", {"sku": "a"}]}),
    (Order("z", pair=Pair(Line("a"))), {"id": "z", "pair": [{"sku": "a"}]}),
    (Order("z", model=Model(line=Line("a"))), {"id": "z", "model": {"line": {"sku": "a"}}}),
]  # fmt: skip


@pytest.mark.parametrize(("built", "sent"), MISSING_DEFAULTS)
def test_s06_a_value_without_its_defaults_is_the_value_with_them(built: Any, sent: Any) -> None:
    read = restore(sent, type(built))
    assert read == built
    assert plain(read) == plain(built)
    assert plain([{"deep": read}]) == plain([{"deep": built}])


@given(orders)
def test_s06_what_is_read_back_has_the_same_digest(order: Order) -> None:
    once = restore(plain(order), Order)
    assert once == order
    assert digest(plain(once)) == digest(plain(order))
    again = restore(plain(once), Order)
    assert digest(plain([again, {"held": again.lines}])) == digest(plain([order, {"held": order.lines}]))


@given(st.lists(orders, min_size=2, max_size=2))
def test_s06_different_orders_have_different_digests(pair: list[Order]) -> None:
    one, other = pair
    assert (digest(plain(one)) == digest(plain(other))) == (one == other)


def test_s06_nothing_but_fields_counts() -> None:
    @dataclass
    class Lazy:
        a: int = 1

        @cached_property
        def twice(self) -> int:
            return 2 * self.a

    fresh, used = Lazy(), Lazy()
    assert used.twice == 2
    used.other = 5  # type: ignore[attr-defined]
    assert plain(used) == plain(fresh) == {"a": 1}


class Colour(Enum):
    RED = ("red", 1)


@dataclass(frozen=True)
class Point:
    x: int
    y: int = 0


@dataclass
class Bag:
    held: Any


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Bag(defaultdict(int, {"a": 1})), {"held": {"a": 1}}),
        (Bag({1: "a", 2.5: "b"}), {"held": {"1": "a", "2.5": "b"}}),
        (Bag({Point(2), Point(1), Point(10)}), {"held": [{"x": 1, "y": 0}, {"x": 10, "y": 0}, {"x": 2, "y": 0}]}),
        (Bag({10, 9, 2.5}), {"held": [2.5, 9, 10]}),
        (Bag(frozenset({"b", "a"})), {"held": ["a", "b"]}),
        (Bag(Colour.RED), {"held": ["red", 1]}),
        (Bag(datetime(2026, 1, 2, tzinfo=UTC)), {"held": "2026-01-02T00:00:00Z"}),
        (Bag(b"\x00"), {"held": "AA=="}),
    ],
)  # fmt: skip
def test_s06_what_a_typed_value_may_hold(value: object, expected: object) -> None:
    assert plain(value) == expected


class Grumpy(pydantic.BaseModel):
    def model_dump(self, **_: Any) -> Any:
        raise KeyError("not today")


def _circle() -> Bag:
    bag = Bag(None)
    bag.held = [bag]
    return bag


@pytest.mark.parametrize("value", [Grumpy(), _circle(), Bag({1: 0, "1": 1}), Bag(object()), Bag(10**5000)])
def test_s06_what_no_json_can_hold_is_refused_whatever_its_own_code_does(value: object) -> None:
    with pytest.raises(NotEncodable):
        plain(value)
    with pytest.raises(InvalidInput, match="the answer"):
        accept(value, "the answer")


@pytest.mark.parametrize("sent", [r'"\ud800"', rb'{"a": ["\udfff"]}', r'{"\ud800": 1}', '"\udcff"'])
def test_s06_half_a_character_is_refused_where_it_comes_in(sent: str | bytes) -> None:
    with pytest.raises(InvalidInput, match="not valid Unicode"):
        parse(sent)


def test_s06_both_halves_of_a_character_are_one() -> None:
    assert parse(r'"\ud83c\udfa9"') == "\U0001f3a9"
