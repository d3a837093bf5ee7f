"""Where this process makes trials: each as a run of its own, found again by its id if a process died over it, and found
again by what shaped it if it was made before. It scores nothing and adds nothing up.
"""

from __future__ import annotations

import asyncio
import contextvars
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from remit.control.running.handle import RunHandle
from remit.control.running.patience import ended, ended_within
from remit.control.runs import orders
from remit.domain.errors import Shredded, TimedOut, WrongState
from remit.domain.experiment_errors import SuiteChanged
from remit.domain.trials import trial_flow, trial_id
from remit.engine.attempts import Deadline
from remit.engine.birth import Birth
from remit.engine.outside import run_stream
from remit.quality.experiments.plain import plain_of
from remit.quality.experiments.plan import NEW
from remit.quality.experiments.reading import read_trial
from remit.quality.gating.comparing import outcome
from remit.quality.gating.evidence import rows_of
from remit.quality.scorers.gold import GoldScorer
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from remit.control.evaluating.elsewhere import Elsewhere
    from remit.control.running.parts import Parts
    from remit.domain.tools import ToolManifest
    from remit.quality.experiments.plan import Item, Plan
    from remit.quality.experiments.rows import Row
    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.score import Scorer
    from remit.quality.suite import Suite
    from remit.quality.trial import Trial

Json = Any
_PATIENCE = 10.0


class Workbench:
    """The bench of one process."""

    def __init__(self, parts: Parts, fingerprint: str) -> None:
        self._parts = parts
        self.fingerprint = fingerprint
        self.suites: dict[str, Suite] = {}
        """The suites of experiments under way, by their version."""
        self.elsewhere: dict[str, Elsewhere] = {}
        """Other processes that try other code, by their folder."""
        self.watchers: dict[str, Callable[[Row], None]] = {}
        """Who is told of each go, by experiment."""

    # --- what an experiment asks ----------------------------------------------------------------------

    def scorers(self, plan: Plan) -> Sequence[Scorer]:
        """Gold first, then those of the suite, which have to be those that it was begun with."""
        suite = self.suites.get(plan.version)
        scorers = (GoldScorer(), *suite.scorers) if suite is not None else ()
        if suite is None or tuple((each.name, each.digest) for each in scorers) != plan.scorers:
            raise SuiteChanged(
                f"{plan.suite} is not scored any more as it was when this experiment was begun.",
                "Begin it again: goes that were made are not made twice.",
            )
        return scorers

    async def known(self, plan: Plan, item: Item) -> Trial | None:
        """The same go, if it was made before; one that the ground gave way under is made again."""
        if plan.arms[item.arm].kind != "workspace":
            return None  # who makes it elsewhere knows by itself
        rows = await self._parts.ground.database.fetch("trials.known", self._tag(plan, item), self._team)
        if not rows:
            return None
        scenario = plan.scenarios[item.scenario]
        with suppress(Shredded):
            found = await self._read(str(rows[0][0]), scenario, item)
            return None if found.infra else found
        return None

    async def make(self, experiment: str, plan: Plan, item: Item, attempt: int) -> Trial:
        """Make a go, or wait for the one that was begun already."""
        arm = plan.arms[item.arm]
        if arm.kind != "workspace":
            return await self.elsewhere[arm.place].make(experiment, plan, item, attempt)
        run = trial_id(experiment, item.arm, item.scenario, item.index, attempt)
        flow = self._parts.flows[trial_flow(self.fingerprint, plan.target)]
        if not await self._parts.ground.database.fetch("runs.get", run):
            birth = self._birth(experiment, plan, item, run)
            assert self._parts.worker is not None  # noqa: S101 - an experiment is carried by one
            await _apart(self._parts.worker.begin(birth))
        await ended_within(self._parts, RunHandle(self._parts, run, flow), plan.seconds, "a trial")
        return await self._read(run, plan.scenarios[item.scenario], item)

    async def earlier(self, experiment: str) -> list[Row]:
        """The rows of the arm that an earlier experiment judged."""
        entries, _ = await self._parts.ground.log.read(run_stream(experiment), lenient=True)
        return [row for row in rows_of(entries) if row.arm == NEW]

    async def read(self, plan: Plan, row: Row, item: Item) -> Trial:
        """The trial of a row again."""
        arm, scenario = plan.arms[item.arm], plan.scenarios[item.scenario]
        if arm.kind != "workspace":
            return await self.elsewhere[arm.place].make(row.run.rpartition(".")[0], plan, item, row.attempts)
        return await self._read(row.run, scenario, item)

    def saw(self, experiment: str, row: Row) -> None:
        """Another go has ended."""
        told = self.watchers.get(experiment)
        if told is not None:
            told(row)

    def add_up(self, plan: Plan, rows: Sequence[Row]) -> dict[str, Json]:
        """What it comes to."""
        return outcome(plan, rows)

    async def clear(self, experiment: str) -> None:
        """Let no go be left over that an experiment which has ended, or was cancelled, will never ask for."""
        for run, flow in await self._parts.ground.database.fetch("trials.left", experiment):
            handle = RunHandle(self._parts, str(run), self._parts.flows.get(str(flow)))
            with suppress(WrongState, TimedOut):
                await orders.control(self._parts, handle.id, "cancel", f"{experiment} has ended")
                async with Deadline(self._parts.ground.clock, _PATIENCE, "cancelling a trial"):
                    await ended(handle)

    # --- a trial --------------------------------------------------------------------------------------

    def _birth(self, experiment: str, plan: Plan, item: Item, run: str) -> Birth:
        ground, scenario = self._parts.ground, plan.scenarios[item.scenario]
        flow = self._parts.flows[trial_flow(self.fingerprint, plan.target)]
        checks = [{"tool": each.tool, "args": dict(each.args)} for each in scenario.gold.state if each.tool]
        world = {
            "environment": plain_of(scenario.environment), "turns": plain_of(scenario.turns), "seed": item.seed,
            "checks": checks, "scenario": scenario.name, "index": item.index, "experiment": experiment,
        }  # fmt: skip
        given = flow.accept({**scenario.input, "trial": world})
        vault, services = self._parts.house.gate.parts.vault, self._parts.services
        now = ground.clock.now()
        begun = Op("trials.add", (self._tag(plan, item), self._team, run, experiment, now))
        return Birth(
            run, self._team, flow, vault.redact(given), ground.principal.id, policy=services.policy(),
            release=services.release, beside=(begun,), origin=experiment,
        )  # fmt: skip

    async def _read(self, run: str, scenario: Scenario, item: Item) -> Trial:
        return await read_trial(self._parts.services, run, scenario, item.index, item.seed, self._tools())

    def _tools(self) -> dict[str, ToolManifest]:
        return {tool.name: tool.manifest for tool in self._parts.house.gate.parts.registry}

    def _tag(self, plan: Plan, item: Item) -> str:
        """The name of everything that shapes a go."""
        arm, scenario = plan.arms[item.arm], plan.scenarios[item.scenario]
        said = (
            f"trial|{self._team}|{arm.fingerprint}|{plan.target}|{scenario.digest}|{item.index}|{item.seed}"
        )
        return self._parts.ground.keys.tag(said)

    @property
    def _team(self) -> str:
        return self._parts.ground.principal.team


async def _apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Do it in a task of its own, which knows nothing of the run that asked for it."""
    return await asyncio.get_running_loop().create_task(work, context=contextvars.Context())
