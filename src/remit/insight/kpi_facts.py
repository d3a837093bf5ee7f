"""The sums that key figures are made of, for the tasks of a team that began in some days: read from projections and
from what is kept of questions, added up, nothing more. What a figure is, is written in `kpi_catalog`; how it is
made, in `kpis`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.domain.approvals import CONTRACT
from remit.domain.clock import MICROSECONDS
from remit.insight.quality_facts import QualityFacts
from remit.insight.sorts import CHILD, HOUSE, SHARED, TASK

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.store.database import Database, Row

DAY = 86_400 * MICROSECONDS
_INFRASTRUCTURE = "infrastructure"


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose figures, of which days: from the first on, up to but without `until`. Days are those of UTC."""

    team: str
    since: date
    until: date
    agent: str | None = None
    flow: str | None = None

    @property
    def days(self) -> int:
        """How many days it has."""
        return (self.until - self.since).days

    @property
    def begins(self) -> int:
        """The first microsecond of it."""
        return start_of(self.since)

    @property
    def ends(self) -> int:
        """The first microsecond after it."""
        return start_of(self.until)

    def before(self) -> Scope:
        """As many days, just before it."""
        return Scope(self.team, self.since - timedelta(self.days), self.since, self.agent, self.flow)


class Questions(NamedTuple):
    """What became of questions of one kind."""

    asked: int = 0
    approved: int = 0
    """As they were asked."""
    edited: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class Facts:
    """The sums."""

    narrowed: bool = False
    """Whether they are of one agent or flow; what is known of a whole team alone is that of the team."""
    started: int = 0
    succeeded: int = 0
    failed: int = 0
    broken: int = 0
    """Of those that failed: because the ground gave way."""
    cancelled: int = 0
    looped: int = 0
    asking: int = 0
    """Tasks, over by now, that asked people anything, themselves or by a child."""
    asking_succeeded: int = 0
    escalated: int = 0
    """Tasks, over by now, whose matter was handed to a person."""
    work: int = 0
    """What tasks cost, with their children and what Remit did by itself."""
    model_calls: int = 0
    tool_calls: int = 0
    task_actions: int = 0
    """Of tasks that are over, and of children."""
    tool_failures: int = 0
    retries: int = 0
    denials: int = 0
    handoffs: int = 0
    writes: int = 0
    undone: int = 0
    recalled: int = 0
    traces: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """For each source: how many traces that are over, and how many of them lack nothing."""
    handed: Questions = field(default_factory=Questions)
    """Matters that a flow or a step handed to a person."""
    held: Questions = field(default_factory=Questions)
    """Actions that a rule held, or a live fork."""
    called_back: int = 0
    """Actions that were called back while they were held back."""
    decided: int = 0
    """Questions of tasks, of any kind, that a person answered."""
    answered: int = 0
    """The same, those of exchanges included."""
    ratings: dict[int, int] = field(default_factory=dict[int, int])
    tools: dict[str, int] = field(default_factory=dict[str, int])
    """For each tool, how many agents called it."""
    tool_calls_by: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    """For each tool: calls and failures."""
    histograms: dict[str, list[tuple[int, int]]] = field(default_factory=dict[str, list[tuple[int, int]]])
    findings: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Tools in quarantine, breakers open, canaries agreed to, attacks that reach a harm."""
    first_agent: int | None = None
    """From the beginning of the log to the first success of a task with an agent."""
    quality: QualityFacts = field(default_factory=QualityFacts)

    @property
    def ended(self) -> int:
        """Tasks that are over."""
        return self.succeeded + self.failed + self.cancelled


def start_of(day: date) -> int:
    """The first microsecond of a day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * MICROSECONDS


