"""What was spent, told apart by team, agent, flow, user action, model, prompt, release or day: sums of whole micro-
units, so parts add up to the whole; what successful tasks cost; what the month will come to; which days stand out.
It reads sums by day, never a single call.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from remit.insight.forecasting import Forecast, forecast, oddity
from remit.insight.kpi_facts import Scope
from remit.insight.sorts import CHILD, HOUSE, TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.store.database import Database, Row

WAYS: Final = ("team", "agent", "flow", "purpose", "model", "prompt", "release", "day")
"""How costs can be told apart."""
_NOT_OF_TASKS = frozenset({"model", "prompt"})
"""A task may use several of these, so none of them has tasks of its own."""
_HISTORY = 56
_WATCHED = 20
_MOST_ODD = 20


@dataclass(frozen=True, slots=True)
class CostRow:
    """One part of what was spent."""

    part: str
    cost: int = 0
    """Micro-units."""
    simulated: int = 0
    """So much of it was never paid: the simulated model, or a recorded answer."""
    calls: int = 0
    failed: int = 0
    input: int = 0
    """Tokens that were read and not in a cache; the five parts are disjoint."""
    cached: int = 0
    cache_written: int = 0
    output: int = 0
    reasoning: int = 0
    share: float = 0.0
    before: int = 0
    """What it cost in as many days before."""
    succeeded: int | None = None
    """Tasks that began in these days and succeeded; None where this cannot be said of a task."""
    per_success: int | None = None
    """What its tasks cost, failed ones and children included, for each that succeeded."""

    @property
    def tokens(self) -> int:
        """All five parts."""
        return self.input + self.cached + self.cache_written + self.output + self.reasoning


@dataclass(frozen=True, slots=True)
class OddDay:
    """A day on which a part cost far more or less than on its likes."""

    day: date
    part: str
    """Empty: everything."""
    cost: int
    median: int
    distance: float
    likes: int


@dataclass(frozen=True, slots=True)
class Month:
    """What a month comes to."""

    month: str
    spent: int
    forecast: Forecast | None
    """With what was spent already; None: too little to go by."""


@dataclass(frozen=True, slots=True)
class Costs:
    """What was spent in some days."""

    since: date
    until: date
    by: str
    total: CostRow
    rows: list[CostRow] = field(default_factory=list[CostRow])
    month: Month | None = None
    odd: list[OddDay] = field(default_factory=list[OddDay])
    judged: int = 0
    """How many days were compared with their likes; the others had too few before them."""


async def costs(database: Database, scope: Scope, by: str, today: date) -> Costs:
    """Read and add up."""
    first = min(scope.since, scope.before().since, today.replace(day=1)) - timedelta(_HISTORY)
    last = max(scope.until, today + timedelta(1))
    used = await database.fetch(
        "reporting.usage", scope.team, first.isoformat(), last.isoformat(), by, scope.agent, scope.flow
    )
    runs = await database.fetch(
        "reporting.runs",
        scope.team,
        scope.since.isoformat(),
        scope.until.isoformat(),
        by,
        scope.agent,
        scope.flow,
    )
    series = _by_day(used)
    everything = _sum_of(series.values())
    inside = [row for row in used if scope.since.isoformat() <= row[0] < scope.until.isoformat()]
    before = scope.before()
    earlier = [row for row in used if before.since.isoformat() <= row[0] < before.until.isoformat()]
    tasks = {} if by in _NOT_OF_TASKS else _tasks(runs)
    total = _total(inside, earlier, runs)
    rows = _rows(inside, earlier, tasks, total, known=by not in _NOT_OF_TASKS)
    watched = {} if by == "day" else {row.part: series.get(row.part, {}) for row in rows[:_WATCHED]}
    odd, judged = _odd_days({"": everything} | watched, scope, first, today)
    return Costs(scope.since, scope.until, by, total, rows, month_of(everything, first, today), odd, judged)


async def daily(database: Database, scope: Scope) -> dict[date, int]:
    """What was spent on each day."""
    used = await database.fetch(
        "reporting.usage",
        scope.team,
        scope.since.isoformat(),
        scope.until.isoformat(),
        "day",
        scope.agent,
        scope.flow,
    )
    return _sum_of(_by_day(used).values())


def month_of(spent: dict[date, int], first: date, today: date) -> Month:
    """What the month of today comes to: what was spent, and what the rest of it is expected to come to."""
    begins = today.replace(day=1)
    after = (begins + timedelta(32)).replace(day=1)
    so_far = sum(spent.get(day, 0) for day in _days(begins, today))
    of_today = spent.get(today, 0)
    coming = forecast([spent.get(day, 0) for day in _days(first, today)], (after - today).days)
    return Month(today.strftime("%Y-%m"), so_far + of_today, _on_top(coming, so_far, of_today))


def day_of_use(spent: dict[date, int], first: date, today: date) -> Forecast | None:
    """What today comes to in all."""
    coming = forecast([spent.get(day, 0) for day in _days(first, today)], 1)
    return _on_top(coming, 0, spent.get(today, 0))


def _on_top(coming: Forecast | None, so_far: int, of_today: int) -> Forecast | None:
    """A forecast of today and later, on top of what was spent before; today is no less than it is already."""
    if coming is None:
        return None
    return replace(
        coming, expected=so_far + max(coming.expected, of_today), low=so_far + max(coming.low, of_today),
        high=so_far + max(coming.high, of_today),
    )  # fmt: skip


def _rows(
    inside: Sequence[Row],
    earlier: Sequence[Row],
    tasks: dict[str, tuple[int, int]],
    total: CostRow,
    *,
    known: bool,
) -> list[CostRow]:
    found: dict[str, CostRow] = {}
    for row in inside:
        found[row[1]] = _added(found.get(row[1], CostRow(row[1])), row)
    past: dict[str, int] = defaultdict(int)
    for row in earlier:
        past[row[1]] += row[9]
    for part in tasks:
        found.setdefault(part, CostRow(part))
    made: list[CostRow] = []
    for part, row in found.items():
        succeeded, spent = tasks.get(part, (0, 0)) if known else (None, 0)
        per = round(spent / succeeded) if succeeded else None
        share = row.cost / total.cost if total.cost else 0.0
        made.append(replace(row, share=share, before=past[part], succeeded=succeeded, per_success=per))
    return sorted(made, key=lambda row: (-row.cost, row.part))


def _total(inside: Sequence[Row], earlier: Sequence[Row], runs: Sequence[Row]) -> CostRow:
    total = CostRow("")
    for row in inside:
        total = _added(total, row)
    of_tasks = _tasks([("", *row[1:]) for row in runs]).get("", (0, 0))
    per = round(of_tasks[1] / of_tasks[0]) if of_tasks[0] else None
    return replace(
        total, share=1.0, before=sum(row[9] for row in earlier), succeeded=of_tasks[0], per_success=per
    )


def _added(known: CostRow, row: Row) -> CostRow:
    _, _, calls, failed, given, cached, written, output, reasoning, cost, simulated = row
    return replace(
        known, cost=known.cost + cost, simulated=known.simulated + simulated, calls=known.calls + calls,
        failed=known.failed + failed, input=known.input + given, cached=known.cached + cached,
        cache_written=known.cache_written + written, output=known.output + output,
        reasoning=known.reasoning + reasoning,
    )  # fmt: skip


def _tasks(runs: Sequence[Row]) -> dict[str, tuple[int, int]]:
    """For each part: how many tasks succeeded, and what all its tasks, children and own runs cost."""
    found: dict[str, tuple[int, int]] = {}
    for part, sort, status, _, _, count, _, cost, *_ in runs:
        succeeded, spent = found.get(part, (0, 0))
        if sort == TASK and status == "succeeded":
            succeeded += count
        if sort in {TASK, CHILD, HOUSE}:
            spent += cost
        found[part] = (succeeded, spent)
    return found


def _by_day(used: Iterable[Row]) -> dict[str, dict[date, int]]:
    found: dict[str, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for row in used:
        found[row[1]][date.fromisoformat(row[0])] += row[9]
    return found


def _sum_of(series: Iterable[dict[date, int]]) -> dict[date, int]:
    found: dict[date, int] = defaultdict(int)
    for each in series:
        for day, cost in each.items():
            found[day] += cost
    return found


def _odd_days(
    series: dict[str, dict[date, int]], scope: Scope, first: date, today: date
) -> tuple[list[OddDay], int]:
    """The days of a period that stand out, the latest first; a day that is not over can only be too dear."""
    odd: list[OddDay] = []
    judged = 0
    for part, spent in series.items():
        for day in _days(scope.since, min(scope.until, today + timedelta(1))):
            found = oddity([spent.get(each, 0) for each in _days(first, day)], spent.get(day, 0))
            if found is None:
                continue
            judged += 1
            if found.stands_out and (day < today or found.distance > 0):
                odd.append(OddDay(day, part, found.value, found.median, found.distance, found.likes))
    return sorted(odd, key=lambda each: (-each.day.toordinal(), -abs(each.distance), each.part))[
        :_MOST_ODD
    ], judged


def _days(first: date, last: date) -> list[date]:
    return [first + timedelta(n) for n in range((last - first).days)]
