"""Taking a run back: what would be undone, and the run that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.running import starting
from remit.control.running.views import UndoView
from remit.control.runs.inspection import find
from remit.domain.errors import WrongState
from remit.gate.foreseeing import FLOW as FORESEE
from remit.gate.receipts import receipts_of
from remit.gate.undoing import FLOW

if TYPE_CHECKING:
    from remit.control.running.handle import RunHandle
    from remit.control.running.parts import Parts


async def foresee(parts: Parts, run: str) -> RunHandle:
    """Start the run that looks at everything another one wrote, as it stands now."""
    row = await find(parts.ground.database, run)
    about = await _about(parts, row.id)
    return await starting.submit(parts, FORESEE, {"target": row.id}, subject=about, origin=row.id)


def views(foreseen: list[dict[str, Any]]) -> list[UndoView]:
    """What it saw, the newest write first."""
    return [
        UndoView(
            each["path"], each["tool"], tuple(each["objects"]), each["at"], each["possible"], each["exact"],
            each["why"], tuple(each.get("difference", ())), each.get("asks", ""), each.get("done", False),
        )
        for each in foreseen
    ]  # fmt: skip


async def undo(parts: Parts, run: str) -> RunHandle:
    """Start the run that takes another one back."""
    row = await find(parts.ground.database, run)
    if not row.status.ended:
        raise WrongState(
            f"{row.id} is still {row.status.value}; what it has yet to do could not be taken back.",
            f"Cancel it first: remit cancel {row.id}",
        )
    return await starting.submit(
        parts, FLOW, {"target": row.id}, subject=await _about(parts, row.id), origin=row.id
    )


async def _about(parts: Parts, run: str) -> str:
    """Whose memory the run wrote: what undo says of it is erased with them."""
    receipts = [each for each in await receipts_of(parts.ground.log, run) if each.kind == "memory"]
    owners = [str(each.arguments.get("scope")).partition(":") for each in receipts]
    users = {owner for kind, _, owner in owners if kind == "user"}
    return users.pop() if len(users) == 1 else ""
