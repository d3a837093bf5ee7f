"""The office: what can be asked of a workspace and ordered in it without any of its code.

Looking at runs, answering questions, pausing, cancelling, backing up: a broken flow file or a policy that cannot be
read must not stand in the way of the person who mends it. It imports nothing of the user's and acts on nothing.
"""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from remit.control.approving.desk import PeopleDesk
from remit.control.containment.desk import ContainmentDesk
from remit.control.ground.ground import bearer, open_ground
from remit.control.protecting.desk import ProtectionDesk
from remit.control.reporting.terms import Terms
from remit.control.runs.reach import dispatcher_for
from remit.domain.on_use import on_use

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection
    from pathlib import Path

    from remit.control.collecting import desk as collecting_desk
    from remit.control.drifting import desk as drifting_desk
    from remit.control.evaluating import book as evaluating_book
    from remit.control.finding import Finding
    from remit.control.flagging import desk as flagging_desk
    from remit.control.ground.ground import Ground
    from remit.control.ground.root_keys import KeyChoice
    from remit.control.inventory import memory, modelling
    from remit.control.inventory.views import MemoryView, ModelUseView
    from remit.control.labelling import desk as labelling_desk
    from remit.control.observing import desk as observing_desk
    from remit.control.online import desk as online_desk
    from remit.control.redteaming import book as redteaming_book
    from remit.control.releasing import desk as releasing_desk
    from remit.control.reporting import desk
    from remit.control.runs import coverage, inspection, orders, sent
    from remit.control.runs.views import CoverageView, RunSummary, RunView, ScheduleView
    from remit.control.searching import desk as searching_desk
    from remit.control.upkeep import health
    from remit.domain.runs import RunRow
    from remit.engine.dispatcher import Dispatcher
    from remit.store.backup import BackupSummary
else:
    desk = on_use("remit.control.reporting.desk")
    memory = on_use("remit.control.inventory.memory")
    modelling = on_use("remit.control.inventory.modelling")
    collecting_desk = on_use("remit.control.collecting.desk")
    drifting_desk = on_use("remit.control.drifting.desk")
    evaluating_book = on_use("remit.control.evaluating.book")
    online_desk = on_use("remit.control.online.desk")
    flagging_desk = on_use("remit.control.flagging.desk")
    labelling_desk = on_use("remit.control.labelling.desk")
    observing_desk = on_use("remit.control.observing.desk")
    redteaming_book = on_use("remit.control.redteaming.book")
    releasing_desk = on_use("remit.control.releasing.desk")
    searching_desk = on_use("remit.control.searching.desk")
    coverage = on_use("remit.control.runs.coverage")
    inspection = on_use("remit.control.runs.inspection")
    orders = on_use("remit.control.runs.orders")
    sent = on_use("remit.control.runs.sent")
    health = on_use("remit.control.upkeep.health")


