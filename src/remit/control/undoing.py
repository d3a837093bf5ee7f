"""Taking a run back: what would be undone, and the run that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control import starting
from remit.control.inspection import find
from remit.control.views import UndoView
from remit.domain.errors import WrongState
from remit.gate.undoing import FLOW, plan

if TYPE_CHECKING:
    from remit.control.handle import RunHandle
    from remit.control.parts import Parts


async def preview(parts: Parts, run: str) -> list[UndoView]:
    """The writes of a run, the newest first, and what undo would do about each."""
    row = await find(parts.ground.database, run)
    planned = await plan(parts.house.gate.parts, parts.ground.log, row.id)
    return [
        UndoView(each.path, each.tool, each.objects, each.at, each.possible, each.exact, each.why)
        for _, each in planned
    ]


async def undo(parts: Parts, run: str) -> RunHandle:
    """Start the run that takes another one back."""
    row = await find(parts.ground.database, run)
    if not row.status.ended:
        raise WrongState(
            f"{row.id} is still {row.status.value}; what it has yet to do could not be taken back.",
            f"Cancel it first: remit cancel {row.id}",
        )
    return await starting.submit(parts, FLOW, {"target": row.id})
