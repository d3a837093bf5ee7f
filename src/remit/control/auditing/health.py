"""What the doctor says of the evidence: how old the newest checkpoint is, how far each anchor has come, and whether one
of them holds what this log never was. It reads no event.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding
from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.store.database import Row

_LATE_SECONDS = 60
_NO_ANCHOR = "nothing outside the database keeps checkpoints: an older copy or a deletion would not show"
_NAME_ONE = "Name a place in audit.anchors, best on another machine."


async def examine_evidence(ground: Ground) -> list[Finding]:
    """One finding on checkpoints, and one for each anchor."""
    return [await _checkpoints(ground), *await _anchors(ground)]


async def _checkpoints(ground: Ground) -> Finding:
    state = await ground.database.fetch("evidence.state")
    newest = await ground.database.fetch("evidence.newest")
    if state and state[0][9]:
        return Finding("evidence", "broken", state[0][9], "Find out what was changed: remit audit verify")
    cursor = (state[0][4], state[0][5]) if state else (0, 0)
    waiting = await ground.database.fetch("evidence.tail", *cursor, 1)
    late = (ground.clock.now() - waiting[0][4]) // MICROSECONDS if waiting else 0
    said = "no checkpoint was made yet"
    if newest:
        said = f"the newest checkpoint is {_age(ground, newest[0][1])} old and covers {newest[0][0]} events"
    if late > _LATE_SECONDS:
        said += f"; events of {late} s ago are not under any"
        return Finding(
            "evidence", "warning", said, "A worker makes them: remit up; or once: remit audit checkpoint"
        )
    return Finding("evidence", "ok", said, "")


async def _anchors(ground: Ground) -> list[Finding]:
    rows = await ground.database.fetch("evidence.anchors")
    newest = await ground.database.fetch("evidence.newest")
    if not rows and newest:
        return [Finding("anchor", "warning", _NO_ANCHOR, _NAME_ONE)]
    return [_anchor(ground, row, newest[0][0] if newest else 0) for row in rows]


def _anchor(ground: Ground, row: Row, newest: int) -> Finding:
    name, size, at, failed_at, error, contradiction = row
    if contradiction:
        remedy = (
            "See what is missing: remit audit verify. Was a backup restored? Say so: remit audit restored"
        )
        return Finding(
            "anchor", "broken", f"{contradiction}: this is an older copy, or was rewritten", remedy
        )
    if error:
        since = _age(ground, failed_at)
        remedy = "Mend that place; what is missing there is written once it can be."
        return Finding("anchor", "broken", f"{error} It lacks what came in the last {since}.", remedy)
    behind = f", {newest - size} events behind" if newest > size else ""
    return Finding("anchor", "ok", f"{name} was written {_age(ground, at)} ago{behind}", "")


def _age(ground: Ground, at: int | None) -> str:
    seconds = max(0, (ground.clock.now() - (at or 0)) // MICROSECONDS)
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"
