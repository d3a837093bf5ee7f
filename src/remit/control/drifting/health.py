"""Drift as the doctor names it: what is for the worse, and what changed, in the last week."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.drifting.telling import book_of, view_of
from remit.control.finding import Finding
from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_WEEK = 7 * 86_400 * MICROSECONDS
_NAMED = 5


async def examine_drift(ground: Ground) -> list[Finding]:
    """A warning for each shift for the worse of the last week."""
    found = [view_of(each) for each in await book_of(ground).found(ground.clock.now() - _WEEK)]
    worse = [each for each in found if each.worse]
    if not worse:
        changed = f"; {len(found)} other changes: remit release drift" if found else ""
        return [Finding("drift", "ok", f"nothing got worse in a week{changed}", "")]
    return [
        Finding("drift", "warning", each.sentence, "See the runs that show it: remit release drift")
        for each in worse[:_NAMED]
    ]
