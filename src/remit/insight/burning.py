"""How fast error budgets are used up: for an objective, how many tasks missed it in each stretch of time, what is
left of its budget, and which of the three alerts burn. Arithmetic over counts, and the one query that counts.

A burn rate is the share that went wrong over the share that may. At 1 a budget lasts exactly its window; the alerts
are those of the Google SRE workbook: 14.4 over an hour and its last five minutes, 6 over six hours and half an hour,
1 over three days.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.domain.objectives import Objective
    from remit.store.database import Database

_MINUTE = 60 * MICROSECONDS
_HOUR = 60 * _MINUTE
_DAY = 24 * _HOUR
STRETCHES = (5 * _MINUTE, 30 * _MINUTE, _HOUR, 6 * _HOUR, 3 * _DAY)
"""How far back each stretch reaches; the last one is the window of the objective."""
_NAMES = ("5m", "30m", "1h", "6h", "3d")

State = Literal["ok", "burning", "spent", "too few", "no data"]


class Alert(NamedTuple):
    """A burn rate, and over which stretches it has to be met."""

    rate: float
    long: int
    short: int | None
    meaning: str


ALERTS = (
    Alert(14.4, 2, 0, "page"),
    Alert(6.0, 3, 1, "page"),
    Alert(1.0, 4, None, "ticket"),
)


class Count(NamedTuple):
    """Tasks that ended in a stretch of time, and how many of them missed the objective."""

    tasks: int
    missed: int


@dataclass(frozen=True, slots=True)
class Burn:
    """How an objective stands."""

    name: str
    metric: str
    objective: float
    days: int
    agent: str
    flow: str
    limit: int
    tasks: int
    missed: int
    allowed: float
    """How many tasks may miss it in the window, at what was done so far."""
    left: float | None
    """What is left of the budget: 1 is all of it, 0 nothing, below that it is overdrawn; None where nothing ended."""
    rates: dict[str, float | None]
    """Burn rates by stretch; None where too few tasks ended to say."""
    burning: tuple[str, ...]
    """The alerts that are met: `14.4x over 1h and 5m (page)`."""
    state: State
    score: str = ""
    """Which score of live runs it is about, where it is about one."""


async def count(database: Database, team: str, objective: Objective, now: int) -> list[Count]:
    """Tasks and misses for each stretch and, last, the window."""
    metric = "latency_with_people" if objective.people else objective.score or objective.metric
    query = "online.objective" if objective.score else "reporting.objective"
    begins = [now - back for back in STRETCHES]
    window = now - objective.days * _DAY
    rows = await database.fetch(
        query, team, min(window, begins[-1]), now + 1, metric, objective.limit,
        objective.agent or None, objective.flow or None, *begins,
    )  # fmt: skip
    found = {stretch: Count(tasks, missed) for stretch, tasks, missed in rows}
    counts: list[Count] = []
    tasks = missed = 0
    for stretch in range(len(STRETCHES) + 1):
        here = found.get(stretch, Count(0, 0))
        tasks, missed = tasks + here.tasks, missed + here.missed
        counts.append(Count(tasks, missed))
    if window > begins[-1]:  # a window that is shorter than the longest stretch
        rows = await database.fetch(
            query, team, window, now + 1, metric, objective.limit,
            objective.agent or None, objective.flow or None, *begins,
        )  # fmt: skip
        counts[-1] = Count(sum(row[1] for row in rows), sum(row[2] for row in rows))
    return counts


def burn(objective: Objective, counts: list[Count]) -> Burn:
    """How it stands, by what was counted."""
    tasks, missed = counts[-1]
    rates = {name: _rate(objective, each) for name, each in zip(_NAMES, counts[:-1], strict=True)}
    met = tuple(_said(alert) for alert in alerts_met(rates))
    allowed = objective.allowed * tasks
    left = 1 - missed / allowed if tasks else None
    return Burn(
        objective.name, objective.metric, objective.objective, objective.days, objective.agent, objective.flow,
        objective.limit, tasks, missed, allowed, left, rates, met, _state(objective, tasks, left, met),
        objective.score,
    )  # fmt: skip


def alerts_met(rates: dict[str, float | None]) -> tuple[Alert, ...]:
    """The alerts that burn at these rates."""
    return tuple(alert for alert in ALERTS if _is_met(alert, rates))


def _state(objective: Objective, tasks: int, left: float | None, met: tuple[str, ...]) -> State:
    if left is None:
        return "no data"
    if met:
        return "burning"
    if tasks < objective.least:
        return "too few"
    return "spent" if left < 0 else "ok"


def _rate(objective: Objective, counted: Count) -> float | None:
    if counted.tasks < objective.least:
        return None
    return counted.missed / counted.tasks / objective.allowed


def _is_met(alert: Alert, rates: dict[str, float | None]) -> bool:
    """Over the long stretch and, so that an alert ends soon after its cause, over the short one, too. Where too few
    tasks ended in the short one to say, the long one alone decides.
    """
    long = rates[_NAMES[alert.long]]
    short = rates[_NAMES[alert.short]] if alert.short is not None else None
    return long is not None and long >= alert.rate and (short is None or short >= alert.rate)


def _said(alert: Alert) -> str:
    short = f" and {_NAMES[alert.short]}" if alert.short is not None else ""
    return f"{alert.rate:g}x over {_NAMES[alert.long]}{short} ({alert.meaning})"
