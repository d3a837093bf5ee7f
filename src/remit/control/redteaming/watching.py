"""The red team by itself: now and then a worker plays every pack of attacks and seals the report. Several workers
may look; one of them plays.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.redteaming.desk import Orders, RedTeamDesk
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidSetting
from remit.engine.step import seconds
from remit.store.database import Commit, Conflict, Op

if TYPE_CHECKING:
    from remit.control.evaluating.arm import Staff
    from remit.control.quality_sections import RedTeamSettings
    from remit.control.running.parts import Parts

_LEAST_SECONDS = 3600
_KEPT_TURNS = 10
_BY = "remit"


class RedTeamWatch:
    """Plays when it is time."""

    def __init__(self, parts: Parts, staff: Staff, chosen: RedTeamSettings) -> None:
        self._parts = parts
        self._staff = staff
        self._every = period(chosen.every)
        self._seed = chosen.seed

    async def look(self) -> None:
        """Play every pack if a report is due, unless another worker does."""
        worker = self._parts.worker
        if not self._every or worker is None or not worker.takes_all:
            return
        desk, ground = RedTeamDesk(self._parts, self._staff), self._parts.ground
        now, team = ground.clock.now(), ground.principal.team
        rows = await ground.database.fetch("redteam.last", team)
        if rows and now - int(rows[0][7]) < self._every:
            return
        turn = now // self._every
        ops = [Op("redteam.turned", (team, turn - _KEPT_TURNS)), Op("redteam.turn", (team, turn, now))]
        try:
            await ground.database.submit(Commit([], [], ops))
        except Conflict:
            return
        await desk.play(Orders(seed=self._seed, by=_BY))


def period(every: str) -> int:
    """How long that is, in microseconds; 0: never."""
    if not every.strip():
        return 0
    found = seconds(every)
    if found < _LEAST_SECONDS:
        raise InvalidSetting(
            f'redteam.every is "{every}"; it plays at most once an hour.',
            'Write every = "7d", or leave it out.',
        )
    return int(found * MICROSECONDS)
