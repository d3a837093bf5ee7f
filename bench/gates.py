"""How often the gate and the canary are right: true changes are known, experiments are drawn by chance, and every
verdict is the product's own. Beside them the rules that teams use without one.

It owns the worlds that experiments are drawn from. Nothing is measured on a clock; the seed is fixed, so the numbers
are the same on every machine.
"""

from __future__ import annotations

import math
import os
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from statistics import NormalDist

from bench import mlflow_rule
from bench.stage import Stage
from bench.table import Check, Report
from remit.quality.statistics.differences import tallied
from remit.quality.statistics.distributions import binomial_cdf
from remit.quality.statistics.power import Plan, needed
from remit.quality.statistics.sequential import Canary
from remit.quality.verdicts import Rule, Verdict, weigh

EXPERIMENTS, QUICK = 4000, 400
CHANGES = (-0.10, -0.05, -0.03, 0.0, 0.03)
MARGIN = 0.03
MOST_WRONG = 0.06
HORIZON, CANARIES, QUICK_CANARIES = 2000, 1000, 60
PEEKS = 50
_SEED = 20_261_120
_RULES = {"success": Rule(MARGIN)}


@dataclass(frozen=True, slots=True)
class World:
    """Where experiments come from: how often two equal arms differ, and how much scenarios of a family resemble."""

    differing: float
    n: int
    asked_for: bool
    """Whether this is the size that the pre-flight asks for."""
    family: int = 1
    resemblance: float = 0.0

    @property
    def name(self) -> str:
        families = f", families of {self.family} at {self.resemblance}" if self.family > 1 else ""
        return (
            f"{self.differing:.0%} differ{families}; n = {self.n}{' (asked for)' if self.asked_for else ''}"
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """What became of many experiments with one true change."""

    verdicts: dict[str, int]
    naive_blocked: int
    experiments: int
    counts: dict[tuple[int, int], int]
    """How often so many scenarios came out better and so many worse."""

    def share(self, verdict: Verdict) -> float:
        return self.verdicts.get(verdict, 0) / self.experiments

    def counted(self, says: Callable[[int, int], bool]) -> float:
        """The share of experiments of which a rule by these counts says so."""
        return sum(times for pair, times in self.counts.items() if says(*pair)) / self.experiments


def worlds() -> list[World]:
    """Every world: sizes that teams have, and the one that the pre-flight asks for."""
    found: list[World] = []
    for differing in (0.05, 0.10, 0.20):
        found += [World(differing, n, asked_for=False) for n in (50, 200)]
        found.append(World(differing, needed(Plan(MARGIN, differing=differing)), asked_for=True))
    plan = Plan(MARGIN, differing=0.10, family=5, resemblance=0.3)
    size = math.ceil(needed(plan) / 5) * 5
    return [
        *found,
        World(0.10, 200, asked_for=False, family=5, resemblance=0.3),
        World(0.10, size, True, 5, 0.3),
    ]


def measure(stage: Stage) -> list[Report]:
    """Both sections."""
    experiments = QUICK if stage.quick else EXPERIMENTS
    canaries = QUICK_CANARIES if stage.quick else CANARIES
    with ProcessPoolExecutor(os.cpu_count()) as pool:
        cells = {
            (world, change): pool.submit(cell, world, change, experiments)
            for world in worlds()
            for change in CHANGES
        }
        lives = {rates: pool.submit(live, *rates, canaries) for rates in _CANARIES}
        done = {where: each.result() for where, each in cells.items()}
        return [
            _gate(done, mlflow_rule.rule(pair for each in done.values() for pair in each.counts)),
            _canary({rates: each.result() for rates, each in lives.items()}, canaries),
        ]


# --- the gate ------------------------------------------------------------------------------------------------------


def cell(world: World, change: float, experiments: int) -> Cell:
    """So many experiments with one true change."""
    chance = random.Random(f"{_SEED} {world.name} {change}")
    verdicts: Counter[str] = Counter()
    naive = 0
    counts: Counter[tuple[int, int]] = Counter()
    for _ in range(experiments):
        families, pair = draw(world, change, chance)
        counts[pair] += 1
        found = tallied(families, pair)
        verdicts[weigh({"success": found}, _RULES).verdict] += 1
        naive += found.mean < -MARGIN
    return Cell(dict(verdicts), naive, experiments, dict(counts))


def draw(
    world: World, change: float, chance: random.Random
) -> tuple[dict[tuple[int, float], int], tuple[int, int]]:
    """One experiment: families by their size and sum, and how many scenarios came out better and worse."""
    differing = max(world.differing, abs(change))
    weights = ((differing + change) / 2, (differing - change) / 2, 1 - differing)
    if world.family == 1:
        values = Counter(chance.choices((1, -1, 0), weights, k=world.n))
        return {(1, float(value)): times for value, times in values.items()}, (values[1], values[-1])
    families: Counter[tuple[int, float]] = Counter()
    better = worse = 0
    for _ in range(world.n // world.family):
        common = chance.choices((1, -1, 0), weights)[0]
        own = chance.choices((1, -1, 0), weights, k=world.family)
        said = [common if chance.random() < math.sqrt(world.resemblance) else each for each in own]
        better, worse = better + said.count(1), worse + said.count(-1)
        families[world.family, float(sum(said))] += 1
    return dict(families), (better, worse)


def upper(wrong: int, of: int) -> float:
    """What a rate is at most, with 99 %, when so many of so many were wrong (Clopper and Pearson)."""
    low, high = wrong / of, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if binomial_cdf(wrong, of, middle) > 0.01 else (low, middle)
    return high


def _gate(cells: dict[tuple[World, float], Cell], theirs: mlflow_rule.Rule) -> Report:
    rows: list[tuple[str, ...]] = []
    for (world, change), found in cells.items():
        shares = [f"{found.share(verdict):.1%}" for verdict in Verdict]
        others = (
            found.naive_blocked / found.experiments,
            found.counted(theirs.worse),
            1 - found.counted(theirs.improved),
        )
        rows.append((world.name, f"{change:+.0%}", *shares, *(f"{each:.1%}" for each in others)))
    blocked = max(
        upper(c.verdicts.get(Verdict.FAIL, 0), c.experiments) for (_, d), c in cells.items() if d == 0
    )
    passed = max(
        upper(c.verdicts.get(Verdict.PASS, 0), c.experiments) for (_, d), c in cells.items() if d <= -MARGIN
    )
    asked = {where: c for where, c in cells.items() if where[0].asked_for}
    decides = min(c.share(Verdict.PASS) for (_, d), c in asked.items() if d == 0)
    stops = min(1 - c.share(Verdict.PASS) for (_, d), c in asked.items() if d == -0.10)
    naive = max(c.naive_blocked / c.experiments for (_, d), c in cells.items() if d == 0)
    checks = [
        Check(
            "fails at no change, 99 % bound of the worst cell",
            "<= 6 %",
            f"{blocked:.1%}",
            blocked <= MOST_WRONG,
        ),
        Check("passes at or beyond the margin, the same", "<= 6 %", f"{passed:.1%}", passed <= MOST_WRONG),
        Check("passes at no change, at the size asked for", ">= 80 %", f"{decides:.1%}", decides >= 0.80),
        Check("blocks -10 points, at the size asked for", ">= 99 %", f"{stops:.1%}", stops >= 0.99),
    ]
    return Report(
        "Verdicts of the gate, by true change",
        ("scenarios", "true change", "pass", "fail", "inconclusive", 'naive "drop > 3 points" blocks',
         "MLflow: significantly worse", "MLflow: assert_improved blocks"),
        rows, checks,
        [f"the naive rule blocks a change of nothing in up to {naive:.0%} of experiments",
         _of_mlflow(cells, theirs)],
        {"worst false block": blocked, "worst false pass": passed},
    )  # fmt: skip


def _of_mlflow(cells: dict[tuple[World, float], Cell], theirs: mlflow_rule.Rule) -> str:
    lets = max(1 - found.counted(theirs.worse) for (_, change), found in cells.items() if change == -0.05)
    unchanged = [found for (_, change), found in cells.items() if change == 0]
    fails = max(found.counted(theirs.worse) for found in unchanged)
    bars = max(1 - found.counted(theirs.improved) for found in unchanged)
    return (
        f"MLflow {theirs.version}, by what is significantly worse: lets -5 points through in up to {lets:.0%}, fails"
        f" a change of nothing in up to {fails:.0%}; by assert_improved: blocks a change of nothing in up to {bars:.0%}"
    )


# --- the canary ----------------------------------------------------------------------------------------------------

_CANARIES = ((0.9, 0.9), (0.7, 0.7), (0.97, 0.97), (0.9, 0.8), (0.7, 0.6))


@dataclass(frozen=True, slots=True)
class Lives:
    """What became of many canaries."""

    rolled_back: int
    promoted: int
    after: list[int]
    """Runs after which each was rolled back, in order."""
    peeking: int
    """How many a test for a fixed number of runs would have rolled back, looked at again and again."""


def live(stable: float, canary: float, times: int) -> Lives:
    """So many canaries, half of the traffic each, looked at after every run until they are decided."""
    chance = random.Random(f"{_SEED} {stable} {canary}")
    after: list[int] = []
    promoted = peeking = 0
    for _ in range(times):
        runs = [chance.random() < (canary if n % 2 else stable) for n in range(HORIZON)]
        peeking += _peeked(runs)
        watched, n = Canary(MARGIN, usual=stable), 0
        for n, good in enumerate(runs):
            watched.see(canary=bool(n % 2), success=good)
            if watched.worse or watched.fine:
                break
        if watched.worse:
            after.append(n + 1)
        promoted += watched.fine and not watched.worse
    return Lives(len(after), promoted, sorted(after), peeking)


def _peeked(runs: list[bool]) -> bool:
    """Whether a two-sample test at 5 %, made every so many runs, says at any time that the canary is worse."""
    for until in range(2 * PEEKS, len(runs) + 1, PEEKS):
        stable, canary = runs[0:until:2], runs[1:until:2]
        n, m = len(stable), len(canary)
        rate = (sum(stable) + sum(canary)) / (n + m)
        error = math.sqrt(rate * (1 - rate) * (1 / n + 1 / m))
        if error and (sum(canary) / m - sum(stable) / n) / error < NormalDist().inv_cdf(0.05):
            return True
    return False


def _canary(lives: dict[tuple[float, float], Lives], times: int) -> Report:
    rows: list[tuple[str, ...]] = []
    for (stable, canary), found in lives.items():
        half = f"{found.after[len(found.after) // 2]}" if found.after else "-"
        most = f"{found.after[int(0.9 * len(found.after))]}" if found.after else "-"
        shares = (found.rolled_back / times, found.promoted / times)
        rest = 1 - sum(shares)
        rows.append(
            (f"{stable:.0%}", f"{canary:.0%}", *(f"{each:.1%}" for each in (*shares, rest)), half, most,
             f"{found.peeking / times:.1%}")
        )  # fmt: skip
    same = max(each.rolled_back / times for (a, b), each in lives.items() if a == b)
    caught = min(each.rolled_back / times for (a, b), each in lives.items() if b < a)
    peeking = max(each.peeking / times for (a, b), each in lives.items() if a == b)
    checks = [
        Check(
            "rolls back a canary that is no worse, over the whole horizon",
            "<= 5 %",
            f"{same:.1%}",
            same <= 0.05,
        ),
        Check(f"rolls back -10 points within {HORIZON} runs", ">= 95 %", f"{caught:.1%}", caught >= 0.95),
    ]
    return Report(
        f"Canaries looked at after every run, up to {HORIZON} runs of both arms",
        (
            "stable", "canary", "rolled back", "promoted", "held", "after (half)", "after (nine of ten)",
            "fixed-n, peeking",
        ),
        rows, checks,
        [f"a test for a fixed number of runs, looked at every {PEEKS}, rolls back {peeking:.0%} that are no worse"],
        {"false rollback": same},
    )  # fmt: skip
