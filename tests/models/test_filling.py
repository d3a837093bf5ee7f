"""What the simulated model fills in fits the schema, whatever that is, and comes from the conversation where it can."""

from __future__ import annotations

import json
import re
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from remit.models.simulation.filling import fill
from remit.models.simulation.hints import Hints
from remit.models.simulation.obeying import instructions
from remit.models.simulation.patterns import matching
from tests.samples import samples

Json = Any
WORDS = "Ticket 4812 of ana@example.org, order ORD-77, since 2026-03-01, see https://shop.example/x: “Broken lamp”."
NAMES = st.sampled_from(
    ["id", "ticket_id", "email", "query", "confidence", "tags", "due", "total", "url", "name", "x"]
)
HINTS = st.builds(
    Hints,
    st.sampled_from(["", WORDS, "7"]) | st.text(max_size=40),
    st.lists(
        st.dictionaries(NAMES, st.integers() | st.text(max_size=9) | st.booleans() | st.none()), max_size=2
    ),
)


def numbers() -> st.SearchStrategy[Json]:
    span = st.tuples(st.integers(-50, 50), st.integers(2, 60))
    plain = st.sampled_from([{"type": "integer"}, {"type": "number"}])
    bounded = span.map(lambda s: {"type": "integer", "minimum": s[0], "maximum": s[0] + s[1]})
    open_ = span.map(lambda s: {"type": "number", "exclusiveMinimum": s[0], "exclusiveMaximum": s[0] + s[1]})
    stepped = st.tuples(st.integers(-50, 50), st.sampled_from([2, 5, 7])).map(
        lambda s: {"type": "integer", "minimum": s[0], "maximum": s[0] + 8, "multipleOf": s[1]}
    )
    return plain | bounded | open_ | stepped


def texts() -> st.SearchStrategy[Json]:
    lengths = st.tuples(st.integers(0, 30), st.integers(0, 30)).map(
        lambda s: {"type": "string", "minLength": s[0], "maxLength": s[0] + s[1]}
    )
    patterns = st.sampled_from(
        ["^[A-Z]{3}-\\d{4}$", "^\\w+@\\w+$", "^(a|b)c*[^0-9]$", "^[0-9a-f]{8}$", "^.{5,}$", "x"]
    )
    formats = st.sampled_from(["date", "date-time", "email", "uri", "uuid", "ipv4", "time", "unknown"])
    return (
        st.just({"type": "string"})
        | lengths
        | patterns.map(lambda p: {"type": "string", "pattern": p})
        | formats.map(lambda f: {"type": "string", "format": f})
    )


def leaves() -> st.SearchStrategy[Json]:
    choices = st.lists(
        st.integers(0, 9) | st.sampled_from(["open", "solved"]) | st.none(), min_size=1, unique=True
    )
    return (
        numbers()
        | texts()
        | choices.map(lambda c: {"enum": c})
        | st.sampled_from(
            [{"type": "boolean"}, {"type": "null"}, {"const": {"a": [1]}}, {}, {"type": ["string", "null"]}]
        )
    )


def objects(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    @st.composite
    def made(draw: st.DrawFn) -> Json:
        properties = draw(st.dictionaries(NAMES, inner, max_size=4))
        required = draw(st.lists(st.sampled_from(sorted(properties)), unique=True)) if properties else []
        return {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }

    return made()


def arrays(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    @st.composite
    def made(draw: st.DrawFn) -> Json:
        least = draw(st.integers(0, 3))
        return {"type": "array", "items": draw(inner), "minItems": least, "maxItems": least + 2}

    return made()


SCHEMAS = st.recursive(
    leaves(),
    lambda inner: (
        objects(inner)
        | arrays(inner)
        | st.lists(inner, min_size=1, max_size=3).map(lambda options: {"anyOf": options})
        | inner.map(lambda one: {"anyOf": [one, {"type": "null"}]})
        | objects(inner).map(
            lambda one: {"allOf": [{k: v for k, v in one.items() if k != "additionalProperties"}]}
        )
    ),
    max_leaves=12,
)


@settings(max_examples=samples(120))
@given(SCHEMAS, HINTS, st.booleans())
def test_whatever_is_filled_in_fits(schema: Json, hints: Hints, sparing: bool) -> None:
    value = fill(schema, hints, sparing=sparing)
    jsonschema.validate(value, schema, cls=jsonschema.Draft202012Validator)


@settings(max_examples=60)
@given(HINTS)
def test_schemas_that_contain_themselves_end(hints: Hints) -> None:
    tree = {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
                    "parent": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                },
                "required": ["name", "children", "parent"],
            }
        },
    }
    jsonschema.validate(fill(tree, hints), tree)


