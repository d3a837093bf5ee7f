"""The two faces of a signature: what a model is shown, and what becomes of what it sends."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, NotRequired, TypedDict, cast
from uuid import UUID

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from remit.domain.action_errors import BadArguments, InvalidTool
from remit.tools.schema import Signature, read_signature
from remit.wire import canonical


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Size(IntEnum):
    S = 1
    L = 3


@dataclass
class Point:
    x: int
    y: float = 0.5


@dataclass
class Tree:
    name: str
    children: list[Tree] = field(default_factory=list["Tree"])


class Options(TypedDict):
    deep: bool
    limit: NotRequired[int]


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(min_length=1)
    born: date | None = None
    friends: list[Person] = []


class Card(msgspec.Struct, tag="card"):
    number: str
    at: Point


class Transfer(msgspec.Struct, tag="transfer"):
    iban: str
    owner: Person


def everything(
    number: int,
    share: float,
    yes: bool,
    name: Annotated[str, "as in the passport"],
    colour: Colour,
    size: Size,
    kind: Literal["a", "b", 3],
    when: datetime,
    day: date | None,
    money: Decimal,
    key: UUID,
    data: bytes,
    point: Point,
    tree: Tree,
    options: Options,
    person: Person,
    pay: Card | Transfer,
    tags: set[str],
    pair: tuple[int, str],
    many: dict[str, list[Point]],
    least: Annotated[int, msgspec.Meta(ge=1, le=9, description="how many")] = 1,
    most: Annotated[int, pydantic.Field(gt=0)] = 5,
    anything: Any = None,
) -> list[Point]: ...


def validator(schema: dict[str, Any]) -> Any:
    return Draft202012Validator(schema)


def signature(fn: Any = everything) -> Signature:
    return read_signature(fn, fn.__name__)


NOTHING = object()
GOOD: dict[str, Any] = {
    "number": 1, "share": 0.5, "yes": True, "name": "Ada", "colour": "red", "size": 3, "kind": 3,
    "when": "2026-01-02T03:04:05Z", "day": None, "money": "1.10", "key": "6f1d2d6e-5f57-4a7a-9f9e-0d6f2f1c1a11",
    "data": "aGk=", "point": {"x": 1}, "tree": {"name": "a", "children": [{"name": "b"}]},
    "options": {"deep": True}, "person": {"name": "Bo", "born": "2000-01-01", "friends": [{"name": "Cy"}]},
    "pay": {"type": "transfer", "iban": "DE", "owner": {"name": "Di"}}, "tags": ["x"], "pair": [1, "b"],
    "many": {"k": [{"x": 1}]}, "least": 2, "most": 6,
}  # fmt: skip

BAD: dict[str, Any] = {
    "number": ["7", True, 1.5, None, [1]],
    "share": ["0.5", True],
    "yes": ["true", 1],
    "name": [1, None],
    "colour": ["green", None],
    "size": [2, "S"],
    "kind": ["c", 4],
    "when": ["tomorrow", 5],
    "day": ["2000-13-01", 1],
    "key": ["x"],
    "data": ["!"],
    "point": [{}, {"x": "1"}, {"x": 1, "z": 2}, [1, 2], "x"],
    "tree": [{"name": "a", "children": [{"nam": "b"}]}, {"name": "a", "children": [{"name": "b", "c": 1}]}],
    "options": [{}, {"deep": "yes"}, {"deep": True, "limits": 1}],
    "person": [
        {"name": ""},
        {"name": "a", "born": "soon"},
        {"name": "a", "friends": [{"nme": "b"}]},
        {"name": "a", "x": 1},
    ],
    "pay": [{"type": "cash"}, {"iban": "DE"}, {"type": "card", "number": "1", "at": {"x": 1, "q": 1}}],
    "tags": [{"x": 1}, [1]],
    "pair": [[1], ["b", 1], [1, "b", 2]],
    "many": [{"k": [{"x": 1, "y": "2"}]}, {"k": {"x": 1}}],
    "least": [0, 10, "2"],
    "most": [0, "7", 1.5],
}


def test_the_schema_is_one_that_a_validator_accepts_and_that_accepts_what_binds() -> None:
    schema = signature().parameters
    Draft202012Validator.check_schema(schema)
    validator(schema).validate(GOOD)
    json.dumps(schema)


def test_everything_arrives_as_its_type() -> None:
    bound = signature().bind(GOOD)
    assert (bound["colour"], bound["size"], bound["when"].year) == (Colour.RED, Size.L, 2026)
    assert bound["tree"] == Tree("a", [Tree("b")])
    assert bound["person"].friends[0] == Person(name="Cy")
    assert bound["pay"].owner == Person(name="Di")
    assert (bound["data"], bound["tags"], bound["pair"]) == (b"hi", {"x"}, (1, "b"))
    assert (bound["money"], bound["key"].version) == (Decimal("1.10"), 4)
    assert bound["many"] == {"k": [Point(1)]}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in BAD.items() for value in values]
)
def test_what_does_not_fit_is_refused_by_its_name(name: str, value: Any) -> None:
    with pytest.raises(BadArguments) as refused:
        signature().bind({**GOOD, name: value})
    assert f'"{name}' in refused.value.message
    assert "pydantic" not in str(refused.value)


def test_the_sentence_says_what_it_takes_and_what_was_given() -> None:
    with pytest.raises(BadArguments) as refused:
        signature().bind({**GOOD, "number": "7"})
    assert refused.value.message.startswith('everything takes "number" as a whole number, and was given "7"')
    assert "colour: one of" in refused.value.hint
    assert "least: a whole number (optional)" in refused.value.hint


def test_unknown_and_missing_arguments_are_named_with_the_nearest() -> None:
    def find(ticket_id: int, note: str = "") -> None: ...

    made = signature(find)
    with pytest.raises(BadArguments, match=r'no argument "ticketid" \(nearest: "ticket_id"\)'):
        made.bind({"ticketid": 1})
    with pytest.raises(BadArguments, match='needs the argument "ticket_id"'):
        made.bind({"note": "x"})


def test_an_unknown_key_at_any_depth_is_named_with_its_place() -> None:
    with pytest.raises(BadArguments, match=r'"many.k\[0\].z"'):
        signature().bind({**GOOD, "many": {"k": [{"x": 1, "z": 2}]}})
    deep = {"name": "a", "children": [{"name": "b", "children": [{"name": "c", "naem": "d"}]}]}
    with pytest.raises(BadArguments, match=r'"tree.children\[0\].children\[0\].naem" \(nearest: "name"\)'):
        signature().bind({**GOOD, "tree": deep})


def test_a_long_value_is_not_repeated_to_the_model() -> None:
    with pytest.raises(BadArguments) as refused:
        signature().bind({**GOOD, "number": "x" * 1_000_000})
    assert len(str(refused.value)) < 2000


@pytest.mark.parametrize("depth", [50, 5_000])
def test_a_value_without_a_bottom_is_refused(depth: int) -> None:
    value: Any = 1
    for _ in range(depth):
        value = {"name": "a", "children": [value]}
    with pytest.raises(BadArguments):
        signature().bind({**GOOD, "tree": value})


def test_two_types_of_one_name_keep_their_own_definitions() -> None:
    def one() -> type[Any]:
        @dataclass
        class Address:
            street: str

        return Address

    def two() -> type[Any]:
        class Address(pydantic.BaseModel):
            city: int

        class Home(pydantic.BaseModel):
            address: Address
            other: list[Address] = []

        return Home

    def f(a: Any, b: Any) -> None: ...

    f.__annotations__ = {"a": one(), "b": two()}
    schema = signature(f).parameters
    check = validator(schema)
    assert check.is_valid({"a": {"street": "x"}, "b": {"address": {"city": 1}, "other": [{"city": 2}]}})
    assert not check.is_valid({"a": {"city": 1}, "b": {"address": {"city": 1}}})
    assert not check.is_valid({"a": {"street": "x"}, "b": {"address": {"street": "x"}}})


def test_moments_are_marked_wherever_they_stand() -> None:
    def f(
        at: datetime, maybe: datetime | None, many: list[datetime], said: Annotated[datetime, "when"]
    ) -> None: ...

    properties = signature(f).parameters["properties"]
    assert json.dumps(properties).count("date-time") == 4
    assert properties["said"]["description"] == "when"


def test_defaults_are_shown_and_left_to_the_function() -> None:
    def f(a: int = 1, b: Point | None = None, c: Colour = Colour.RED, d: Any = NOTHING) -> None: ...

    made = signature(f)
    shown = {name: each.get("default", "-") for name, each in made.parameters["properties"].items()}
    assert shown == {"a": 1, "b": None, "c": "red", "d": "-"}
    assert "required" not in made.parameters
    assert made.bind({}) == {}


@pytest.mark.parametrize("bad", [timedelta, object(), complex, "nobody_knows_this"])
def test_a_type_without_a_form_in_json_is_refused_where_it_is_declared(bad: Any) -> None:
    def f(a: Any) -> None: ...

    class Opaque:
        pass

    f.__annotations__ = {"a": Opaque if bad is timedelta else bad}
    with pytest.raises(InvalidTool, match='f takes "a"'):
        _ = signature(f).parameters


def test_limits_in_the_words_of_another_library_are_not_overlooked() -> None:
    def f(many: list[pydantic.PositiveInt]) -> None: ...

    with pytest.raises(BadArguments, match="greater than 0"):
        signature(f).bind({"many": [1, -1]})


GOOGLE = """Finds tickets.

