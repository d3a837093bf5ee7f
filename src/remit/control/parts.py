"""The real parts of a platform, plugged together once and passed around as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.engine.breakers import Breakers
from remit.engine.bulkheads import Bulkheads
from remit.engine.dispatchers.local import LocalDispatcher
from remit.engine.dispatchers.postgres import PostgresDispatcher
from remit.engine.lease import Lease, LeaseTerms
from remit.engine.rescue import Rescue
from remit.engine.services import Limits, Services
from remit.engine.worker import Worker
from remit.insight.run_facts import RunFacts

if TYPE_CHECKING:
    from remit.control.ground import Ground
    from remit.engine.dispatcher import Dispatcher
    from remit.engine.flow import Flow


@dataclass(slots=True)
class Parts:
    """What every command of control works with."""

    ground: Ground
    flows: dict[str, Flow]
    dispatcher: Dispatcher
    services: Services
    facts: RunFacts
    worker: Worker | None = None
    """The worker of this process, while there is one."""


def plug_together(ground: Ground, flows: dict[str, Flow], limits: Limits, terms: LeaseTerms) -> Parts:
    """Everything but a worker."""
    fleet = ground.database.dialect == "postgres"
    dispatcher = (PostgresDispatcher if fleet else LocalDispatcher)(ground.database, ground.clock)
    services = Services(
        ground.database, ground.keys, ground.log, ground.clock, limits, flows,
        Lease(ground.database, ground.clock, ground.locks, terms),
        Breakers(ground.clock), Bulkheads(), lambda: dispatcher.submit(""),
    )  # fmt: skip
    return Parts(ground, flows, dispatcher, services, RunFacts(ground.database))


def add_worker(parts: Parts, concurrency: int, only: str) -> Worker:
    """A worker that executes runs in this process."""
    ground = parts.ground
    rescue = Rescue(ground.database, ground.keys, ground.clock, ground.locks, parts.services.lease)
    parts.worker = Worker(parts.services, parts.dispatcher, rescue, concurrency=concurrency, only=only)
    return parts.worker
