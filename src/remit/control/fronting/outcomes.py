"""An exchange that went on without its caller, because a person had to agree: what it waits for, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.runs.inspection import show
from remit.domain.errors import RemitError
from remit.domain.front_errors import Pending

if TYPE_CHECKING:
    from remit.control.fronting.fronts import Fronts
    from remit.control.running.parts import Parts
    from remit.domain.fronting import Caller


async def waiting_for(parts: Parts, run: str) -> str:
    """Whom it waits for, and why."""
    for wait in (await show(parts.ground, run)).waits:
        if wait.approval:
            about = f": {wait.about.rstrip('.')}" if wait.about else ""
            return f"{wait.approval} waits for {wait.group or 'a person'}{about}."
    return f"{run} waits for a person to agree."


async def meet(
    fronts: Fronts, caller: Caller, run: str, told: dict[str, Any], patience: float
) -> dict[str, Any]:
    """What it gave, to the caller who came back for it; once they know, the same call is another one."""
    try:
        found = await fronts.rejoin(caller, run, patience=patience)
    except Pending:
        raise
    except RemitError:
        await _told(fronts, caller, run, told)
        raise
    await _told(fronts, caller, run, told)
    return found


async def _told(fronts: Fronts, caller: Caller, run: str, told: dict[str, Any]) -> None:
    tag = fronts.returning.tag(caller, told)
    if await fronts.returning.run_of(tag) == run:
        await fronts.returning.told(tag)
