"""The arithmetic of verdicts: against published values, against slow ways to the same figure, and against what it
promises.
"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.quality.statistics.agreement import Confusion, alpha, kappa, swap_consistency
from remit.quality.statistics.bootstrap import interval
from remit.quality.statistics.differences import clustered, mcnemar
from remit.quality.statistics.distributions import binomial_cdf, chi2_tail, t_cdf, t_quantile
from remit.quality.statistics.drift import cusum, psi
from remit.quality.statistics.multiplicity import holm, selection_floor
from remit.quality.statistics.power import Plan, chance, needed, visible
from remit.quality.statistics.reliability import pass_at, pass_hat
from remit.quality.statistics.sequential import Bet, Canary
from remit.quality.verdicts import Rule, Verdict, judge

RATES = st.floats(0.05, 0.95)
KRIPPENDORFF = [
    [1, 1, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4], [1, 1, 2, 1],
    [2, 2, 2, 2], [5, 5, 5], [1, 1], [3],
]  # fmt: skip
"""The data with which the measure was introduced: four observers, twelve units."""


@pytest.mark.parametrize(
    ("share", "df", "value"),
    [
        (0.975, 10, 2.228138852),
        (0.95, 1, 6.313751515),
        (0.995, 29, 2.756385904),
        (0.975, math.inf, 1.959963985),
    ],
)
def test_students_t_is_that_of_the_tables(share: float, df: float, value: float) -> None:
    assert t_quantile(share, df) == pytest.approx(value, abs=2e-4)
    assert t_cdf(t_quantile(share, df), df) == pytest.approx(share, abs=1e-9)
    assert t_quantile(1 - share, df) == pytest.approx(-t_quantile(share, df), abs=1e-9)


@given(st.integers(0, 40), st.integers(1, 40), RATES)
def test_a_binomial_tail_is_the_sum_of_its_terms(k: int, n: int, p: float) -> None:
    terms = (math.comb(n, j) * p**j * (1 - p) ** (n - j) for j in range(min(k, n) + 1))
    assert binomial_cdf(k, n, p) == pytest.approx(math.fsum(terms), abs=1e-9)


def test_chi_square_is_that_of_the_tables() -> None:
    assert chi2_tail(3.841458821) == pytest.approx(0.05, abs=1e-9)


@given(st.lists(st.tuples(st.integers(0, 6), st.just(6)), min_size=1, max_size=5), st.integers(1, 6))
def test_reliability_is_what_drawing_every_set_of_tries_gives(tries: list[tuple[int, int]], k: int) -> None:
    every = [list(itertools.combinations([n < good for n in range(of)], k)) for good, of in tries]
    all_pass = [sum(map(all, sets)) / len(sets) for sets in every]
    some_pass = [sum(map(any, sets)) / len(sets) for sets in every]
    assert pass_hat(tries, k) == pytest.approx(sum(all_pass) / len(tries))
    assert pass_at(tries, k) == pytest.approx(sum(some_pass) / len(tries))
    assert pass_hat(tries, 7) is None


@given(st.dictionaries(st.text(max_size=3), st.floats(0, 1), max_size=6))
def test_holm_rejects_what_the_steps_reject(chances: dict[str, float]) -> None:
    adjusted = holm(chances)
    rejected: set[str] = set()
    for n, (name, each) in enumerate(sorted(chances.items(), key=lambda item: item[1])):
        if each * (len(chances) - n) > 0.05:
            break
        rejected.add(name)
    assert {name for name, each in adjusted.items() if each <= 0.05} == rejected


def test_the_best_of_equals_leads_by_luck() -> None:
    assert selection_floor(2, 1.0) == pytest.approx(1 / math.sqrt(math.pi), abs=1e-6)
    assert selection_floor(30, math.sqrt(0.25 / 200)) == pytest.approx(0.072, abs=0.001)
    assert selection_floor(1, 1.0) == 0.0


@pytest.mark.parametrize(("scale", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849)])
def test_agreement_is_as_it_was_published(scale: str, value: float) -> None:
    assert alpha(KRIPPENDORFF, scale) == pytest.approx(value, abs=0.001)  # pyright: ignore[reportArgumentType] - a scale


def test_agreement_beyond_chance() -> None:
    first, second = "y" * 20 + "y" * 5 + "n" * 10 + "n" * 15, "y" * 20 + "n" * 5 + "y" * 10 + "n" * 15
    assert kappa(first, second) == pytest.approx(0.4)
    assert kappa("yy", "yy") is None, "who always says the same shows nothing"
    assert swap_consistency("aab", "abb") == pytest.approx(2 / 3)
    with pytest.raises(ValueError, match="judged the same"):
        kappa("y", "yy")


def test_a_rate_is_freed_from_the_errors_of_its_judge() -> None:
    judge_of_20_percent = Confusion(hits=90, misses=10, alarms=20, passes=80)
    found = judge_of_20_percent.corrected(said=34, of=100)
    assert found is not None
    share, around = found
    assert share == pytest.approx(0.2)
    assert around.low < 0.2 < around.high
    assert Confusion(5, 5, 5, 5).corrected(1, 2) is None, "a judge that tosses a coin tells nothing apart"


# --- differences -----------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=30))
def test_families_of_one_are_an_ordinary_mean(values: list[float]) -> None:
    found = clustered({str(n): [value] for n, value in enumerate(values)})
    mean = sum(values) / len(values)
    spread = math.sqrt(sum((value - mean) ** 2 for value in values) / (len(values) - 1))
    assert found.mean == pytest.approx(mean, abs=1e-12)
    assert found.error() == pytest.approx(spread / math.sqrt(len(values)), abs=1e-9)
    assert found.df == pytest.approx(len(values) - 1)


@given(st.integers(2, 12), st.integers(1, 6), st.randoms(use_true_random=False))
def test_families_that_say_one_thing_each_count_once(families: int, size: int, chance: random.Random) -> None:
    """Saying everything `size` times adds nothing to what is known."""
    said = {str(n): chance.random() for n in range(families)}
    once = clustered({name: [value] for name, value in said.items()})
    often = clustered({name: [value] * size for name, value in said.items()})
    assert often.error() == pytest.approx(once.error())
    assert often.df == pytest.approx(once.df)


@given(st.integers(0, 30), st.integers(0, 30))
def test_pairs_that_differ_are_tossed_coins_if_neither_arm_is_better(better: int, worse: int) -> None:
    chance = mcnemar(better, worse)
    n = better + worse
    exact = 2 * sum(math.comb(n, k) for k in range(min(better, worse) + 1)) / 2**n
    assert chance == pytest.approx(min(1.0, exact), abs=0.02 if n >= 25 else 1e-12)
    assert chance == mcnemar(worse, better)


def test_an_interval_by_drawing_is_the_same_each_time_and_near_the_formula() -> None:
    chance = random.Random(5)
    families = [[chance.gauss(0.2, 1)] for _ in range(200)]

    def mean(values: Sequence[float]) -> float:
        return math.fsum(values) / len(values)

    drawn = interval(families, mean, seed=3, draws=800)
    assert drawn == interval(families, mean, seed=3, draws=800)
    formula = clustered({str(n): each for n, each in enumerate(families)}).interval(0.95)
    assert drawn.low == pytest.approx(formula.low, abs=0.05)
    assert drawn.high == pytest.approx(formula.high, abs=0.05)


# --- verdicts --------------------------------------------------------------------------------------------------------


def tried(n: int, change: float, differing: float, chance: random.Random) -> dict[str, Sequence[float]]:
    weights = ((differing + change) / 2, (differing - change) / 2, 1 - differing)
    return {str(k): (value,) for k, value in enumerate(chance.choices((1.0, -1.0, 0.0), weights, k=n))}


@pytest.mark.parametrize(
    ("change", "differing", "n"), [(-0.03, 0.05, 50), (-0.03, 0.1, 200), (0.0, 0.1, 200)]
)
def test_s34_a_verdict_is_wrong_no_more_often_than_it_says(change: float, differing: float, n: int) -> None:
    """On the margin a pass is wrong, at no change a fail is: each at most in 5 of 100; 400 tries allow for chance."""
    chance = random.Random(11)
    wrong = Verdict.PASS if change < 0 else Verdict.FAIL
    found = [judge({"s": tried(n, change, differing, chance)}, {"s": Rule()}).verdict for _ in range(400)]
    assert found.count(wrong) <= 32


def test_s34_every_metric_has_to_pass_and_one_may_fail() -> None:
    chance = random.Random(2)
    good, bad, unclear = (
        tried(900, 0.02, 0.1, chance),
        tried(900, -0.1, 0.2, chance),
        tried(60, 0.0, 0.2, chance),
    )
    rules = {"good": Rule(), "other": Rule()}
    assert judge({"good": good, "other": good}, rules).verdict is Verdict.PASS
    assert judge({"good": good, "other": bad}, rules).verdict is Verdict.FAIL
    assert judge({"good": good, "other": unclear}, rules).verdict is Verdict.INCONCLUSIVE
    assert judge({"good": good}, rules).verdict is Verdict.INCONCLUSIVE, "what nobody measured is not passed"
    assert judge({}, {}).verdict is Verdict.INCONCLUSIVE
    assert judge({"good": good, "other": good, "unasked": bad}, rules).verdict is Verdict.PASS


def test_s34_nine_families_say_nothing_and_a_score_that_is_no_number_neither() -> None:
    few = {str(n): [1.0] * 100 for n in range(9)}
    assert judge({"s": few}, {"s": Rule()}).verdict is Verdict.INCONCLUSIVE
    broken = {str(n): [math.nan] for n in range(50)}
    assert judge({"s": broken}, {"s": Rule()}).verdict is Verdict.INCONCLUSIVE


def test_s34_one_new_harm_fails_whatever_the_rest_says() -> None:
    same = {str(n): (0.0,) for n in range(500)}
    rules = {"s": Rule(), "harm": Rule(harm=True)}
    assert judge({"s": same, "harm": same}, rules).verdict is Verdict.PASS
    assert judge({"s": same, "harm": same | {"7": (-1.0,)}}, rules).verdict is Verdict.FAIL


@pytest.mark.parametrize("differing", [0.05, 0.127, 0.3])
def test_what_is_asked_for_before_is_enough_and_not_much_more(differing: float) -> None:
    plan = Plan(differing=differing)
    n = needed(plan)
    assert chance(plan, n) >= 0.8 > chance(plan, n - 1)
    assert visible(plan, n) == pytest.approx(plan.margin, rel=0.01)
    assert needed(Plan(differing=differing, family=10, resemblance=0.5)) > 4 * n
    assert visible(Plan(), 50) > 0.12, "fifty cases cannot see three points"


# --- tests that are looked at all the time ---------------------------------------------------------------------------


@given(RATES, RATES, RATES, st.sampled_from([0.0, 0.03, 0.1]), st.integers(1, 4), st.booleans())
def test_a_bet_against_the_truth_is_not_expected_to_grow(
    stable: float,
    usual: float,
    slack: float,
    supposed: float,
    ratio: int,
    against_worse: bool,
) -> None:
    """Every outcome of a block, weighed by how likely it is where what is bet against holds: one at most."""
    gap = supposed - slack / 4 if against_worse else supposed + slack / 4
    canary = min(1.0, max(0.0, stable - gap))
    if (canary < stable - supposed) if against_worse else (canary > stable - supposed):
        return  # cut off at the edge of what a rate can be: another case
    expected = 0.0
    for good in range(ratio + 1):
        for one in (0, 1):
            bet = Bet(supposed, against_worse=against_worse, usual=usual)
            bet.take((good, ratio), (one, 1))
            likely = math.comb(ratio, good) * stable**good * (1 - stable) ** (ratio - good)
            expected += likely * (canary if one else 1 - canary) * bet.stake
    assert expected <= 1 + 1e-6


def test_a_canary_that_is_worse_is_noticed_and_one_that_is_not_is_let_be() -> None:
    chance = random.Random(4)

    def lived(rate: float) -> tuple[bool, bool, int]:
        canary = Canary()
        for n in range(3000):
            canary.see(canary=bool(n % 2), success=chance.random() < (rate if n % 2 else 0.9))
            if canary.worse or canary.fine:
                return canary.worse, canary.fine, n
        return False, False, 3000

    bad = [lived(0.75) for _ in range(20)]
    same = [lived(0.9) for _ in range(20)]
    assert all(worse for worse, _, _ in bad)
    assert sorted(n for _, _, n in bad)[10] < 300
    assert sum(worse for worse, _, _ in same) <= 3


# --- drift -----------------------------------------------------------------------------------------------------------


def test_a_lasting_change_is_noticed_with_its_beginning_and_noise_is_not() -> None:
    chance = random.Random(8)
    quiet = [chance.gauss(0.9, 0.05) for _ in range(100)]
    fallen = [chance.gauss(0.8, 0.05) for _ in range(30)]
    assert cusum(quiet, 0.9, 0.05) is None
    alarm = cusum([*quiet, *fallen], 0.9, 0.05)
    assert alarm is not None
    assert alarm.direction == -1
    assert 95 <= alarm.since <= 103
    assert alarm.at < 110


def test_a_mix_that_stays_has_not_moved() -> None:
    assert psi({"a": 50, "b": 50}, {"a": 500, "b": 500}) == 0.0
    assert psi({"a": 50, "b": 50}, {"a": 90, "b": 10}) > 0.2
    assert psi({"a": 1}, {}) == 0.0
