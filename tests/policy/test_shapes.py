"""Every shape that a parameter of a tool can have, as rules see it; and every value, as Cedar takes it."""

from __future__ import annotations

from typing import Any

import pytest

from remit.policy.arguments import Argument, Kind, Unfit, arguments_of, convert
from tests.policy.worlds import tool

NULL = {"type": "null"}
TEXT = {"type": "string"}
WHOLE = {"type": "integer"}


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        (WHOLE, Kind.LONG),
        (TEXT, Kind.TEXT),
        ({"type": "number"}, Kind.FRACTION),
        ({"type": "boolean"}, Kind.TRUTH),
        (NULL, None),
        ({"type": "object"}, None),
        ({"type": {"a": 1}}, None),
        ({"type": 3}, None),
        ({}, None),
        ({"type": "array", "items": TEXT}, Kind.TEXTS),
        ({"type": "array", "items": WHOLE}, Kind.LONGS),
        ({"type": "array", "items": {"type": "number"}}, None),
        ({"type": "array", "items": {"type": "boolean"}}, None),
        ({"type": "array"}, None),
        ({"type": "array", "items": {"anyOf": [TEXT, NULL]}}, None),
        ({"type": "array", "items": {"$ref": "#/$defs/name"}}, Kind.TEXTS),
        ({"$ref": "#/$defs/name"}, Kind.TEXT),
        ({"$ref": "#/$defs/again"}, Kind.TEXT),
        ({"$ref": "#/$defs/a~1b~0c"}, Kind.LONG),
        ({"$ref": "#/$defs/none"}, None),
        ({"$ref": "#/$defs/name/type"}, None),
        ({"$ref": "#/$defs/circle"}, None),
        ({"$ref": "https://example.org/#/$defs/name"}, None),
        ({"$ref": 3}, None),
        ({"anyOf": [TEXT, NULL]}, Kind.TEXT),
        ({"oneOf": [NULL, WHOLE]}, Kind.LONG),
        ({"anyOf": [TEXT, WHOLE]}, None),
        ({"anyOf": [{"$ref": "#/$defs/name"}, NULL]}, Kind.TEXT),
        ({"anyOf": [TEXT]}, Kind.TEXT),
        ({"anyOf": [3]}, None),
        ({"anyOf": [NULL]}, None),
        ({"anyOf": {}, "oneOf": [WHOLE]}, Kind.LONG),
        ({"anyOf": {"a": 1}}, None),
        ({"type": ["string", "null"]}, Kind.TEXT),
        ({"type": ["string", "integer"]}, None),
        ({"type": ["null"]}, None),
        ({"type": ["integer"]}, Kind.LONG),
        ({"enum": ["a", "b"]}, Kind.TEXT),
        ({"const": "a"}, Kind.TEXT),
        ({"enum": ["a", 1]}, None),
        ({"enum": [1]}, None),
        ({"const": 1}, None),
        ({"enum": "a"}, None),
        (3, None),
    ],
)
def test_a_parameter_has_the_type_that_rules_can_use_or_is_hidden(described: Any, kind: Kind | None) -> None:
    circle = {"anyOf": [{"$ref": "#/$defs/circle"}]}
    made = tool("t", "p", p=described)
    made.parameters["$defs"] = {
        "name": TEXT,
        "again": {"$ref": "#/$defs/name"},
        "a/b~c": WHOLE,
        "circle": {"$ref": "#/$defs/circle"},
        "c": circle,
    }
    found, hidden = arguments_of(made)
    assert (found["p"].kind if found else None) is kind
    assert hidden == (frozenset() if kind else frozenset({"p"}))


