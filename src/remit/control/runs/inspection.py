"""Looking at runs: the list, one run as a page, and a page that follows the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.runs.actions import spent
from remit.control.runs.contracts import contracts_in
from remit.control.runs.coverage import covered
from remit.control.runs.likeness import pretended, pretended_runs
from remit.control.runs.tree import build_tree, open_waits
from remit.control.runs.views import RunSummary, RunView, ScheduleView
from remit.domain.errors import AmbiguousRun, UnknownRun, WrongState
from remit.domain.events import (
    MessageDelivered,
    RunContinued,
    RunCreated,
    RunEnded,
    RunParked,
    RunResumed,
    StepDone,
)
from remit.domain.runs import RunStatus
from remit.engine.outside import run_stream
from remit.store.runs import run_row
from remit.wire.attachment import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from remit.control.ground.ground import Ground
    from remit.domain.events import Event
    from remit.domain.runs import RunRow
    from remit.store.database import Database
    from remit.store.log import Entry

_LOOK_SECONDS = 0.5


async def find(database: Database, wanted: str) -> RunRow:
    """The run with this id, or the only one that begins or ends so, to do something with it."""
    try:
        return await _find(database, wanted)
    except UnknownRun:
        if await database.fetch("canaries.waits", wanted):
            raise WrongState(
                f"{wanted} waits for an answer, and nothing else can be done with it before.",
                "See: remit inbox",
            ) from None
        raise


async def _find(database: Database, wanted: str) -> RunRow:
    rows = await database.fetch("runs.get", wanted)
    if rows:
        return run_row(rows[0])
    text = wanted.replace("%", "").replace("_", "").removesuffix(".")
    found = await _like(database, text) if text else []
    if not found:
        raise UnknownRun(f'there is no run "{wanted}".', "See the latest: remit runs")
    if len(found) > 1:
        raise AmbiguousRun(f'"{wanted}" could be {", ".join(found[:4])}.', "Type more of it.")
    return run_row((await database.fetch("runs.get", found[0]))[0])


async def summaries(ground: Ground, status: str | None, flow: str | None, limit: int) -> list[RunSummary]:
    """A page of runs, newest first."""
    rows = await ground.database.fetch("runs.list", status, flow, None, limit)
    facts = {row[0]: row[1] for row in await ground.database.fetch("runs.step_counts", limit)}
    found = [_summary(row, facts.get(row.id, 0), await _why(ground, row)) for row in map(run_row, rows)]
    others = [
        _summary(each.row, _steps(each.entries), "")
        for each in await pretended_runs(ground)
        if status in {None, each.row.status.value} and flow in {None, each.row.flow}
    ]
    return sorted([*found, *others], key=lambda run: run.id, reverse=True)[:limit] if others else found


async def _why(ground: Ground, row: RunRow) -> str:
    """Why somebody cancelled a run; it stands in the log alone, where it can be shredded."""
    if row.status is not RunStatus.CANCELLED:
        return ""
    entries, _ = await ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    return _cancelled_for(entries)


def _cancelled_for(entries: list[Entry]) -> str:
    orders = [
        e.event for e in entries if isinstance(e.event, MessageDelivered) and e.event.message == "cancel"
    ]
    return orders[-1].detail if orders else ""


async def show(ground: Ground, run: str) -> RunView:
    """Everything about one run."""
    row, entries = await _page(ground, run)
    first = await _created(ground, row, entries[0].event)
    started = entries[0].event
    given = started.input if isinstance(started, (RunCreated, RunContinued)) else {}
    ended = entries[-1].event if isinstance(entries[-1].event, RunEnded) else None
    parked = next((e.event for e in reversed(entries) if isinstance(e.event, RunParked)), None)
    message = ended.message if ended else parked.detail if parked and row.reason == parked.reason else ""
    why = _cancelled_for(entries)
    resumed = sum(isinstance(e.event, RunResumed) for e in entries)
    born_here = len(entries) < 2 or not isinstance(entries[1].event, RunResumed)  # noqa: PLR2004 - else the first pick-up was its first segment
    segments = resumed + born_here
    return RunView(
        _summary(row, _steps(entries), why), shown(given), shown(ended.result) if ended else None, message,
        first.by, segments, row.generation, entries[-1].seq, first.forked_from, first.simulated,
        build_tree(entries, ended=ended is not None), [] if ended else open_waits(entries), spent(entries),
        contracts_in(entries), covered(entries),
    )  # fmt: skip


async def _page(ground: Ground, run: str) -> tuple[RunRow, list[Entry]]:
    """The row and the journal of a run, or of one that a canary pretends to belong to."""
    try:
        row = await _find(ground.database, run)
    except UnknownRun:
        other = await pretended(ground, run)
        if other is None:
            raise
        return other.row, other.entries
    entries, _ = await ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    return row, entries


def _steps(entries: list[Entry]) -> int:
    return sum(isinstance(each.event, StepDone) for each in entries)


async def _created(ground: Ground, row: RunRow, first: Event) -> RunCreated:
    """The event that every run begins with; an empty one where it was shredded."""
    if row.base_seq != 1:
        entries, _ = await ground.log.read(run_stream(row.id), 1, lenient=True)
        first = entries[0].event
    return first if isinstance(first, RunCreated) else RunCreated(row.flow, {}, "", row.pin)


async def watch(ground: Ground, run: str) -> AsyncIterator[RunView]:
    """The page of a run each time it changed, the last one when it has ended."""
    seen: Any = None
    while True:
        view = await show(ground, run)
        run = view.run.id
        if view != seen:
            seen = view
            yield view
        if view.run.ended_at is not None:
            return
        await ground.database.wait_for_change(_LOOK_SECONDS)


async def schedules(ground: Ground) -> list[ScheduleView]:
    """Every schedule."""
    rows = await ground.database.fetch("schedules.all")
    return [ScheduleView(row[0], row[2], row[3], row[4], row[7], bool(row[8])) for row in rows]


async def _like(database: Database, text: str) -> list[str]:
    starts = await database.fetch("runs.like", f"{text}%")
    ends = await database.fetch("runs.like", f"%{text}")
    roots = [row[0] for row in starts if "." not in row[0] or "." in text]
    return list(dict.fromkeys([*roots, *(row[0] for row in ends)]))


def _summary(row: RunRow, steps: int, cancelled_for: str) -> RunSummary:
    return RunSummary(
        row.id, row.flow, row.status.value, row.reason, row.created_at, row.ended_at, row.due,
        row.error, row.parent, row.paused, steps, cancelled_for,
    )  # fmt: skip