class Office(PeopleDesk, ContainmentDesk, ProtectionDesk):
    """An open workspace without its code."""

    def __init__(
        self, ground: Ground, dispatcher: Dispatcher, names: Callable[[str], Collection[str]] | None = None,
        terms: Terms | None = None,
    ) -> None:  # fmt: skip
        self._ground = ground
        self._terms = terms or Terms()
        self._dispatcher = dispatcher
        self._names = names

    @classmethod
    @asynccontextmanager
    async def staffed(
        cls, place: Path, url: str, team: str, *, key: str = "", environment: str = "dev",
        root: KeyChoice | None = None, terms: Terms | None = None,
    ) -> AsyncGenerator[Office]:  # fmt: skip
        """Open the office of a workspace, over the database that its settings name, as whoever shows this key."""
        ground = await open_ground(place, url, team, key=key, environment=environment, root=root)
        try:
            yield Office(ground, dispatcher_for(ground), terms=terms)
        finally:
            await ground.database.close()

    async def acting_as(self, key: str) -> Office:
        """The same office, for whoever shows this key."""
        ground = self.ground
        who = await bearer(ground.database, ground.keys, key, ground.principal.team, ground.clock.now())
        return Office(replace(ground, principal=who), self.dispatcher, self.names_of, self._terms)

    @property
    def ground(self) -> Ground:
        """Database, keys, clock and principal."""
        return self._ground

    @property
    def dispatcher(self) -> Dispatcher:
        """Who carries hints to the workers."""
        return self._dispatcher

    def names_of(self, kind: str) -> Collection[str]:
        """What the code of the workspace names, where this is the office of a process that has it."""
        return self._names(kind) if self._names is not None else ()

    @property
    def url(self) -> str:
        """Where the database is."""
        return self.ground.database.url

    async def model_uses(self, days: int = 7) -> list[ModelUseView]:
        """What models were used for by agents that are not ours, in the last days."""
        return await modelling.uses(self.ground, days)

    @property
    def reporting(self) -> desk.ReportingDesk:
        """What agents cost, how well they do, whether objectives are met."""
        return desk.ReportingDesk(self.ground, self._terms)

    @property
    def observing(self) -> observing_desk.ObservingDesk:
        """What happened: traces by everything they have in common, page by page, and how far that trails the log."""
        return observing_desk.ObservingDesk(self.ground)

    @property
    def collecting(self) -> collecting_desk.CollectingDesk:
        """What other agents sent by OpenTelemetry."""
        return collecting_desk.CollectingDesk(self.ground)

    @property
    def releasing(self) -> releasing_desk.ReleaseDesk:
        """Releases, and the channels that lead to them."""
        return releasing_desk.ReleaseDesk(self.ground)

    @property
    def flags(self) -> flagging_desk.FlagDesk:
        """Feature flags: tools, routes and values that are switched for a share of runs."""
        return flagging_desk.FlagDesk(self.ground)

    @property
    def drifting(self) -> drifting_desk.DriftDesk:
        """What drifted: what shapes agents, and how they do."""
        return drifting_desk.DriftDesk(self.ground)

    @property
    def experiments(self) -> evaluating_book.ExperimentBook:
        """The experiments that were made, and what they came to."""
        return evaluating_book.ExperimentBook(self.ground)

    @property
    def red_team_reports(self) -> redteaming_book.RedTeamBook:
        """The reports of the red team."""
        return redteaming_book.RedTeamBook(self.ground)

    @property
    def searching(self) -> searching_desk.SearchingDesk:
        """What was said in runs, failures as groups, and why a run came out as it did."""
        return searching_desk.SearchingDesk(self.ground)

    @property
    def online(self) -> online_desk.OnlineDesk:
        """How good live runs are, by what they were scored with as they ended."""
        return online_desk.OnlineDesk(self.ground)

    @property
    def labelling(self) -> labelling_desk.LabellingDesk:
        """Labels that people give: queues, what is settled, the sets that are made of it."""
        return labelling_desk.LabellingDesk(self.ground)

    # --- runs -----------------------------------------------------------------------------------------

    async def row(self, run: str) -> RunRow:
        """The row of a run."""
        return await inspection.find(self.ground.database, run)

    async def runs(
        self, *, status: str | None = None, flow: str | None = None, limit: int = 50
    ) -> list[RunSummary]:
        """Runs, newest first; beside ours those of agents that only send telemetry."""
        ours = await inspection.summaries(self.ground, status, flow, limit)
        return await sent.among(self.ground, ours, status, flow, limit)

    async def show(self, run: str) -> RunView:
        """A run as its page shows it."""
        return await inspection.show(self.ground, run)

    async def watch(self, run: str) -> AsyncIterator[RunView]:
        """A run's page, again whenever it changed, until the run ends."""
        async for view in inspection.watch(self.ground, run):
            yield view

    async def coverage(self) -> list[CoverageView]:
        """How far each agent that is not ours is covered."""
        return await coverage.coverage(self.ground)

    async def schedules(self) -> list[ScheduleView]:
        """Flows that start by the clock."""
        return await inspection.schedules(self.ground)

    async def signal(self, run: str, name: str, payload: object = None) -> int:
        """Send a run a message; gives the position in the log."""
        return await orders.signal(self, run, name, payload)

    async def pause(self, run: str) -> int:
        """Let nobody work on a run until it is resumed."""
        return await orders.control(self, run, "pause")

    async def resume(self, run: str) -> int:
        """Let a paused run go on."""
        return await orders.control(self, run, "resume")

    async def cancel(self, run: str, reason: str = "") -> int:
        """Cancel a run and its children."""
        return await orders.control(self, run, "cancel", reason)

    # --- what is known --------------------------------------------------------------------------------

    async def memories(self, scope: str = "", text: str = "") -> list[MemoryView]:
        """What is remembered: by kind of scope or in one scope (`user:lea`), or what fits a text."""
        return await memory.items(self.ground, scope, text)

    async def memory(self, scope: str, key: str) -> MemoryView:
        """One thing that is remembered."""
        return await memory.item(self.ground, scope, key)

    # --- upkeep ---------------------------------------------------------------------------------------

    async def backup(self, archive: Path, keys: Path | None = None) -> BackupSummary:
        """Copy the data while everything runs; keys only into a file of their own."""
        return await orders.backup(self.ground, archive, keys)

    async def doctor(self, *, deep: bool = False) -> list[Finding]:
        """What is wrong, and what to do about it; which flows there are is not known here."""
        return await health.examine_platform(self.ground, None, deep=deep)
