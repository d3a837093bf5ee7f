"""What the doctor says of the red team: what its last report about everything left open, and whether one is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.finding import Finding
from remit.domain.clock import MICROSECONDS

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_HOUR = 3600 * MICROSECONDS
_DAY = 24 * _HOUR


async def examine_red_team(ground: Ground) -> list[Finding]:
    """Whether attacks reach a harm that nobody has accepted; nothing where none was ever played."""
    team, now = ground.principal.team, ground.clock.now()
    rows = await ground.database.fetch("redteam.last", team)
    ((begun,),) = await ground.database.fetch("redteam.begun", team)
    found: list[Finding] = []
    if begun is not None and begun + _HOUR < now and (not rows or int(rows[0][7]) < begun):
        found.append(Finding(
            "red team", "warning", "a report was begun and never came: its worker died, or it could not be played",
            "Play it: remit redteam",
        ))  # fmt: skip
    if not rows:
        return found
    identity, _, reached, untried, tried, _, _, at = rows[0]
    days = (now - at) // _DAY
    when = f"{days} day{'' if days == 1 else 's'} ago" if days else "today"
    if reached or untried:
        said = f"{reached} of {tried} attacks reached a harm that nobody has accepted, {untried} could not be tried"
        found.append(Finding(
            "red team", "warning", f"{said}, {when}", f"See: remit redteam report {identity}"
        ))  # fmt: skip
    else:
        said = f"{tried} attacks reached no harm that somebody has not accepted, {when}"
        found.append(Finding("red team", "ok", said, ""))
    return found
