"""The figures behind `/metrics`: sums of the tables of insight and how things stand now, read at most once in a few
seconds however many ask. Which families there are, and how they look, is written elsewhere.
"""

from __future__ import annotations

import asyncio
import resource
import sys
from itertools import groupby
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.insight import burning
from remit.insight.buckets import bounds_of
from remit.insight.exposition import CONTENT_TYPE, Exposition, Spread
from remit.insight.projector import lag_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.control.ground.ground import Ground
    from remit.domain.objectives import Objective
    from remit.insight.burning import Burn
    from remit.store.database import Database, Row

__all__ = ["CONTENT_TYPE", "Figures"]
_FRESH_SECONDS = 5.0
_FRESH_OBJECTIVES = 30.0
"""They count the tasks of weeks: less often, and still many times in the shortest stretch."""
_PARTS_OF_DOUBLING = 4
_LIVE = frozenset({"running", "waiting"})
_PAGE_BYTES = resource.getpagesize()


class Figures:
    """What `/metrics` says."""

    def __init__(self, ground: Ground, objectives: Sequence[Objective] = ()) -> None:
        self._ground = ground
        self._objectives = objectives
        self._burns: list[Burn] = []
        self._burnt_at = float("-inf")
        self._turn = asyncio.Lock()
        self._read_at = float("-inf")
        self._found = Exposition()
        self._since = ground.clock.now()

    async def text(self, requests_open: int = 0) -> str:
        """All of it; `requests_open` is what this process knows by itself."""
        async with self._turn:
            now = self._ground.clock.boot()
            if now - self._read_at >= _FRESH_SECONDS:
                self._found, self._read_at = await self._read(), now
        process = Exposition()
        process.add("remit_process_resident_bytes", (), _resident())
        process.add("remit_process_seconds", (), (self._ground.clock.now() - self._since) / MICROSECONDS)
        process.add("remit_requests_open", (), requests_open)
        return self._found.text() + process.text()

    async def _read(self) -> Exposition:
        found, database = Exposition(), self._ground.database
        _runs(found, await database.fetch("exposition.runs"))
        for team, agent, flow, failure, count in await database.fetch("exposition.failures"):
            found.add("remit_run_failures_total", (team, agent, flow, failure), count)
        _usage(found, await database.fetch("exposition.usage"))
        _spreads(found, await database.fetch("exposition.histograms"))
        await _standing(found, database, self._ground.clock.now())
        for each in await self._burning():
            _objective(found, self._ground.principal.team, each)
        behind = await lag_of(database, self._ground.clock)
        found.add("remit_projection_lag_events", (), behind.events)
        found.add("remit_projection_lag_seconds", (), behind.seconds)
        return found

    async def _burning(self) -> list[Burn]:
        """How each objective stands, or stood a moment ago."""
        ground, now = self._ground, self._ground.clock.boot()
        if now - self._burnt_at >= _FRESH_OBJECTIVES:
            team, at = ground.principal.team, ground.clock.now()
            self._burns = [
                burning.burn(each, await burning.count(ground.database, team, each, at))
                for each in self._objectives
            ]
            self._burnt_at = now
        return self._burns


def _objective(found: Exposition, team: str, burn: Burn) -> None:
    """One objective; of what too few tasks say nothing about, there is no sample."""
    named = (team, burn.name)
    found.add("remit_objective_target", named, burn.objective)
    found.add("remit_objective_tasks", named, burn.tasks)
    found.add("remit_objective_missed", named, burn.missed)
    if burn.left is not None:
        found.add("remit_objective_budget_left", named, burn.left)
    for stretch, rate in burn.rates.items():
        if rate is not None:
            found.add("remit_objective_burn_rate", (*named, stretch), rate)
    met = [alert.meaning for alert in burning.alerts_met(burn.rates)]
    for severity in dict.fromkeys(alert.meaning for alert in burning.ALERTS):
        found.add("remit_objective_burning", (*named, severity), met.count(severity))


