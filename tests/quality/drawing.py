"""Scenarios drawn at random, of everything that one can say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from remit.quality.scenarios.expectation import Expectation, Match, equals
from remit.quality.scenarios.scenario import (
    Environment,
    Gold,
    GoldAction,
    Scenario,
    Source,
    StateCheck,
    ToolAnswer,
    Turn,
)

Json = Any
TEXT = st.text("ab :#-'\"{}\n0é", max_size=8)
WORD = st.text("abc", min_size=1, max_size=4)
SCALAR = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-9, 9, width=16) | TEXT


def _containers(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, max_size=2) | st.dictionaries(WORD, inner, max_size=2)


VALUE: st.SearchStrategy[Json] = st.recursive(SCALAR, _containers, max_leaves=4)


def _one_of(values: list[Json]) -> Expectation:
    return Expectation(Match.ONE_OF, values)


def _contains(part: str) -> Expectation:
    return Expectation(Match.CONTAINS, part)


def _near(value: int, within: int) -> Expectation:
    return Expectation(Match.NEAR, value, within)


def _present(there: bool) -> Expectation:
    return Expectation(Match.PRESENT, there)


def _fields(parts: dict[str, Expectation]) -> Expectation:
    return Expectation(Match.FIELDS, parts=tuple(parts.items()))


def _nested(inner: st.SearchStrategy[Expectation]) -> st.SearchStrategy[Expectation]:
    named = st.dictionaries(st.sampled_from(["x", "near", "equals"]), inner, min_size=1, max_size=2)
    return named.map(_fields)


EXPECTED = st.recursive(
    st.builds(equals, VALUE)
    | st.builds(_one_of, st.lists(SCALAR, min_size=1, max_size=2))
    | st.builds(_contains, WORD)
    | st.builds(_near, st.integers(-3, 3), st.integers(0, 3))
    | st.builds(_present, st.booleans()),
    _nested,
    max_leaves=3,
)
ARGUMENTS = st.dictionaries(st.sampled_from(["a", "near"]), EXPECTED, max_size=2)


def _answer(says: Json, group: str) -> Turn:
    return Turn(says, group=group)


def _message(says: Json, name: str) -> Turn:
    return Turn(says, signal=name)


def _from_state(tool: str, path: str) -> ToolAnswer:
    return ToolAnswer(tool, state=path, sets={"a.{b}": "{b}"})


def _by_path(path: str, want: Expectation) -> StateCheck:
    return StateCheck(path, want, path)


def _by_tool(name: str, want: Expectation) -> StateCheck:
    return StateCheck(name, want, "", "query", {"q": 1})


def _name(check: StateCheck) -> str:
    return check.name


def _wrong_somehow(gold: Gold) -> Gold:
    return replace(gold, forbidden=("send_*",)) if gold.is_empty else gold


ACTION = st.builds(GoldAction, WORD, ARGUMENTS, st.none() | st.integers(0, 2), st.integers(1, 2))
CHECK = st.builds(_by_path, WORD, EXPECTED) | st.builds(_by_tool, WORD, EXPECTED)
GOLD = st.builds(
    Gold,
    answer=st.none() | EXPECTED,
    actions=st.lists(ACTION, max_size=2).map(tuple),
    closed=st.sampled_from([None, True]),
    state=st.lists(CHECK, max_size=2, unique_by=_name).map(tuple),
    forbidden=st.lists(WORD, max_size=1).map(tuple),
    ends=st.sampled_from(["", "rejected"]),
)
ENVIRONMENT = st.builds(
    Environment,
    st.lists(
        st.builds(ToolAnswer, WORD, st.none() | ARGUMENTS, VALUE) | st.builds(_from_state, WORD, WORD), max_size=2
    ).map(tuple),
    st.dictionaries(WORD, VALUE, max_size=2),
    st.booleans(),
    st.lists(WORD, max_size=1).map(tuple),
)  # fmt: skip
SCENARIO = st.builds(
    Scenario,
    WORD,
    st.dictionaries(WORD, VALUE, max_size=2),
    st.lists(st.builds(_answer, VALUE, WORD) | st.builds(_message, VALUE, WORD), max_size=2).map(tuple),
    ENVIRONMENT,
    GOLD.map(_wrong_somehow),
    st.lists(WORD, max_size=2).map(tuple),
    st.sampled_from(["", "family"]),
    source=st.builds(Source, provenance=st.just("run r-1"), owner=st.sampled_from(["", "lea"])),
)
"""A scenario that can be written down."""


_KEYS = """
target suite scenarios scorers margins defaults trials from name input question turns environment gold tags family harm
answers state live real tool args result error sets actions ordered others forbidden ends answer signal group says
approves equals contains regex near within schema fields one_of present policy latency most trajectory groundedness
function judge success harmless
"""
KEY = st.sampled_from(_KEYS.split())


def _tangled(inner: st.SearchStrategy[Json]) -> st.SearchStrategy[Json]:
    return st.lists(inner, max_size=3) | st.dictionaries(KEY, inner, max_size=5)


LEAF = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4) | KEY
TANGLED: st.SearchStrategy[Json] = st.recursive(LEAF, _tangled, max_leaves=25)
"""What has the words of a suite and not its sense."""
