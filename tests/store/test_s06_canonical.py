"""S6: two different values never share canonical bytes, and what two readers could read differently is refused."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.errors import InvalidInput, NotEncodable
from remit.wire.canonical import LARGEST_INTEGER, digest, encode, parse, plain

text = st.text(st.characters(exclude_categories=["Cs"]))
integers = st.integers(-LARGEST_INTEGER, LARGEST_INTEGER)
scalars = st.none() | st.booleans() | integers | st.floats(allow_nan=False, allow_infinity=False) | text
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(text, inner, max_size=5),
    max_leaves=20,
)
too_large = st.integers(min_value=LARGEST_INTEGER + 1) | st.integers(max_value=-LARGEST_INTEGER - 1)


@given(values)
def test_s06_what_is_written_is_read_back_the_same(value: Any) -> None:
    written = encode(plain(value))
    assert _sorted(parse(written)) == _sorted(plain(value))
    assert encode(parse(written)) == written


@given(values, values)
def test_s06_different_values_have_different_digests(one: Any, other: Any) -> None:
    assert (digest(plain(one)) == digest(plain(other))) == (_sorted(one) == _sorted(other))


@given(st.dictionaries(text, integers, min_size=2), st.randoms(use_true_random=False))
def test_s06_the_order_of_keys_does_not_count(value: dict[str, int], shuffled: random.Random) -> None:
    keys = list(value)
    shuffled.shuffle(keys)
    assert encode({key: value[key] for key in keys}) == encode(value)


@given(too_large, st.sampled_from(["{}", "[{}]", '{{"a": [{}]}}']))
def test_s06_integers_that_readers_round_are_refused(number: int, around: str) -> None:
    with pytest.raises(NotEncodable, match="2\\^53"):
        plain([{"a": number}])
    with pytest.raises(InvalidInput, match="2\\^53"):
        parse(around.format(number))


@given(text, st.sampled_from(["{}", "[1, {}]", '{{"outer": {}}}']))
def test_s06_a_key_that_stands_twice_is_refused(key: str, around: str) -> None:
    name = json.dumps(key)
    with pytest.raises(InvalidInput, match="twice"):
        parse(around.format(f"{{{name}: 1, {name}: 2}}"))


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e400", "[-1e400]"])
def test_s06_numbers_that_are_none_are_refused(word: str) -> None:
    with pytest.raises(InvalidInput):
        parse(word)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_s06_numbers_that_are_not_finite_are_not_encoded(number: float) -> None:
    with pytest.raises(NotEncodable):
        plain({"a": [number]})


def test_s06_text_is_kept_as_it_was_sent() -> None:
    composed, decomposed = "\u00e9", "e\u0301"
    assert digest(composed) != digest(decomposed)
    assert parse(encode(decomposed)) == decomposed


def test_s06_half_a_character_is_refused() -> None:
    with pytest.raises(NotEncodable):
        encode(plain("\ud800"))
    with pytest.raises((InvalidInput, NotEncodable)):
        encode(parse(r'"\ud800"'))


def _sorted(value: Any) -> str:
    """A text that tells 1 from 1.0 and from true, whatever the order of keys."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{key!r}:{_sorted(item)}" for key, item in value.items())) + "}"  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, list):
        return "[" + ",".join(_sorted(item) for item in value) + "]"  # pyright: ignore[reportUnknownVariableType]
    return repr(value)
