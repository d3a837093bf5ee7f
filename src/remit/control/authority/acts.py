"""An act of administration: its events in the stream of the team and what they change, in one commit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.engine.outside import shared_event, team_stream
from remit.store.database import Commit

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from remit.control.ground.ground import Ground
    from remit.domain.event import Event
    from remit.store.database import Op
    from remit.store.keys import DataKey


async def record(
    ground: Ground, events: Iterable[Event], ops: Sequence[Op], sealed_by: DataKey | None = None
) -> int:
    """All of it or nothing; gives the position of the last event, or raises `Conflict`.

    Operations run after the last event is in its place, so that they can refer to the end of the stream. What is about
    a run is sealed by that run's key, so that it is erased with it.
    """
    now, team = ground.clock.now(), ground.principal.team
    key = sealed_by or await ground.keys.team_key(team, now)
    shared = [shared_event(team_stream(team), team, key, event, now) for event in events]
    return (await ground.database.submit(Commit([], [], list(ops), shared))).pos
