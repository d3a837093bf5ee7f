"""Drift by ranks: what stays as it is alarms nobody, whatever it looks like, and what changes is found in time."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from remit.quality.statistics.ranks import ONCE_IN, Lean, lean, moved

Draw = Callable[[random.Random], float]
KINDS: dict[str, Draw] = {
    "success": lambda r: float(r.random() < 0.9),
    "perfect": lambda _: 1.0,
    "steps": lambda r: float(r.choice([3, 4, 4, 5, 9])),
    "cost": lambda r: r.lognormvariate(8, 1.5),
}
RUNS, HISTORIES = 600, 40


def test_s33_a_stationary_history_alarms_no_more_often_than_is_stated() -> None:
    alarms = 0
    for kind, draw in KINDS.items():
        for seed in range(HISTORIES):
            r = random.Random(f"{kind} {seed}")
            alarms += lean([draw(r) for _ in range(RUNS)], seed) is not None
    looked = len(KINDS) * HISTORIES * RUNS
    assert alarms <= 2 * looked / ONCE_IN / 10, "a tenth of what the bound allows is what such sums come to"


def _now_and_then(share: float) -> Draw:
    return lambda r: float(r.random() < share)


def _dear(times: float) -> Draw:
    return lambda r: times * r.lognormvariate(8, 0.5)


@pytest.mark.parametrize(
    ("before", "after", "most", "runs"),
    [
        (_now_and_then(0.9), _now_and_then(0.5), 60, "forty points of success"),
        (_now_and_then(0.9), _now_and_then(0.7), 250, "twenty points of success"),
        (_dear(1.0), _dear(1.65), 70, "two thirds dearer"),
        (_dear(1.0), _dear(0.5), 70, "half as dear"),
    ],
)  # fmt: skip
def test_a_planted_change_is_found_within_the_stated_number_of_runs(
    before: Draw, after: Draw, most: int, runs: str
) -> None:
    found: list[Lean] = []
    for seed in range(20):
        r = random.Random(f"{runs} {seed}")
        history = [before(r) for _ in range(300)] + [after(r) for _ in range(most)]
        alarm = lean(history, seed)
        if alarm is not None:
            assert alarm.at >= 300
            found.append(alarm)
    assert len(found) >= 17, f"{runs}: nine in ten within {most} runs"
    near = sorted(abs(each.since - 300) for each in found)[len(found) // 2]
    assert near <= 30, "and where it began is known to within some runs"


def _mix(r: random.Random, weights: tuple[int, int, int]) -> dict[str, int]:
    names = r.choices(("look", "ask", "send"), weights, k=r.randint(1, 6))
    return {name: names.count(name) for name in names}


def test_a_mix_of_tools_that_moves_is_found_with_the_next_block_and_one_that_stays_never() -> None:
    for seed in range(20):
        r = random.Random(seed)
        calm = [_mix(r, (6, 3, 1)) for _ in range(300)]
        assert moved(calm, seed) is None
        other = moved(calm + [_mix(r, (2, 6, 2)) for _ in range(50)], seed)
        assert other is not None
        assert (other.since, other.at) == (300, 349)
        assert other.after["ask"] > other.before["ask"]


def test_what_is_small_is_left_alone_and_the_same_history_gives_the_same_answer() -> None:
    r = random.Random(1)
    history = [1000 + r.random() for _ in range(300)] + [1001 + r.random() for _ in range(100)]
    assert lean(history, 1, least=0.1, relative=True) is None
    assert lean(history, 1) == lean(history, 1) is not None
