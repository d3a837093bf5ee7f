"""Values are found wherever they stand, in one spelling, and words are not among them."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from remit.quality.attribution.values import is_name, scalars, values_in


def test_the_same_value_is_spelled_the_same_wherever_it_stands() -> None:
    for said in (1240, 1240.0, "1,240", "it is 1,240 euro.", {"a": [{"b": "1240.00"}]}, ["1240"]):
        assert "1240" in values_in(said), said
    for said in ("write to Ana@Example.org.", {"mail": "ana@example.org"}):
        assert values_in(said) == {"ana@example.org"}
    assert values_in("o-17 and INV-2026/3") == {"o-17", "inv-2026/3"}
    assert values_in("paid back in full, thank you") == set()
    assert values_in([True, None, 7, "7"]) == set(), "a single digit stands anywhere"


def test_what_names_a_thing_is_told_from_what_counts_it() -> None:
    assert [is_name(each) for each in ("o-17", "ana@example1.org", "1240", "paid")] == [
        True,
        True,
        False,
        False,
    ]
    assert scalars({"order": " O-17", "amount": "240.0", "open": True, "lines": []}) == {
        "order": "o-17", "amount": "240",
    }  # fmt: skip


@given(st.integers(10, 10**9), st.text("abc xyz", max_size=20))
def test_a_number_is_found_in_words_and_in_json(number: int, around: str) -> None:
    assert str(number) in values_in(f"{around} {number} {around}")
    assert str(number) in values_in(json.dumps({"n": number}))
    assert str(number) in values_in({"n": f"{number:,}"})
