"""The platform: plugs the real parts together, and is what SDK, terminal and HTTP talk to.

Wiring and delegation only. What a command does stands in the file named for it: `starting`, `orders`, `inbox`,
`inspection`, `rehearsing`.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.control import health, inbox, inspection, orders, rehearsing, settings, starting, workspace
from remit.control.ground import Ground, open_ground
from remit.control.handle import RunHandle
from remit.engine.breakers import Breakers
from remit.engine.bulkheads import Bulkheads
from remit.engine.dispatchers.local import LocalDispatcher
from remit.engine.dispatchers.postgres import PostgresDispatcher
from remit.engine.lease import Lease, LeaseTerms
from remit.engine.rescue import Rescue
from remit.engine.schedules import drop_schedules, set_schedule
from remit.engine.services import Limits, Services
from remit.engine.worker import Worker

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterable

    from remit.control.settings import Settings
    from remit.control.views import Finding, InboxItem, ReplayReport, RunSummary, RunView, ScheduleView
    from remit.domain.clock import Clock
    from remit.domain.runs import RunRow
    from remit.engine.dispatcher import Dispatcher
    from remit.engine.flow import Flow
    from remit.store.backup import BackupSummary

_UNCHANGED = inbox.UNCHANGED


class Platform:
    """An open workspace, with or without a worker in this process."""

    def __init__(self, ground: Ground, flows: dict[str, Flow]) -> None:
        self.ground = ground
        self.flows = flows
        self.worker: Worker | None = None
        self.dispatcher: Dispatcher = _dispatcher(ground)
        lease = Lease(ground.database, ground.clock, ground.locks, LeaseTerms(ground.settings.worker.lease_seconds))
        self.services = Services(
            ground.database, ground.keys, ground.log, ground.clock, _limits(ground.settings), flows, lease,
            Breakers(ground.clock), Bulkheads(), lambda: self.dispatcher.submit(""),
        )  # fmt: skip

    @classmethod
    @asynccontextmanager
    async def open(
        cls, workspace: Path | str = ".", *, database: str = "", flows: Iterable[Flow] = (), worker: bool = True,
        clock: Clock | None = None, chosen: Settings | None = None, only: str = "",
    ) -> AsyncGenerator[Platform]:  # fmt: skip
        """Open a workspace; with `worker`, runs are executed in this process until the block ends."""
        platform = await cls.assemble(workspace, database=database, flows=flows, clock=clock, chosen=chosen)
        try:
            if worker:
                await platform.start_worker(only=only)
            yield platform
        finally:
            await platform.close()

    @classmethod
    async def assemble(
        cls, place: Path | str = ".", *, database: str = "", flows: Iterable[Flow] = (),
        clock: Clock | None = None, chosen: Settings | None = None,
    ) -> Platform:  # fmt: skip
        """Open a workspace without starting anything."""
        root = Path(place).absolute()
        chosen = chosen or settings.load(root)
        given = list(flows) or workspace.load_flows(root, chosen.code)
        ground = await open_ground(root, chosen, database, clock)
        return cls(ground, {flow.name: flow for flow in given})

    async def start_worker(self, *, only: str = "") -> None:
        """Execute runs in this process from now on."""
        ground = self.ground
        rescue = Rescue(ground.database, ground.keys, ground.clock, ground.locks, self.services.lease)
        concurrency = ground.settings.worker.concurrency
        self.worker = Worker(self.services, self.dispatcher, rescue, concurrency=concurrency, only=only)
        await self.worker.start()
        for flow in self.flows.values():
            if flow.cron:
                await set_schedule(self.services, ground.principal.team, flow, ground.principal.id)
        await drop_schedules(self.services, ground.principal.team, ground.principal.id)
        self.dispatcher.submit("")

    async def close(self) -> None:
        """Drain, hand back, close. Safe to call twice."""
        if self.worker is not None:
            await self.worker.stop(self.ground.settings.worker.drain_seconds)
            self.worker = None
        await self.ground.database.close()

    def abandon(self) -> None:
        """End as a killed process does; for tests of what survives that."""
        self.ground.database.abandon()
        if self.worker is not None:
            self.worker.abandon()
            self.worker = None

    @property
    def url(self) -> str:
        """Where the database is."""
        return self.ground.database.url

    @property
    def worker_id(self) -> str:
        """The id of the worker in this process; empty without one."""
        return self.services.lease.worker

    # --- runs -----------------------------------------------------------------------------------------

    async def start(self, flow: Flow | str, /, **given: object) -> RunHandle:
        """Start a run; it is durable when this returns."""
        return await starting.submit(self, flow, given)

    async def submit(self, flow: Flow | str, given: dict[str, object], **options: Any) -> RunHandle:  # noqa: ANN401
        """Start a run with options: `subject`, `session`, `priority`, `at` (when it is due)."""
        return await starting.submit(self, flow, given, **options)

    async def run(self, run: str) -> RunHandle:
        """The run with this id, or a unique beginning or end of it."""
        row = await self.row(run)
        return RunHandle(self, row.id, self.flows.get(row.flow))

    async def row(self, run: str) -> RunRow:
        """The row of a run."""
        return await inspection.find(self.ground.database, run)

    async def runs(self, *, status: str | None = None, flow: str | None = None, limit: int = 50) -> list[RunSummary]:
        """Runs, newest first."""
        return await inspection.summaries(self.ground, status, flow, limit)

    async def show(self, run: str) -> RunView:
        """A run as its page shows it."""
        return await inspection.show(self.ground, run)

    async def watch(self, run: str) -> AsyncIterator[RunView]:
        """A run's page, again whenever it changed, until the run ends."""
        async for view in inspection.watch(self.ground, run):
            yield view

    async def signal(self, run: str, name: str, payload: object = None) -> int:
        """Send a run a message; gives the position in the log."""
        return await orders.signal(self, run, name, payload)

    async def pause(self, run: str) -> None:
        """Let nobody work on a run until it is resumed."""
        await orders.control(self, run, "pause")

    async def resume(self, run: str) -> None:
        """Let a paused run go on."""
        await orders.control(self, run, "resume")

    async def cancel(self, run: str, reason: str = "") -> None:
        """Cancel a run and its children."""
        await orders.control(self, run, "cancel", reason)

    async def migrate_run(self, run: str, renames: dict[str, str]) -> None:
        """Let a run whose code changed follow the new code, under new step names."""
        await orders.control(self, run, "migrate", renames=renames)

    async def replay(self, run: str) -> ReplayReport:
        """Execute today's code over a run's journal, with no side effect."""
        return await rehearsing.replay(self, run)

    async def fork(
        self, run: str, *, at: str | None = None, live: bool = False, input: dict[str, object] | None = None,  # noqa: A002
    ) -> RunHandle:  # fmt: skip
        """A new run that shares this one's past up to a step; its writes are simulated, or asked for if `live`."""
        return await rehearsing.fork(self, run, at, live=live, given=input)

    async def schedules(self) -> list[ScheduleView]:
        """Flows that start by the clock."""
        return await inspection.schedules(self.ground)

    # --- people ---------------------------------------------------------------------------------------

    async def inbox(self, group: str | None = None) -> list[InboxItem]:
        """The questions that wait for a person."""
        return await inbox.items(self.ground, group)

    async def approve(self, question: str, *, value: object = _UNCHANGED, comment: str = "", by: str = "") -> None:
        """Say yes, to the value asked about or to an edited one."""
        await inbox.decide(self, question, "approved", value, comment, by)

    async def reject(self, question: str, reason: str = "", by: str = "") -> None:
        """Say no."""
        await inbox.decide(self, question, "rejected", _UNCHANGED, reason, by)

    # --- upkeep ---------------------------------------------------------------------------------------

    async def backup(self, archive: Path, keys: Path | None = None) -> BackupSummary:
        """Copy the data while everything runs; keys only into a file of their own."""
        return await orders.backup(self.ground, archive, keys)

    async def shred(self, subject: str) -> int:
        """Destroy the keys of everything about a subject; gives how many."""
        return await orders.shred(self.ground, subject)

    async def doctor(self, *, deep: bool = False) -> list[Finding]:
        """What is wrong, and what to do about it."""
        return await health.examine_platform(self.ground, list(self.flows), deep=deep)


def _dispatcher(ground: Ground) -> Dispatcher:
    kind = PostgresDispatcher if ground.database.dialect == "postgres" else LocalDispatcher
    return kind(ground.database, ground.clock)


def _limits(chosen: Settings) -> Limits:
    return Limits(
        chosen.limits.result_bytes, chosen.limits.journal_events, chosen.step.timeout_seconds, chosen.step.grace_seconds
    )
