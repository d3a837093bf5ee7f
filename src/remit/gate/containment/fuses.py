"""Breakers that halt by themselves: every action of an agent is told here once it is over, and what passes a limit
opens a halt with the evidence, as an event like any other.

Windows are of this process; the halt counts for all of them. A person lifts it, or it ends after a cool-down. An agent
that is stopped already is not stopped again.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from remit.domain.clock import MICROSECONDS
from remit.domain.errors import Infrastructure
from remit.domain.halts import Concern, HaltMode, HaltScope
from remit.gate.containment.opening import open_halt
from remit.policy.containment.breakers import Act, BreakerLimits, Window
from remit.store.database import Conflict

if TYPE_CHECKING:
    from remit.domain.runs import RunRow
    from remit.engine.services import Services
    from remit.gate.containment.board import HaltBoard
    from remit.policy.containment.breakers import Trip

_log = logging.getLogger("remit.halts")
_AGAIN = 10 * MICROSECONDS
"""How long after it tripped a breaker keeps quiet about the same agent."""


class Fuses:
    """The breakers of every agent in this process."""

    def __init__(self) -> None:
        self._limits = BreakerLimits()
        self._mode = HaltMode.QUARANTINE
        self._cool_down = 0
        self._windows: dict[str, Window] = {}
        self._tripped: dict[str, int] = {}
        self.armed = False
        """Whether anything is watched."""

    def arm(self, limits: BreakerLimits, mode: HaltMode, cool_down: float) -> None:
        """Watch from now on; `cool_down` in seconds, 0: until a person lifts it."""
        self._limits, self._mode = limits, mode
        self._cool_down = int(cool_down * MICROSECONDS)
        self._windows.clear()
        self._tripped.clear()
        self.armed = limits.any

    def saw(self, board: HaltBoard, services: Services, row: RunRow, agent: str, act: Act) -> None:
        """An agent did something."""
        window = self._windows.get(agent)
        if window is None:
            window = self._windows[agent] = Window(self._limits)
        trip = window.saw(act)
        if trip is None or act.at - self._tripped.get(agent, act.at - _AGAIN) < _AGAIN:
            return
        about = Concern(row.team, row.id, row.pin, (agent,))
        if board.covering(about) is None and board.quarantine(about) is None:
            self._tripped[agent] = act.at
            services.spawn(self._open(board, services, row, agent, trip))

    async def _open(self, board: HaltBoard, services: Services, row: RunRow, agent: str, trip: Trip) -> None:
        now = services.clock.now()
        try:
            await open_halt(
                services.database, services.keys, now, team=row.team, by=f"breaker:{trip.breaker}",
                scope=HaltScope.AGENT, target=agent, reason=trip.sentence, mode=self._mode,
                until=now + self._cool_down if self._cool_down else None, evidence=trip.evidence | {"run": row.id},
            )  # fmt: skip
        except (Infrastructure, Conflict) as wrong:
            _log.warning("the breaker %s could not stop %s: %s", trip.breaker, agent, wrong)
            self._tripped.pop(agent, None)
            return
        _log.warning("the breaker %s stopped %s: %s", trip.breaker, agent, trip.sentence)
        board.tell()
