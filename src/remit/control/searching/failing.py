"""Failures as groups: by what kind they are, which the projection knows, and within it by what was said, which is
read from the log of the latest runs, for whom it may be shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.collecting.desk import CollectingDesk
from remit.control.paging import page_of
from remit.control.searching.finding import event_at, up_to_date
from remit.control.searching.views import FailuresView, FailureTextView, FailureView
from remit.domain.errors import Shredded, UnknownRun
from remit.domain.events import RunEnded
from remit.engine.step import seconds
from remit.insight.signature import name_of
from remit.insight.texts import alike

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.control.ground.ground import Ground
    from remit.store.database import Row

_MICROSECONDS = 1_000_000
_READ = 20
"""Of so many of the latest runs of a group it is read what they said."""
_READ_OF_OTHERS = 5
"""The same for traces that somebody sent: a whole request is opened for each."""
_SHOWN = 3
_RISEN, _FALLEN = 1.5, 1 / 1.5


async def failures(ground: Ground, since: str = "7d", flow: str = "", limit: int = 20) -> FailuresView:
    """The groups of failures of a time, the largest first; how each stood in the same time before."""
    limit, behind = page_of(limit), await up_to_date(ground)
    period, now, team = int(seconds(since) * _MICROSECONDS), ground.clock.now(), ground.principal.team
    rows = await ground.database.fetch("search.failures", team, now - 2 * period, now - period, flow)
    rows.sort(key=lambda row: (-int(row[1]), -int(row[3]), row[0]))
    return FailuresView(
        since,
        [await _group(ground, row, now - period) for row in rows[:limit]],
        max(0, len(rows) - limit),
        behind,
    )


async def _group(ground: Ground, row: Row, since: int) -> FailureView:
    signature, team = str(row[0]), ground.principal.team
    now, before = int(row[1]), int(row[2])
    runs = await ground.database.fetch("search.failed_runs", team, signature, since, _READ)
    read = runs if _is_ours(runs) else runs[:_READ_OF_OTHERS]
    said = [(each[0], text) for each in read if (text := await _said(ground, each[0], str(each[1])))]
    first = (await ground.database.fetch("search.first_failure", team, signature))[0][0]
    flow, agent, step, error = [*signature.split("/"), "", "", "", ""][:4]
    texts = [FailureTextView(text, len(names), names[-_SHOWN:]) for text, names in alike(said)]
    return FailureView(
        name_of(signature), signature, flow, agent, step, error, now, before, _trend(now, before, first >= since),
        first, int(row[3]), str(runs[0][1]) if runs else "", [each[0] for each in runs[:_SHOWN]], texts, len(said),
    )  # fmt: skip


def _is_ours(runs: Sequence[Row]) -> bool:
    return bool(runs) and str(runs[0][0]).startswith("r-")


async def _said(ground: Ground, run: str, suspect: str) -> str:
    """What a run said when it ended; nothing where that is not for whoever asks, or is gone."""
    if not run.startswith("r-"):
        return await _said_by_others(ground, run, suspect)
    known = await ground.database.fetch("search.run", run)
    readers = str(known[0][1]) if known else ""
    mine = (f"|team:{ground.principal.team}|", f"|user:{ground.principal.id}|")
    if readers and not any(each in readers for each in mine):
        return ""
    rows = await ground.database.fetch("log.last", f"run:{run}")
    event = await event_at(ground, f"run:{run}", rows[0][0]) if rows else None
    return event.message if isinstance(event, RunEnded) else ""


async def _said_by_others(ground: Ground, trace: str, span: str) -> str:
    """What the span says that is suspected in a trace which somebody sent."""
    try:
        found = await CollectingDesk(ground).raw(trace, span)
    except (Shredded, UnknownRun):
        return ""
    raised = (each["attributes"].get("exception.message") for each in found.events)
    return found.message or next((each for each in raised if isinstance(each, str)), "")


def _trend(now: int, before: int, new: bool) -> str:
    if new:
        return "new"
    if not before:
        return "back"
    share = now / before
    return "rising" if share >= _RISEN else "falling" if share <= _FALLEN else "steady"
