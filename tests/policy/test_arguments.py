"""Arguments of tools in rules: fractions are compared exactly, and every type of JSON Schema has its place or none."""

from __future__ import annotations

import math
import operator
import tempfile
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from remit.domain.decisions import Outcome
from remit.policy.arguments import Kind, Unfit, arguments_of, convert
from tests.policy.worlds import ALLOW_ALL, authority, call, tool

Json = Any
MOVE = tool("move", "amount", amount={"type": "number"})
COMPARISONS = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt, "<=": operator.le, "==": operator.eq, "!=": operator.ne,
}  # fmt: skip
near = st.integers(-3, 3).flatmap(
    lambda n: st.sampled_from([float(n), n, n + 0.5, n - 0.5, math.nextafter(n, 9), math.nextafter(n, -9)])
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(sorted(COMPARISONS)), st.integers(-3, 3), st.booleans(), st.lists(near, min_size=1))
@example(">", 200, False, [200, 200.0, 200.00000000000003, 199.99999999999997])
@example("==", 2**53, False, [2.0**53, 2.0**53 + 2, 2**53 + 1])
def test_a_fraction_is_compared_as_what_it_is(
    sign: str, limit: int, turned: bool, amounts: list[float]
) -> None:
    """`context.amount > 200` holds for 200.5 and not for 200.0, though Cedar knows whole numbers only."""
    condition = f"{limit} {sign} context.amount" if turned else f"context.amount {sign} {limit}"
    text = f'{ALLOW_ALL}forbid (principal, action == Action::"call", resource == Tool::"move") when {{ {condition} }};'
    with tempfile.TemporaryDirectory() as folder:
        decided = authority(Path(folder), text, MOVE)
        for amount in amounts:
            sides = (Fraction(limit), Fraction(amount)) if turned else (Fraction(amount), Fraction(limit))
            expected = Outcome.DENY if COMPARISONS[sign](*sides) else Outcome.ALLOW
            assert decided.decide(call(MOVE, amount=amount)).outcome is expected, (condition, amount)


def test_a_rule_for_several_tools_compares_whole_numbers_and_fractions_alike(tmp_path: Path) -> None:
    whole = tool("count", amount={"type": "integer"})
    text = (
        ALLOW_ALL + "forbid (principal, action, resource) when { context has amount && context.amount < 5 };"
    )
    decided = authority(tmp_path, text, MOVE, whole)
    assert decided.decide(call(MOVE, amount=4.9)).outcome is Outcome.DENY
    assert decided.decide(call(MOVE, amount=5.0)).outcome is Outcome.ALLOW
    assert decided.decide(call(whole, amount=4)).outcome is Outcome.DENY
    assert decided.decide(call(whole, amount=5)).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ({"type": "integer"}, Kind.LONG),
        ({"type": "number"}, Kind.FRACTION),
        ({"type": "string", "format": "date-time"}, Kind.TEXT),
        ({"type": "boolean"}, Kind.TRUTH),
        ({"enum": ["a", "b"]}, Kind.TEXT),
        ({"const": "a"}, Kind.TEXT),
        ({"$ref": "#/$defs/Status"}, Kind.TEXT),
        ({"type": ["integer", "null"]}, Kind.LONG),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, Kind.TEXT),
        ({"type": "array", "items": {"type": "string"}}, Kind.TEXTS),
        ({"type": "array", "items": {"type": "integer"}}, Kind.LONGS),
        ({"type": "array", "items": {"type": "number"}}, None),
        ({"type": "array", "items": {"type": ["string", "null"]}}, None),
        ({"type": "array"}, None),
        ({"type": "object"}, None),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, None),
        ({"type": ["string", "integer"]}, None),
        ({"enum": ["a", 1]}, None),
        ({"$ref": "#/$defs/Loop"}, None),
        ({"$ref": "https://elsewhere.example/x"}, None),
        ({}, None),
        (True, None),
    ],
)
def test_each_type_has_its_place_or_none(described: Json, kind: Kind | None) -> None:
    made = tool("x", "it", it=described)
    made.parameters["$defs"] = {"Status": {"enum": ["open"]}, "Loop": {"$ref": "#/$defs/Loop"}}
    found, hidden = arguments_of(made)
    assert {name: each.kind for name, each in found.items()} == ({"it": kind} if kind else {})
    assert hidden == (frozenset() if kind else {"it"})


def test_only_what_every_call_has_needs_no_guard() -> None:
    made = tool(
        "x", "a b", a={"type": "integer"}, b={"type": ["integer", "null"]}, c={"type": "integer"},
        d={"type": "integer", "default": 3}, e={"type": "integer", "default": "three"},
    )  # fmt: skip
    found, _ = arguments_of(made)
    assert {name for name, each in found.items() if each.present} == {"a", "d"}


def test_an_argument_called_like_something_of_the_platform_has_another_name(tmp_path: Path) -> None:
    deploy = tool("deploy", "environment", environment={"type": "string"})
    text = ALLOW_ALL + (
        'forbid (principal, action == Action::"call", resource == Tool::"deploy")'
        'when { context.argument_environment == "live" && context.environment == Environment::"dev" };'
    )
    decided = authority(tmp_path, text, deploy)
    assert decided.decide(call(deploy, environment="live")).outcome is Outcome.DENY
    assert decided.decide(call(deploy, environment="test")).outcome is Outcome.ALLOW


@pytest.mark.parametrize(
    "name", ["a b", 'quo"te', "back\\slash", "ünïcode", "if", "context", "new\nline", "__entity", ""]
)
def test_names_that_are_no_identifiers_do_no_harm(name: str, tmp_path: Path) -> None:
    odd = tool("odd", n={"type": "integer"})
    odd.parameters["properties"][name] = {"type": "string"}
    text = ALLOW_ALL + (
        'forbid (principal, action == Action::"call", resource == Tool::"odd") when { context has n && context.n > 1 };'
    )
    decided = authority(tmp_path, text, odd)
    for n, outcome in ((1, Outcome.ALLOW), (2, Outcome.DENY)):
        assert decided.decide(replace(call(odd), context={name: "x", "n": n})).outcome is outcome


@given(st.sampled_from(list(Kind)), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(), lambda inner: st.lists(inner, max_size=3)
))  # fmt: skip
def test_a_value_is_carried_whole_or_refused(kind: Kind, value: Json) -> None:
    try:
        carried = convert(kind, value)
    except Unfit:
        return
    match kind:
        case Kind.TEXT | Kind.TRUTH:
            assert carried == value
            assert type(carried) is type(value)
        case Kind.LONG | Kind.FRACTION:
            assert type(carried) is int
            assert carried - 1 < value <= carried
            assert not isinstance(value, bool)
        case _:
            assert set(carried) == set(value)
