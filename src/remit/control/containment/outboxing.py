"""What of a run is held back, and calling it back: the question that would have answered itself is answered with no."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.approving import inbox
from remit.control.containment.views import HeldView
from remit.control.runs.inspection import find
from remit.domain.approvals import UNCHANGED
from remit.domain.errors import AlreadyDecided

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.control.runs.reach import Reach


async def held(ground: Ground, run: str) -> list[HeldView]:
    """The calls of a run and its children that are not done yet, and when they will be."""
    row = await find(ground.database, run)
    rows = await ground.database.fetch("outbox.held", ground.principal.team, row.id)
    return [HeldView(*each) for each in rows]


async def call_back(reach: Reach, run: str, reason: str = "") -> list[HeldView]:
    """Let none of them be done; gives those that could still be called back."""
    back: list[HeldView] = []
    for each in await held(reach.ground, run):
        try:
            await inbox.decide(reach, each.id, "rejected", UNCHANGED, reason or "called back", "")
        except AlreadyDecided:
            continue  # its time came first, or somebody else
        back.append(each)
    return back
