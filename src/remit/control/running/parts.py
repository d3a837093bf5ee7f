"""The real parts of a platform, plugged together once and passed around as one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.agents.run import Run
from remit.control.authority.policy_in_force import NO_DEMANDS, PolicyDemands
from remit.control.drifting.watching import DriftWatch
from remit.control.observing.wiring import Observation
from remit.control.protecting.protection import input_classes
from remit.control.running.acting import build_house
from remit.control.running.assigning import Switch
from remit.control.runs.reach import dispatcher_for
from remit.control.sections import OtelSettings
from remit.engine.breakers import Breakers
from remit.engine.bulkheads import Bulkheads
from remit.engine.lease import Lease
from remit.engine.rescue import Rescue
from remit.engine.services import Services
from remit.engine.worker import Worker

if TYPE_CHECKING:
    from remit.agents.house import House
    from remit.control.ground.ground import Ground
    from remit.control.workspace.code import Code
    from remit.engine.dispatcher import Dispatcher
    from remit.engine.flow import Flow
    from remit.engine.lease import LeaseTerms
    from remit.engine.services import Limits
    from remit.insight.projector import Projector
    from remit.insight.run_facts import RunFacts
    from remit.quality.judging.judge import Judge


@dataclass(slots=True)
class Parts:
    """What every command of control works with."""

    ground: Ground
    flows: dict[str, Flow]
    dispatcher: Dispatcher
    services: Services
    observation: Observation
    house: House
    switch: Switch
    worker: Worker | None = None
    """The worker of this process, while there is one."""
    judges: tuple[Judge, ...] = ()
    """Those that the code of the workspace holds."""

    @property
    def facts(self) -> RunFacts:
        """What lists of runs are read from."""
        return self.observation.facts

    @property
    def projector(self) -> Projector:
        """What tells of the log."""
        return self.observation.projector


async def plug_together(
    ground: Ground, code: Code, limits: Limits, terms: LeaseTerms, environment: str, quiet: str = "",
    policy: PolicyDemands = NO_DEMANDS, budgets: str | None = None,
    otel: OtelSettings = OtelSettings(),  # noqa: B008 - frozen
) -> Parts:  # fmt: skip
    """Everything but a worker."""
    dispatcher = dispatcher_for(ground)
    lease = Lease(ground.database, ground.clock, ground.locks, terms)
    house = await build_house(
        ground, code, lease, environment, limits.result_bytes, policy=policy, budgets=budgets
    )
    released = code.released
    flows = {flow.name: flow for flow in (*code.flows, *house.flows)}
    for flow in flows.values():
        flow.classes = tuple(dict.fromkeys(input_classes(flow).values()))
    services = Services(
        ground.database, ground.keys, ground.log, ground.clock, limits, flows, lease,
        Breakers(ground.clock), Bulkheads(), lambda: dispatcher.submit(""), lambda execution: Run(execution, house),
        lambda run, ended: house.gate.parts.forget(run, ended=ended), quiet,
        release=released.digest if released is not None else "",
        policy=lambda: released.policy if released is not None else house.gate.parts.standing.version,
        halted=house.gate.parts.halts.holds,
    )  # fmt: skip
    observation = Observation(ground, otel, beside=(DriftWatch(ground),))
    return Parts(
        ground, flows, dispatcher, services, observation, house, Switch(ground), judges=tuple(code.judges)
    )  # fmt: skip


def add_worker(parts: Parts, concurrency: int, only: str) -> Worker:
    """A worker that executes runs in this process."""
    ground = parts.ground
    rescue = Rescue(ground.database, ground.keys, ground.clock, ground.locks, parts.services.lease)
    parts.worker = Worker(parts.services, parts.dispatcher, rescue, concurrency=concurrency, only=only)
    return parts.worker
