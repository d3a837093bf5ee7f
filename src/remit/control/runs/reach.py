"""How runs are reached from outside of them: the ground they stand on, and who carries hints to their workers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from remit.engine.dispatchers.local import LocalDispatcher
from remit.engine.dispatchers.postgres import PostgresDispatcher

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground
    from remit.engine.dispatcher import Dispatcher


class Reach(Protocol):
    """Whoever tells a run something has these two."""

    @property
    def ground(self) -> Ground:
        """Database, keys, clock and principal."""
        ...

    @property
    def dispatcher(self) -> Dispatcher:
        """Who carries hints to the workers."""
        ...


def dispatcher_for(ground: Ground) -> Dispatcher:
    """Hints within this process, or across a fleet."""
    fleet = ground.database.dialect == "postgres"
    return (PostgresDispatcher if fleet else LocalDispatcher)(ground.database, ground.clock)