@pytest.mark.parametrize(
    ("name", "schema", "value"),
    [
        ("ticket_id", {"type": "integer"}, 4812),
        ("order_id", {"type": "string"}, "ORD-77"),
        ("email", {"type": "string"}, "ana@example.org"),
        ("to", {"type": "string", "format": "email"}, "ana@example.org"),
        ("since", {"type": "string", "format": "date"}, "2026-03-01"),
        ("url", {"type": "string"}, "https://shop.example/x"),
        ("title", {"type": "string"}, "Broken lamp"),
        ("confidence", {"type": "number"}, 0.9),
        ("priority", {"enum": ["low", "broken"]}, "broken"),
        ("limit", {"type": "integer", "default": 5, "maximum": 100}, 5),
        ("colour", {"type": "string", "examples": ["red"]}, "red"),
    ],
)
def test_it_takes_what_the_conversation_offers(name: str, schema: Json, value: Json) -> None:
    whole = {"type": "object", "properties": {name: schema}, "required": [name]}
    assert fill(whole, Hints(WORDS, [])) == {name: value}


def test_a_field_of_a_tools_result_comes_before_words() -> None:
    whole = {"type": "object", "properties": {"ticket_id": {"type": "integer"}}, "required": ["ticket_id"]}
    assert fill(whole, Hints(WORDS, [{"ticket": {"ticketId": 9}}])) == {"ticket_id": 9}
    assert fill(whole, Hints("", [{"id": 12}])) == {"ticket_id": 12}
    assert fill(whole, Hints(WORDS, [{"ticket_id": "not a number"}])) == {"ticket_id": 4812}


def test_arguments_leave_out_what_nobody_asked_for() -> None:
    schema = {
        "type": "object",
        "properties": {
            "q": {"type": "string"},
            "limit": {"type": "integer", "default": 5},
            "page": {"type": "integer"},
        },
        "required": ["q"],
    }
    assert set(fill(schema, Hints("x", []), sparing=True)) == {"q"}
    assert fill(schema, Hints("x", [{"page": 3}]), sparing=True)["page"] == 3


@settings(max_examples=samples(80))
@given(
    st.lists(
        st.sampled_from(
            ["a", "[0-9]", "\\d{2,4}", "(ab|cd)+", "[^x]", ".", "\\w*", "(?:z)?", "[a-c-]{3}", "\\s", "\\S"]
        ),
        min_size=1, max_size=6,
    )
)  # fmt: skip
def test_a_made_up_text_matches_its_pattern(pieces: list[str]) -> None:
    pattern = f"^{''.join(pieces)}$"
    found = matching(pattern)
    assert found is not None
    assert re.search(pattern, found)


@pytest.mark.parametrize("pattern", ["(", "\\p{L}+", "^(?=.*\\d)(?=.*[a-z]).{8}$", "(?!x)x"])
def test_what_cannot_be_made_up_is_given_up(pattern: str) -> None:
    assert matching(pattern) is None or re.search(pattern, matching(pattern) or "")
    assert isinstance(
        fill({"type": "object", "properties": {"a": {"type": "string", "pattern": pattern}}}, Hints("", []))[
            "a"
        ],
        str,
    )


@pytest.mark.parametrize(
    "words",
    [
        "a" * 1_000_000,
        "a-" * 500_000,
        "9" * 1_000_000,
        "x@" * 300_000,
        "A1-" * 300_000,
        "send " * 200_000,
        '"' * 500_000,
    ],
    ids=["letters", "dashes", "digits", "ats", "codes", "verbs", "quotes"],
)
def test_a_text_of_a_megabyte_is_read_once(words: str) -> None:
    names = ["ticket_id", "email", "order_code", "name", "total", "url"]
    kinds = ["integer", "string", "string", "string", "number", "string"]
    schema = {"type": "object", "properties": {n: {"type": k} for n, k in zip(names, kinds, strict=True)}}
    began = time.process_time()
    value = fill(schema, Hints(words, [{"text": words}]))
    assert sum(1 for _ in instructions({"text": words})) >= 0
    assert time.process_time() - began < 5
    json.loads(json.dumps(value, allow_nan=False))
