"""The platform: what SDK, terminal and HTTP talk to. It reads the settings and delegates.

What a command does stands in the file named for it: `starting`, `orders`, `inbox`, `inspection`, `rehearsing`;
what can be asked of one subject in its desk; how the parts are plugged together in `ground` and `parts`.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from remit.control import choices, settings
from remit.control.authority import limits_in_force
from remit.control.authority.policy_in_force import PolicyDemands
from remit.control.fronting.flow_tools import FlowTools
from remit.control.fronting.fronts import Fronts
from remit.control.ground.ground import open_ground
from remit.control.ground.root_keys import key_choice
from remit.control.office import Office
from remit.control.policy_life.desk import PolicyDesk
from remit.control.protecting.caretaking import Caretaker
from remit.control.protecting.protection import sweep
from remit.control.quality_desk import QualityDesk
from remit.control.running import contracting, starting
from remit.control.running.containing import contain, watch
from remit.control.running.desk import RunningDesk
from remit.control.running.parts import Parts, add_worker, plug_together
from remit.control.tasking.desk import TaskDesk
from remit.control.workspace.code import Code, load_code
from remit.domain.on_use import on_use
from remit.engine.lease import LeaseTerms
from remit.engine.schedules import drop_schedules, serves_schedules, set_schedule
from remit.gate.budgeting.changes import record_budgets

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Mapping

    from remit.agents.agent import Agent
    from remit.control import redteam
    from remit.control.auditing import audit
    from remit.control.containment import recalling
    from remit.control.containment.views import RecallView
    from remit.control.finding import Finding
    from remit.control.fronting import exchanged
    from remit.control.inventory import deprecations, memory, modelling, toolbox
    from remit.control.inventory.views import ModelsView, ToolView
    from remit.control.online import evaluator
    from remit.control.protecting.views import Swept
    from remit.control.redteam import WorstCase
    from remit.control.releasing import desk as releasing_desk
    from remit.control.releasing import serving
    from remit.control.releasing.watching import CanaryWatch
    from remit.control.replaying import golden
    from remit.control.running import undoing
    from remit.control.running.handle import RunHandle
    from remit.control.running.views import UndoView
    from remit.control.searching import desk as searching_desk
    from remit.control.settings import Settings
    from remit.control.upkeep import health
    from remit.domain.clock import Clock
    from remit.engine.flow import Flow
    from remit.engine.services import Services
    from remit.engine.worker import Worker
    from remit.models.cassettes import Mode
    from remit.store.checkpointer import Checkpointer
else:
    audit = on_use("remit.control.auditing.audit")
    evaluator = on_use("remit.control.online.evaluator")
    exchanged = on_use("remit.control.fronting.exchanged")
    recalling = on_use("remit.control.containment.recalling")
    deprecations = on_use("remit.control.inventory.deprecations")
    memory = on_use("remit.control.inventory.memory")
    modelling = on_use("remit.control.inventory.modelling")
    toolbox = on_use("remit.control.inventory.toolbox")
    redteam = on_use("remit.control.redteam")
    releasing_desk = on_use("remit.control.releasing.desk")
    serving = on_use("remit.control.releasing.serving")
    searching_desk = on_use("remit.control.searching.desk")
    golden = on_use("remit.control.replaying.golden")
    undoing = on_use("remit.control.running.undoing")
    health = on_use("remit.control.upkeep.health")


class Platform(Office, PolicyDesk, RunningDesk, QualityDesk):
    """An open workspace with its code, with or without a worker in this process."""

    def __init__(self, parts: Parts, chosen: Settings, written: Mapping[str, Any]) -> None:
        terms = settings.reporting_terms(chosen, parts.ground.workspace)
        super().__init__(parts.ground, parts.dispatcher, terms=terms)
        self._parts = parts
        self._settings = chosen
        parts.switch.sticky = chosen.releases.sticky
        self._written = written
        self.fronts = Fronts(parts, chosen.server.at_once)
        """The front doors: agents that are not ours, by their keys."""
        self.tasks = TaskDesk(parts, choices.served_in(chosen))
        """Tasks that others give to agents of this workspace."""
        self._checkpointer: Checkpointer | None = None
        self._canaries: CanaryWatch | None = None
        self._online: evaluator.Evaluator | None = None
        self._caretaker = Caretaker(
            parts.ground, choices.rules_in(chosen, parts.flows), chosen.retention.sweep_seconds,
            chosen.approvals.canary_percent, *self.duties(chosen.redteam),
        )  # fmt: skip

    @classmethod
    @asynccontextmanager
    async def open(
        cls, workspace: Path | str = ".", *, database: str = "", flows: Iterable[Flow] = (), worker: bool = True,
        agents: Iterable[Agent] = (), clock: Clock | None = None, chosen: Settings | None = None, only: str = "",
        key: str = "", release: str = "",
    ) -> AsyncGenerator[Platform]:  # fmt: skip
        """Open a workspace; with `worker`, runs are executed in this process until the block ends. With `release`, by
        the code of that release rather than as the workspace stands.
        """
        platform = await cls.assemble(
            workspace, database=database, flows=flows, agents=agents, clock=clock, chosen=chosen, key=key,
            release=release,
        )  # fmt: skip
        try:
            if worker:
                await platform.start_worker(only=only)
            yield platform
        finally:
            await platform.close()

    @classmethod
    async def assemble(
        cls, place: Path | str = ".", *, database: str = "", flows: Iterable[Flow] = (),
        agents: Iterable[Agent] = (), clock: Clock | None = None, chosen: Settings | None = None, quiet: str = "",
        key: str = "", release: str = "",
    ) -> Platform:  # fmt: skip
        """Open a workspace without starting anything; bodies of `quiet` runs reach no network but by their steps.

        `key` says who asks, as REMIT_KEY does.
        """
        root = Path(os.path.abspath(place))  # noqa: ASYNC240, PTH100 - as text: it asks no file system
        chosen = chosen or settings.load(root)
        given, asked = list(flows), list(agents)
        code = load_code(root, chosen.code) if not given and not release else Code(given, {}, [])
        at = chosen.workspace
        ground = await open_ground(
            root, database or chosen.database, at.team, clock, key=key, environment=at.environment,
            root=key_choice(chosen),
        )  # fmt: skip
        try:
            code = await serving.code_of(ground, release) if release else code
            code.agents.update({agent.name: agent for agent in asked})
            called = FlowTools(code, chosen.mcp.flows, chosen.mcp.flow_seconds)
            written = limits_in_force.as_written(root, capture=chosen.capture, retention=chosen.retention)
            held = await choices.held(ground, written, code, chosen)
            chosen = choices.as_agreed(chosen, held[limits_in_force.RETENTION])
            parts = await plug_together(
                ground,
                code,
                choices.limits_in(chosen),
                LeaseTerms(chosen.worker.lease_seconds),
                chosen.workspace.environment,
                quiet,
                PolicyDemands(chosen.policy.protect, chosen.policy.shadow, chosen.policy.overdue),
                held[limits_in_force.BUDGETS],
                chosen.otel,
            )
            contracting.hold(parts, contracting.demands_of(chosen.contracts))
            contain(parts, choices.containment_in(chosen))
            called.settle_in(parts)
            if (root / "golden.toml").exists():
                golden.settle_in(parts)
            return cls(parts, chosen, written)
        except BaseException:
            await ground.database.close()
            raise

    def check_work(self) -> None:
        """Raise why this process could execute nothing, before something is submitted that would stay behind."""
        parts, chosen = self._parts, self._settings
        starting.check_agents(parts)
        contracting.require(parts, contracting.demands_of(chosen.contracts), chosen.workspace.environment)
        audit.check_anchors(self.ground, chosen.audit.anchors)

    async def start_worker(self, *, only: str = "", observes: bool = True) -> None:
        """Execute runs in this process from now on, and tell what happens unless another process observes it; refused
        while an agent could not be asked at all.
        """
        parts, principal = self._parts, self.ground.principal
        self.check_work()
        await watch(parts)
        await add_worker(parts, self._settings.worker.concurrency, only).start()
        if await serves_schedules(parts.services, principal.team):
            for flow in self.flows.values():
                if flow.cron:
                    await set_schedule(parts.services, principal.team, flow, principal.id)
            await drop_schedules(parts.services, principal.team, principal.id)
        await parts.house.gate.parts.budgets.start()
        await record_budgets(
            self.ground.database, self.ground.keys, self.ground.clock, principal.team,
            parts.house.gate.parts.accounts, principal.id,
        )  # fmt: skip
        await memory.purge(self.ground)
        if observes:
            parts.observation.start()
        chosen = self._settings.audit
        self._checkpointer = audit.checkpointer_of(
            self.ground, chosen.anchors, chosen.seconds, self.worker_id
        )
        self._checkpointer.start()
        if not only:
            self._canaries = releasing_desk.watching(
                self.ground, self._settings.releases, parts, judges=observes
            )
            if self._settings.online.percent:
                self._online = evaluator.Evaluator(parts, self, choices.online_in(self._settings))
                self._online.start()
        learner = searching_desk.learner(self.ground, partial(exchanged.aside, self.fronts), self._settings)
        if learner is not None and not only:
            learner.start()
            self.fronts.closing.append(learner.stop)
        self._caretaker.start()
        self.tasks.start()
        parts.dispatcher.submit("")
        starting.set_aside()

    async def start_front(self) -> None:
        """Carry the exchanges of the front doors in this process, and claim no other run."""
        parts = self._parts
        starting.check_agents(parts)
        await watch(parts)
        await add_worker(parts, 0, "").start()
        await parts.house.gate.parts.budgets.start()
        starting.set_aside()

    async def close(self) -> None:
        """Drain, hand back, close. Safe to call twice."""
        await self.fronts.stop()
        await self._parts.house.gate.parts.halts.stop()
        await self._parts.observation.stop()
        await self._caretaker.stop()
        if self._canaries is not None:
            await self._canaries.stop()
        if self._online is not None:
            await self._online.stop()
        await self.tasks.stop()
        if self._parts.worker is not None:
            await self._parts.worker.stop(self._settings.worker.drain_seconds)
            self._parts.worker = None
        await self._parts.house.close()
        if self._checkpointer is not None:
            await self._checkpointer.stop()
            self._checkpointer = None
        await self.ground.database.close()

    def abandon(self) -> None:
        """End as a killed process does; for tests of what survives that."""
        self.fronts.abandon()
        self._parts.house.gate.parts.halts.abandon()
        self._parts.observation.abandon()
        self._caretaker.abandon()
        if self._canaries is not None:
            self._canaries.abandon()
        if self._online is not None:
            self._online.abandon()
        self.tasks.abandon()
        if self._checkpointer is not None:
            self._checkpointer.abandon()
            self._checkpointer = None
        self._parts.house.gate.parts.budgets.abandon()
        self.ground.database.abandon()
        if self._parts.worker is not None:
            self._parts.worker.abandon()
            self._parts.worker = None

    @property
    def parts(self) -> Parts:
        """What every command works with."""
        return self._parts

    @property
    def chosen(self) -> Settings:
        """What the workspace chose."""
        return self._settings

    @property
    def written(self) -> Mapping[str, Any]:
        """The budgets and the rules of retention as they are written, in force or not."""
        return self._written

    @property
    def flows(self) -> dict[str, Flow]:
        """The flows of the workspace by name."""
        return self._parts.flows

    @property
    def services(self) -> Services:
        """What runs in memory live on."""
        return self._parts.services

    @property
    def worker(self) -> Worker | None:
        """The worker of this process, while there is one."""
        return self._parts.worker

    def names_of(self, kind: str) -> Collection[str]:
        """What is known by the code of the workspace."""
        house = self._parts.house
        models = house.gate.parts.models.configuration.catalog
        return house.agents if kind == "agent" else [card.name for card in models if kind == "model"]

    async def halts_changed(self) -> None:
        """Whoever acts in this process knows of it before the command returns."""
        await self._parts.house.gate.parts.halts.look()

    @property
    def worker_id(self) -> str:
        """The id of the worker in this process; empty without one."""
        return self._parts.services.lease.worker

    @property
    def searching(self) -> searching_desk.SearchingDesk:
        """As in the office, with the sentence model that is chosen, where this process can ask it."""
        return searching_desk.asking(self.ground, partial(exchanged.aside, self.fronts), self._settings)

    # --- what is taken back ---------------------------------------------------------------------------

    async def trace(self, source: str, days: int = 30) -> RecallView:
        """What descends from a bad source: a step, run, memory, tool or address; and what undo could do about it."""
        return await recalling.trace(self._parts, source, days)

    async def recall(self, source: str, days: int = 30, *, labelled: bool = False) -> RunHandle:
        """Take back all that descends from a bad source, as one run of its own."""
        return await recalling.recall(self._parts, source, days, labelled=labelled)

    async def undo_preview(self, run: str) -> list[UndoView]:
        """What undo would do about each write of a run, the newest first, as things stand now; nothing is changed."""
        if self.worker is None:
            self.check_work()
        handle = await undoing.foresee(self._parts, run)
        if self.worker is None:
            await self.start_worker(only=handle.id)
        return undoing.views(await handle.result())

    async def forget(self, scope: str, key: str = "", *, matching: str = "") -> RunHandle:
        """Forget something that is remembered, as a run of its own."""
        return await memory.forget(self._parts, scope, key, matching)

    # --- what runs act through ------------------------------------------------------------------------

    @property
    def agents(self) -> dict[str, Agent]:
        """The agents of the workspace by name."""
        return self._parts.house.agents

    def secret_users(self) -> dict[str, list[str]]:
        """Who names which secret: tools and providers."""
        return toolbox.secret_users(self._parts)

    async def tools(self) -> list[ToolView]:
        """The tools of the workspace."""
        return await toolbox.tools(self._parts)

    async def accept_tool(self, name: str, digest: str = "") -> ToolView:
        """Accept a definition that waits in quarantine."""
        return await toolbox.accept(self._parts, name, digest)

    def simulate(self, *scripts: Any, cassette: Path | None = None, mode: Mode = "replay") -> None:
        """Let the simulated model answer for every route, by these scripts first, or a cassette; never in prod."""
        self._parts.house.gate.parts.models.simulate(*scripts, cassette=cassette, mode=mode)

    def models(self) -> ModelsView:
        """The models and routes of the workspace, and whom each route would ask now."""
        return modelling.models(self._parts)

    async def worst_case(self, agent: str = "", runs: int | None = None) -> WorstCase:
        """What a hijacked model could do here, tried without performing anything."""
        return await redteam.worst_case(self._parts, agent, redteam.RUNS if runs is None else runs)

    @property
    def releasing(self) -> releasing_desk.ReleaseDesk:
        """Releases, with the code that they are made of, or that they are tried with."""
        chosen = self._settings
        return releasing_desk.ReleaseDesk(self.ground, self._parts, chosen.releases, chosen.code)

    async def sweep(self) -> Swept:
        """Apply the rules of capture and retention now; a worker does so by itself now and then."""
        return await sweep(
            self.ground, choices.rules_in(self._settings, self.flows), self.ground.principal.id
        )

    async def doctor(self, *, deep: bool = False) -> list[Finding]:
        """What is wrong, and what to do about it."""
        found = await health.examine_platform(
            self.ground, list(self.flows), deep=deep, days=self._settings.retention.days
        )
        models = self._parts.house.gate.parts.models.configuration
        found += deprecations.findings(models, self.ground.clock.now())
        return [*found, *golden.findings(await golden.last(self._parts))]