def _runs(found: Exposition, rows: Iterable[Row]) -> None:
    for who, group in groupby(rows, key=lambda row: tuple(row[:3])):
        sums = [0] * 8
        for row in group:
            status, runs, *counts = row[3:]
            name = "remit_runs_open" if status in _LIVE else "remit_runs_total"
            found.add(name, (*who, status), runs)
            sums = [before + int(count) for before, count in zip(sums, counts, strict=True)]
        cost, human, *events = sums
        found.add("remit_run_cost_dollars_total", who, cost / MICROSECONDS)
        found.add("remit_human_wait_seconds_total", who, human / MICROSECONDS)
        for name, count in zip(_OF_RUNS, events, strict=True):
            found.add(name, who, count)


_OF_RUNS = (
    "remit_tool_calls_total",
    "remit_tool_failures_total",
    "remit_denials_total",
    "remit_asks_total",
    "remit_loops_total",
    "remit_handoffs_total",
)


def _usage(found: Exposition, rows: Iterable[Row]) -> None:
    for row in rows:
        whose, (calls, failed, retries, cost), parts = row[:4], row[4:8], row[8:]
        found.add("remit_model_calls_total", whose, calls)
        found.add("remit_model_failures_total", whose, failed)
        found.add("remit_model_retries_total", whose, retries)
        found.add("remit_model_cost_dollars_total", whose, cost / MICROSECONDS)
        for part, count in zip(_TOKEN_PARTS, parts, strict=True):
            found.add("remit_tokens_total", (*whose, part), count)


_TOKEN_PARTS = ("input", "cache_read", "cache_write", "output", "reasoning")


def _spreads(found: Exposition, rows: Iterable[Row]) -> None:
    for (team, agent, metric), group in groupby(rows, key=lambda row: tuple(row[:3])):
        name = _HISTOGRAMS.get(metric)
        if name is not None:
            found.spread(name, _spread((team, agent), [(row[3], int(row[4])) for row in group]))


_HISTOGRAMS = {
    "run_time": "remit_run_seconds",
    "run_time_without_people": "remit_run_working_seconds",
    "model_time": "remit_model_seconds",
    "first_token": "remit_first_token_seconds",
    "tool_time": "remit_tool_seconds",
}


def _spread(labels: tuple[str, ...], counts: list[tuple[int, int]]) -> Spread:
    """Every doubling from a millisecond to a day or so; what is counted is exact, the sum is read from the buckets."""
    below: dict[int, int] = {}
    for bucket, count in counts:
        edge = -(-bucket // _PARTS_OF_DOUBLING) * _PARTS_OF_DOUBLING
        below[edge] = below.get(edge, 0) + count
    bounds: list[tuple[float, int]] = []
    so_far = 0
    for edge in _EDGES:
        so_far += sum(count for at, count in below.items() if at <= edge)
        below = {at: count for at, count in below.items() if at > edge}
        bounds.append((bounds_of(edge).high / MICROSECONDS, so_far))
    total = sum(bounds_of(bucket).middle * count for bucket, count in counts) / MICROSECONDS
    return Spread(labels, bounds, total, sum(count for _, count in counts))


_EDGES = range(10 * _PARTS_OF_DOUBLING, 38 * _PARTS_OF_DOUBLING, 2 * _PARTS_OF_DOUBLING)


async def _standing(found: Exposition, database: Database, now: int) -> None:
    """What state says, not what was counted."""
    for team, group, count, oldest in await database.fetch("exposition.approvals"):
        found.add("remit_approvals_open", (team, group), count)
        found.add("remit_oldest_approval_seconds", (team, group), max(0, now - oldest) / MICROSECONDS)
    for team, count in await database.fetch("exposition.unknown"):
        found.add("remit_writes_unknown", (team,), count)
    for team, scope, mode, count in await database.fetch("exposition.halts", now):
        found.add("remit_halts_standing", (team, scope, mode), count)
    for team, count in await database.fetch("exposition.quarantined"):
        found.add("remit_tools_quarantined", (team,), count)
    found.add("remit_workers_alive", (), (await database.fetch("exposition.workers", now))[0][0])
    newest, anchored = (await database.fetch("exposition.log"))[0]
    found.add("remit_log_events", (), newest or 0)
    found.add("remit_log_unanchored_events", (), max(0, (newest or 0) - (anchored or 0)))


def _resident() -> int:
    """The memory of this process; where the system does not say what it is now, the most that it was."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:  # noqa: PTH123 - read at every scrape
            return int(told.read().split()[1]) * _PAGE_BYTES
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
