"""What agents sent that are not ours, as lines among the runs that are. They are read from a projection, so they may
trail by a moment; nothing can be done with them but look.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.runs.views import RunSummary

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

_LOOK = 20_000
"""So many of each source are looked through."""


async def among(
    ground: Ground, ours: list[RunSummary], status: str | None, flow: str | None, limit: int
) -> list[RunSummary]:
    """The newest of our runs and of what was sent, newest first."""
    database, team = ground.database, ground.principal.team
    found = list(ours)
    for (source,) in await database.fetch("foreign.senders", team):
        rows = await database.fetch("observing.sent", team, source, status or "", flow or "", limit, _LOOK)
        found += [
            RunSummary(trace, name, state, "", started, ended, None, error, None, False, steps, "", sender)
            for trace, name, state, error, started, ended, steps, sender in rows
        ]
    if len(found) == len(ours):
        return ours
    return sorted(found, key=lambda run: (run.created_at, run.id), reverse=True)[:limit]
