"""Why a run came out as it did: its events are read, and rules look back from the end. It needs no projection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.runs.inspection import find
from remit.control.searching.faults import fault_in
from remit.control.searching.finding import up_to_date
from remit.domain.errors import UnknownRun
from remit.engine.outside import run_stream
from remit.insight.why.causes import first_cause
from remit.insight.why.spans import MOST, story_of_spans
from remit.insight.why.story import story_of
from remit.insight.why.telling import MOST_LINES, Explanation, Line, explained

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.insight.why.story import Story
    from remit.quality.attribution.fault import Fault

__all__ = ["Explained", "Explanation", "why"]
_DEEPEST = 5
_SURE, _SURE_OF_SUCCESS = 0.3, 0.6
"""So sure the signs have to be before somebody is named, in a run that failed and in one that did not."""
_FOREIGN = re.compile("o?[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class Explained(Explanation):
    """Why a run came out as it did, and which agent is most likely at fault."""

    fault: Fault | None = None


async def why(ground: Ground, run: str) -> Explained:
    """The explanation of a run, however it stands; of one of ours, with the agent that is most likely at fault."""
    found = await _explained(ground, run)
    fault = None if _FOREIGN.fullmatch(run) else (await fault_in(ground, found.run))[1]
    sure = _SURE if found.status == "failed" else _SURE_OF_SUCCESS
    if (
        fault is None
        or not fault.agent
        or fault.confidence < sure
        or found.status not in {"failed", "succeeded"}
    ):
        fault = None
    return Explained(
        found.run, found.flow, found.status, found.error, found.cause, found.suspect, found.event, found.group,
        _with_fault(found.lines, fault), fault,
    )  # fmt: skip


def _with_fault(lines: tuple[Line, ...], fault: Fault | None) -> tuple[Line, ...]:
    """Who is at fault stands below what it goes back to; what to do next stays the last."""
    if fault is None:
        return lines
    sign = fault.evidence[0]
    said = Line(
        "fault",
        f"{fault.agent}, at {fault.step}: {sign.text} (confidence {fault.confidence:.2f})",
        sign.events,
    )
    begin = next((n for n, line in enumerate(lines) if line.about not in {"ended", "cause"}), len(lines))
    whole = [*lines[:begin], said, *lines[begin:-1]][: MOST_LINES - 1]
    return (*whole, lines[-1])


async def _explained(ground: Ground, run: str, depth: int = 0) -> Explanation:
    """Where a child failed, with what that goes back to."""
    story = await _foreign(ground, run) or await _story(ground, run)
    cause = first_cause(story)
    child = story.children.get(cause.act.path) if cause.act is not None and cause.kind == "child" else None
    below = None
    if child and depth < _DEEPEST:
        try:
            below = await _explained(ground, child, depth + 1)
        except UnknownRun:
            below = None
    return explained(story, below)


async def _foreign(ground: Ground, trace: str) -> Story | None:
    """A trace of another agent, by its name here; None if there is none of that name."""
    if _FOREIGN.fullmatch(trace) is None:
        return None
    await up_to_date(ground)
    named = f"o{trace.removeprefix('o')}"
    known = await ground.database.fetch("search.trace", named, ground.principal.team)
    if not known:
        return None
    return story_of_spans(named, known[0], await ground.database.fetch("search.spans", named, MOST))


async def _story(ground: Ground, run: str) -> Story:
    row = await find(ground.database, run)
    entries, _ = await ground.log.read(run_stream(row.id), row.base_seq, lenient=True)
    story = story_of(row.id, entries)
    story.flow = story.flow or row.flow
    return story