def day_of(at: int) -> date:
    """The day of a moment."""
    return datetime.fromtimestamp(at // MICROSECONDS, UTC).date()


async def gather(database: Database, scope: Scope, quality: QualityFacts) -> Facts:
    """Read and add up; what is known of quality is read elsewhere."""
    days = (scope.team, scope.since.isoformat(), scope.until.isoformat())
    chosen = (scope.agent, scope.flow)
    runs = await database.fetch("reporting.runs", *days, "", *chosen)
    times = (scope.team, scope.begins, scope.ends)
    questions = await database.fetch("reporting.questions", *times, *chosen, CONTRACT)
    asked = await database.fetch("reporting.asked", *times, *chosen, CONTRACT)
    tools = await database.fetch("reporting.tools", *days, *chosen)
    buckets = await database.fetch("reporting.histograms", *days, *chosen)
    over = [row for row in asked if row[0] in _OVER]
    answered = [row for row in questions if row[3] in {"approved", "rejected"} and not row[2]]
    return Facts(
        **_of_runs(runs),
        narrowed=scope.agent is not None or scope.flow is not None,
        asking=sum(row[1] for row in over),
        asking_succeeded=sum(row[1] for row in over if row[0] == "succeeded"),
        escalated=sum(row[2] for row in over),
        recalled=(await database.fetch("reporting.recalled", *times, *chosen))[0][0],
        handed=_questions(row for row in questions if row[0] == "human" and not row[1]),
        held=_questions(row for row in questions if row[0] in {"approval", "write"} and not row[2]),
        called_back=sum(row[6] for row in questions if row[2] and row[3] == "rejected"),
        decided=sum(row[6] for row in answered if row[5] == TASK),
        answered=sum(row[6] for row in answered),
        ratings={row[0]: row[1] for row in await database.fetch("ratings.since", *times, *chosen)},
        tools=dict(Counter(row[0] for row in tools if row[1])),
        tool_calls_by=_by_tool(tools),
        histograms=_by_metric(buckets),
        findings=tuple((await database.fetch("reporting.findings", *times))[0]),
        first_agent=await _first_agent(database, scope.team),
        quality=quality,
    )


_OVER = {"succeeded", "failed", "cancelled"}


def _of_runs(rows: Sequence[Row]) -> dict[str, Any]:
    sums: Counter[str] = Counter()
    traces: dict[str, tuple[int, int]] = {}
    for _, sort, status, failure, source, runs, _, cost, models, tools, *rest in rows:
        failures, retries, denials, handoffs, writes, undone, looped, complete = rest
        if status in _OVER:
            known = traces.get(source, (0, 0))
            traces[source] = (known[0] + runs, known[1] + complete)
        if sort == TASK:
            sums.update(started=runs, looped=looped)
            if status in _OVER:
                sums[status] += runs
            if status == "failed" and failure == _INFRASTRUCTURE:
                sums["broken"] += runs
        if sort in {TASK, CHILD, HOUSE}:
            sums["work"] += cost
        if sort == CHILD or (sort == TASK and status in _OVER):
            sums["task_actions"] += models + tools
        if sort in {TASK, CHILD, SHARED}:
            sums.update(
                model_calls=models, tool_calls=tools, tool_failures=failures, retries=retries, denials=denials,
                handoffs=handoffs, writes=writes, undone=undone,
            )  # fmt: skip
    return {**sums, "traces": traces}


def _questions(rows: Iterable[Row]) -> Questions:
    asked = approved = edited = rejected = 0
    for _, _, _, status, changed, _, n in rows:
        asked += n
        approved += n if status == "approved" and not changed else 0
        edited += n if status == "approved" and changed else 0
        rejected += n if status == "rejected" else 0
    return Questions(asked, approved, edited, rejected)


def _by_tool(rows: Sequence[Row]) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for tool, _, calls, failed in rows:
        known = found.get(tool, (0, 0))
        found[tool] = (known[0] + calls, known[1] + failed)
    return found


def _by_metric(rows: Sequence[Row]) -> dict[str, list[tuple[int, int]]]:
    found: dict[str, list[tuple[int, int]]] = {}
    for metric, bucket, n in rows:
        found.setdefault(metric, []).append((bucket, n))
    return found


async def _first_agent(database: Database, team: str) -> int | None:
    founded = await database.fetch("reporting.founded")
    first = await database.fetch("reporting.first", team)
    return max(0, first[0][0] - founded[0][0]) if founded and first else None