Newest first.

Args:
    query (str): what to look for,
        in plain words
    limit: at most so many: not more

Returns:
    tickets
"""
SPHINX = """Finds tickets.

Newest first.

:param query: what to look for,
    in plain words
:param int limit: at most so many: not more
:returns: tickets
"""
NUMPY = """Finds tickets.

Newest first.

Parameters
----------
query : str
    what to look for,
    in plain words
limit : int
    at most so many: not more

Returns
-------
list
    tickets
"""


@pytest.mark.parametrize("doc", [GOOGLE, SPHINX, NUMPY])
def test_descriptions_come_from_the_docstring(doc: str) -> None:
    def f(query: str, limit: int) -> None: ...

    f.__doc__ = doc
    made = signature(f)
    assert made.description == "Finds tickets.\n\nNewest first."
    described = {name: each["description"] for name, each in made.parameters["properties"].items()}
    assert described == {"query": "what to look for, in plain words", "limit": "at most so many: not more"}


# --- property: the schema and the conversion never disagree ----------------------------------------------------

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-1e15, 1e15) | st.text(max_size=8) | st.sampled_from(["red", "a", "card"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["x", "y", "name", "children", "deep", "limit", "type", "q"]), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def _list_of(one: Any) -> Any:
    return list[one]


def _dict_of(one: Any) -> Any:
    return dict[str, one]


def _maybe(one: Any) -> Any:
    return one | None


HINTS = st.recursive(
    st.sampled_from([int, float, bool, str, Colour, Literal["a", "b"], Point, Tree, Options, type(None)]),
    lambda inner: (
        st.builds(_list_of, inner)
        | st.builds(_dict_of, inner)
        | st.builds(_maybe, inner.filter(lambda each: each is not type(None)))
    ),
    max_leaves=3,
)


@given(hint=HINTS, value=JSON)
def test_what_the_schema_allows_binds_and_what_binds_the_schema_allows(hint: Any, value: Any) -> None:
    def f(a: Any) -> None: ...

    f.__annotations__ = {"a": hint}
    made = signature(f)
    allowed = validator(made.parameters).is_valid({"a": value})
    try:
        bound = made.bind({"a": value})
    except BadArguments:
        assert not allowed
    else:
        assert allowed
        again = made.bind({"a": canonical.plain(bound["a"])})
        assert again == bound


@given(value=JSON)
def test_arguments_of_any_shape_are_bound_or_refused_and_nothing_else(value: Any) -> None:
    arguments = {"number": value}
    if isinstance(value, dict):
        arguments = cast("dict[str, Any]", value)
    with pytest.raises(BadArguments):
        signature().bind(arguments)
