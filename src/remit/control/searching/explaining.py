"""Why a run came out as it did: its events are read, and rules look back from the end. It needs no projection."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from remit.control.runs.inspection import find
from remit.control.searching.finding import up_to_date
from remit.domain.errors import UnknownRun
from remit.engine.outside import run_stream
from remit.insight.why.causes import first_cause
from remit.insight.why.spans import MOST, story_of_spans
from remit.insight.why.story import story_of
from remit.insight.why.telling import Explanation, explained

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.insight.why.story import Story

__all__ = ["Explanation", "why"]
_DEEPEST = 5
_FOREIGN = re.compile("o?[0-9a-f]{32}")


async def why(ground: Ground, run: str, depth: int = 0) -> Explanation:
    """The explanation of a run, however it stands; where a child failed, with what that goes back to."""
    story = await _foreign(ground, run) or await _story(ground, run)
    cause = first_cause(story)
    child = story.children.get(cause.act.path) if cause.act is not None and cause.kind == "child" else None
    below = None
    if child and depth < _DEEPEST:
        try:
            below = await why(ground, child, depth + 1)
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