@pytest.mark.parametrize(
    ("described", "present", "default", "choices"),
    [
        (TEXT, True, None, ()),
        ({"anyOf": [TEXT, NULL]}, False, None, ()),
        ({"type": ["string", "null"]}, False, None, ()),
        ({"anyOf": [TEXT]}, True, None, ()),
        ({"type": ["string"]}, True, None, ()),
        ({"type": ["string", "null"], "default": "x"}, True, "x", ()),
        (TEXT | {"default": 3}, True, None, ()),
        ({"type": ["string", "null"], "default": 3}, False, None, ()),
        (WHOLE | {"default": 0}, True, 0, ()),
        ({"enum": ["a", "b"]}, True, None, ("a", "b")),
        (TEXT | {"enum": ["a"]}, True, None, ("a",)),
        (TEXT | {"enum": ["a", None]}, True, None, ()),
        (WHOLE | {"enum": ["a"]}, True, None, ()),
        ({"type": ["integer", "null"], "default": None}, False, None, ()),
        ({"const": "c"}, True, None, ("c",)),
    ],
)
def test_what_a_call_always_has_and_which_words_it_can_be(
    described: Any, present: bool, default: object, choices: tuple[str, ...]
) -> None:
    found, _ = arguments_of(tool("t", "p", p=described))
    kind = Kind.LONG if "integer" in str(described) else Kind.TEXT
    assert found == {"p": Argument("p", "p", kind, present, default, choices)}
    optional, _ = arguments_of(tool("t", p=described))
    assert optional["p"].present is (default is not None)


def test_a_name_that_means_something_else_already_is_given_another() -> None:
    made = tool("t", p=TEXT, environment=WHOLE, __floor=TEXT)
    made.parameters["properties"]["a\nb"] = TEXT
    found, hidden = arguments_of(made)
    assert {name: each.parameter for name, each in found.items()} == {
        "p": "p",
        "argument_environment": "environment",
    }
    assert hidden == {"__floor", "a\nb"}
    found, hidden = arguments_of(tool("t", environment=WHOLE, argument_environment=TEXT))
    assert [(each.parameter, each.kind) for each in found.values()] == [("argument_environment", Kind.TEXT)]
    assert hidden == {"argument_environment"}


@pytest.mark.parametrize(
    ("kind", "value", "carried"),
    [
        (Kind.LONG, 3, 3),
        (Kind.LONG, 3.0, 3),
        (Kind.LONG, -(2**63), -(2**63)),
        (Kind.LONG, 2**63 - 1, 2**63 - 1),
        (Kind.FRACTION, 1.25, 2),
        (Kind.FRACTION, -1.25, -1),
        (Kind.FRACTION, 7, 7),
        (Kind.TEXT, "", ""),
        (Kind.TRUTH, False, False),
        (Kind.TEXTS, ["b", "a", "b"], ("a", "b")),
        (Kind.LONGS, [3, 1.0, 1], (1, 3)),
        (Kind.TEXTS, [], ()),
        (Kind.LONGS, [], ()),
    ],
)
def test_a_value_is_carried_as_one_of_cedars(kind: Kind, value: object, carried: object) -> None:
    assert convert(kind, value) == carried
    assert type(convert(kind, value)) is type(carried)


def test_a_fraction_is_carried_on_either_side() -> None:
    assert (convert(Kind.FRACTION, 1.25, up=False), convert(Kind.FRACTION, -1.25, up=False)) == (1, -2)


@pytest.mark.parametrize(
    ("kind", "value", "why"),
    [
        (Kind.LONG, 3.5, "is no whole number"),
        (Kind.LONG, True, "is no whole number"),
        (Kind.LONG, "3", "is no whole number"),
        (Kind.LONG, 2**63, "is beyond the numbers that rules can compare"),
        (Kind.LONG, -(2**63) - 1, "is beyond the numbers that rules can compare"),
        (Kind.FRACTION, True, "is no number"),
        (Kind.FRACTION, float("nan"), "is no number"),
        (Kind.FRACTION, float("inf"), "is no number"),
        (Kind.FRACTION, "1", "is no number"),
        (Kind.FRACTION, 1e300, "is beyond the numbers that rules can compare"),
        (Kind.TEXT, 3, "is no String"),
        (Kind.TRUTH, 1, "is no Bool"),
        (Kind.TEXTS, "ab", "is no Set<String>"),
        (Kind.TEXTS, [1], "is no String"),
        (Kind.LONGS, 1, "is no Set<Long>"),
        (Kind.LONGS, ["a"], "is no whole number"),
    ],
)
def test_a_value_that_rules_cannot_look_at_is_told_apart(kind: Kind, value: object, why: str) -> None:
    with pytest.raises(Unfit) as unfit:
        convert(kind, value)
    assert str(unfit.value) == why
