"""What daily amounts let one expect: intervals that hold as often as they say, days that stand out and days that do
not.
"""

from __future__ import annotations

import random
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.insight.buckets import bounds_of, bucket_of, quantile
from remit.insight.costs import month_of
from remit.insight.forecasting import forecast, oddity
from remit.insight.intervals import rule_of_three, wilson

_WEEK = (10, 10, 10, 10, 10, 3, 2)
_CASES, _COVERED = 400, 0.8


@pytest.mark.parametrize("days", [7, 21, 60])
@pytest.mark.parametrize("week", [(8,) * 7, _WEEK])
def test_in_four_of_five_cases_what_comes_lies_within_the_forecast(days: int, week: tuple[int, ...]) -> None:
    dice = random.Random(days)
    held = 0
    for _ in range(_CASES):
        spent = [round(1e6 * max(0.0, week[n % 7] + dice.gauss(0, 1.5))) for n in range(days + 9)]
        found = forecast(spent[:days], 9)
        assert found is not None
        held += found.low <= sum(spent[days:]) <= found.high
    assert held / _CASES >= _COVERED - 0.05


def test_too_little_to_go_by_is_said_and_not_guessed() -> None:
    assert forecast([0] * 50 + [5] * 6, 3) is None
    assert oddity([0] * 50 + [5] * 6, 500) is None
    assert forecast([1_000_000] * 7, 3) is not None


def test_a_day_is_measured_by_its_likes_and_one_wild_day_hides_no_other() -> None:
    past = [amount * 1_000_000 for amount in _WEEK * 8]
    wild = [*past[:-7], 900_000_000, *past[-6:]]
    for days in (past, wild):
        monday = oddity(days, 10_000_000)
        assert monday is not None
        assert not monday.stands_out
        dear = oddity(days, 31_000_000)
        assert dear is not None
        assert dear.stands_out
        assert dear.median == 10_000_000
    sunday = oddity(past[:-1], 10_000_000)
    assert sunday is not None
    assert sunday.stands_out, "what is usual on a Monday is much on a Sunday"
    cents = oddity([1000] * 60, 9000)
    assert cents is not None
    assert not cents.stands_out, "less than a cent is nothing to look at"


def test_a_month_is_no_cheaper_than_it_is_already() -> None:
    today = date(2026, 11, 21)
    first = today - timedelta(60)
    spent = {first + timedelta(n): 1_000_000 for n in range(60)} | {today: 50_000_000}
    found = month_of(spent, first, today)
    assert found.spent == 70_000_000
    assert found.forecast is not None
    assert found.forecast.low >= found.spent
    del spent[today]
    usual = month_of(spent, first, today).forecast
    assert usual is not None
    assert (usual.expected, usual.low, usual.high) == (30_000_000, 30_000_000, 30_000_000)


@given(st.lists(st.integers(0, 2**50), min_size=1, max_size=60), st.sampled_from([500, 950, 990]))
def test_a_percentile_from_buckets_holds_the_true_one(values: list[int], per_mille: int) -> None:
    found = quantile([(bucket_of(value), 1) for value in values], per_mille)
    exact = sorted(values)[max(0, -(-per_mille * len(values) // 1000) - 1)]
    assert found is not None
    assert found.low <= exact <= found.high
    assert abs(found.middle - exact) <= exact / 10 + 0.5, "a tenth, and what a whole number is rounded by"
    assert found.middle == exact or exact >= 9


@given(st.integers(0, 2**60))
def test_every_value_has_one_bucket_and_buckets_do_not_overlap(value: int) -> None:
    bucket = bucket_of(value)
    assert bounds_of(bucket).low <= value <= bounds_of(bucket).high
    assert bucket_of(bounds_of(bucket).high + 1) > bucket


def test_intervals_are_those_of_the_books() -> None:
    for part, whole, low, high in ((45, 50, 0.786, 0.957), (180, 200, 0.851, 0.934), (0, 100, 0.0, 0.037)):
        found = wilson(part, whole)
        assert found is not None
        assert (round(found.low, 3), round(found.high, 3)) == (low, high)
    assert rule_of_three(100) == 0.03
    assert wilson(0, 0) is None
