"""Schemas of strangers: precise words on what does not fit, and no schema, pattern or value that takes for ever."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import BadArguments, InvalidTool
from remit.domain.tools import ToolManifest
from remit.tools.arguments import ArgumentCheck, check_arguments
from remit.tools.formats import fits
from remit.tools.patterns import PatternError, compiled

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "integer"},
        "kind": {"enum": ["a", "b"]},
        "boss": {"$ref": "#/$defs/person"},
        "code": {"type": "string", "pattern": "^[A-Z]{2}$", "maxLength": 5},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True, "maxItems": 2},
        "way": {
            "oneOf": [
                {"type": "integer"},
                {"type": "object", "properties": {"to": {"type": "string"}}, "required": ["to"]},
            ]
        },
        "at": {"type": "string", "format": "date-time"},
    },
    "required": ["id"],
    "additionalProperties": False,
    "$defs": {
        "person": {
            "type": "object",
            "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/$defs/person"}},
            "required": ["name"],
            "additionalProperties": False,
        }
    },
}


def check(schema: dict[str, Any], arguments: dict[str, Any]) -> str:
    """What a model is told; empty if there is nothing to say."""
    try:
        ArgumentCheck(schema, "crm_find").check(arguments)
    except BadArguments as refused:
        return str(refused)
    return ""


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"id": 1, "boss": {"name": "a", "boss": {"name": "b"}}, "tags": ["x"], "way": {"to": "y"}}, ""),
        ({"id": "1"}, 'crm_find takes "id" as a whole number, and was given "1".'),
        ({}, 'crm_find needs the argument "id".'),
        ({"id": 1, "kinds": 2}, 'crm_find takes no argument "kinds" (nearest: "kind").'),
        ({"id": 1, "kind": "c"}, 'takes "kind" as one of "a", "b", and was given "c".'),
        ({"id": 1, "boss": {"name": "a", "boss": {"nam": "b"}}}, 'needs the argument "boss.boss.name"'),
        ({"id": 1, "boss": {"name": "a", "x": 1}}, 'no argument "boss.x"'),
        ({"id": 1, "code": "abc"}, 'takes "code" as text, and was given "abc": it does not match'),
        ({"id": 1, "code": "ABABAB"}, "it "),
        ({"id": 1, "tags": ["a", 2]}, 'takes "tags[1]" as text, and was given 2'),
        ({"id": 1, "tags": ["a", "a"]}, "it holds something twice"),
        ({"id": 1, "tags": ["a", "b", "c"]}, "it has to be at most 2 items"),
        ({"id": 1, "way": {"to": 5}}, 'takes "way.to" as text, and was given 5'),
        ({"id": 1, "way": "north"}, 'takes "way" as a whole number or an object with to'),
        ({"id": 1, "at": "yesterday"}, "it is no date-time"),
    ],
)
def test_a_model_is_told_precisely(arguments: dict[str, Any], says: str) -> None:
    told = check(PERSON, arguments)
    assert says in told
    assert bool(says) == bool(told)


def test_a_check_is_made_once_for_a_definition() -> None:
    manifest = ToolManifest("crm_find", "", PERSON)
    check_arguments(manifest, {"id": 1})
    begun = time.thread_time()
    for _ in range(1000):
        check_arguments(manifest, {"id": 1, "tags": ["x"]})
    assert time.thread_time() - begun < 2


def test_older_drafts_are_read_as_what_they_are() -> None:
    schema: dict[str, Any] = {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "properties": {"pair": {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]}},
        "definitions": {"x": {}},
    }
    assert check(schema, {"pair": ["a", 1]}) == ""
    assert 'takes "pair[1]" as a whole number' in check(schema, {"pair": ["a", "b"]})


def test_keys_by_pattern_are_checked() -> None:
    schema = {
        "type": "object",
        "patternProperties": {"^x-": {"type": "integer"}},
        "additionalProperties": False,
    }
    assert check(schema, {"x-a": 1}) == ""
    assert 'no argument "y"' in check(schema, {"x-a": 1, "y": 2})
    assert 'takes "x-a" as a whole number' in check(schema, {"x-a": "1"})


def deep(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object"}
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


UNUSABLE: list[tuple[dict[str, Any], str]] = [
    ({"type": "object", "properties": {"a": {"type": "strin"}}}, "properties.a.type"),
    ({"$ref": "http://127.0.0.1:9/schema.json"}, "nothing is fetched"),
    ({"properties": {"a": {"$ref": "other.json#/x"}}}, "nothing is fetched"),
    ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "which is not in it"),
    ({"properties": {"a": {"pattern": "(a)\\1"}}}, "refers back to a group"),
    ({"properties": {"a": {"pattern": "(?<=a)b"}}}, "looks ahead or behind"),
    ({"properties": {"a": {"pattern": "(((a{100}){100}){100})"}}}, "too long"),
    ({"properties": {"a": {"pattern": "["}}}, "ends too early"),
    (deep(1_000), "nested too deep"),
    ({"properties": {str(n): {} for n in range(60_000)}}, "too large"),
    ({"patternProperties": {"a": {}}, "unevaluatedProperties": False}, "unevaluatedProperties"),
]


@pytest.mark.parametrize(("schema", "says"), UNUSABLE)
def test_a_schema_that_cannot_be_used_is_refused_when_it_is_read(schema: dict[str, Any], says: str) -> None:
    with pytest.raises(InvalidTool) as refused:
        ArgumentCheck(schema, "crm_find")
    assert says in str(refused.value)
    assert len(str(refused.value)) < 1_000


def doubling(levels: int) -> dict[str, Any]:
    """A schema whose check takes two to the power of `levels` steps."""
    known: dict[str, Any] = {"a0": {"type": "object"}}
    for n in range(1, levels):
        known[f"a{n}"] = {"allOf": [{"$ref": f"#/$defs/a{n - 1}"}] * 2}
    return {"$ref": f"#/$defs/a{levels - 1}", "$defs": known}


HOSTILE: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (doubling(60), {}),
    ({"$ref": "#"}, {}),
    ({"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}, {}),
    ({"properties": {"a": {"items": {"type": "string"}}}}, {"a": ["x"] * 1_000_000}),
]


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_a_check_that_would_take_too_long_is_given_up(case: int) -> None:
    schema, arguments = HOSTILE[case]
    begun = time.thread_time()
    assert "too large or nested too deep" in check(schema, arguments)
    assert time.thread_time() - begun < 5


def test_a_value_without_a_bottom_is_given_up() -> None:
    value: Any = {}
    for _ in range(100_000):
        value = [value]
    assert "nested too deep" in check(PERSON, {"id": 1, "boss": value})


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a" * 20_000 + "!"),
        ("(x+x+)+y", "x" * 20_000),
        (r"^(\w+\s?)*$", "word " * 4_000 + "!"),
        (r"^(([a-z])+.)+[A-Z]([a-z])+$", "a" * 20_000),
        (r"(.*)*x", "b" * 20_000),
        (r"(a|a)*$", "a" * 20_000 + "b"),
        (r"^(.?){200}$", "a" * 2_000),
    ],
)
def test_a_pattern_on_which_others_try_for_years_takes_a_moment(pattern: str, text: str) -> None:
    begun = time.thread_time()
    check({"properties": {"a": {"pattern": pattern}}}, {"a": text})
    assert time.thread_time() - begun < 5


ATOMS = st.sampled_from(
    [
        "a",
        "b",
        ".",
        "[ab]",
        "[^a]",
        "[a-c]",
        r"\d",
        r"\w",
        r"\s",
        r"\D",
        r"[\Da]",
        r"\b",
        "^",
        "$",
        r"\.",
        r"\x61",
        r"\u0062",
    ]
)
SIGNS = st.sampled_from(["*", "+", "?", "{2}", "{1,}", "{0,2}", "*?"])


def _repeated(one: str, sign: str) -> str:
    return f"(?:{one}){sign}"


def _either(one: str, two: str) -> str:
    return f"({one}|{two})"


def _both(one: str, two: str) -> str:
    return one + two


PATTERNS: st.SearchStrategy[str] = st.recursive(
    ATOMS,
    lambda inner: st.builds(_both, inner, inner)
    | st.builds(_either, inner, inner)
    | st.builds(_repeated, inner, SIGNS),
    max_leaves=6,
)  # fmt: skip


@given(pattern=PATTERNS, text=st.text("abc1 .", max_size=7))
def test_patterns_mean_what_they_mean_elsewhere(pattern: str, text: str) -> None:
    theirs = re.compile(pattern.replace("$", r"\Z"), re.ASCII)
    assert compiled(pattern).found_in(text) == bool(theirs.search(text))


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        (r"^\p{Lu}\p{L}*$", "Ärger", "ärger"),
        (r"^[\p{L}\p{Nd}_]+$", "a٣_", "a-b"),
        (r"^\P{L}+$", "123", "a"),
        (r"^\u{1F600}$", "\U0001f600", "x"),
        (r"^a{,2}$", "a{,2}", "aa"),
        (r"^(?<year>\d{4})$", "2026", "26"),
        (r"\B", "", "a"),
    ],
)
def test_patterns_are_those_of_json_schema(pattern: str, yes: str, no: str) -> None:
    assert (compiled(pattern).found_in(yes), compiled(pattern).found_in(no)) == (True, False)


@given(pattern=st.text(max_size=20))
def test_any_text_is_a_pattern_or_is_refused_as_one(pattern: str) -> None:
    try:
        compiled(pattern).found_in("abc")
    except PatternError:
        return


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("date-time", ["2026-01-02T03:04:05Z", "2026-01-02t03:04:60.123456789+02:00"], ["2026-01-02"]),
        ("date-time", [], ["2026-13-02T00:00:00Z", "\uff12026-01-02T03:04:05Z"]),
        ("date", ["2024-02-29"], ["2023-02-29", "20240229"]),
        ("time", ["03:04:05Z"], ["25:00:00Z", "03:04:05"]),
        ("email", ["a@b.de"], ["a", "@b", "a b@c", f"{'a' * 65}@b"]),
        ("hostname", ["a-b.example."], ["-a", "a..b", "a" * 64, f"{'a.' * 200}"]),
        ("ipv4", ["1.2.3.4"], ["1.2.3", "01.2.3.4"]),
        ("ipv6", ["::1"], ["::g", "fe80::1%eth0"]),
        ("uri", ["https://a/b?c"], ["/a", "a b:c", "http://[x"]),
        ("uuid", ["6f1d2d6e-5f57-4a7a-9f9e-0d6f2f1c1a11"], ["6f1d2d6e5f574a7a9f9e0d6f2f1c1a11", "x"]),
        ("regex", ["^a$"], ["(", "(?=a)"]),
        ("byte", ["aGk="], ["!", "aGk"]),
        ("nobody-knows", ["anything"], []),
    ],
)  # fmt: skip
def test_formats(name: str, yes: list[str], no: list[str]) -> None:
    assert [fits(name, text) for text in yes + no] == [True] * len(yes) + [False] * len(no)
    assert fits(name, 5)


def test_formats_of_numbers() -> None:
    assert [fits("int32", n) for n in (2**31 - 1, 2**31, -(2**31) - 1)] == [True, False, False]
    assert fits("int64", 2**63) is False
