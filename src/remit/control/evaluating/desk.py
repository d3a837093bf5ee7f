"""What can be asked about experiments where there is code to try: begin one, go on with one, say before anything is
spent what it could find out.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from remit.control.evaluating import arm
from remit.control.evaluating.book import ExperimentBook
from remit.control.evaluating.elsewhere import Elsewhere
from remit.control.evaluating.progress import Meter
from remit.control.evaluating.registering import workbench
from remit.control.evaluating.views import ExperimentView, Watch, Wish
from remit.control.running.handle import RunHandle
from remit.domain.budgets import MICRO
from remit.domain.clock import MICROSECONDS
from remit.domain.errors import InvalidInput, RunFailed, RunWasCancelled
from remit.domain.experiment_errors import NothingToTry, SuiteChanged, Underpowered, UnknownExperiment
from remit.domain.ids import new_run_id
from remit.domain.quality_errors import UnknownSuite
from remit.domain.release_errors import UnknownRelease
from remit.domain.trials import experiment_flow, trial_flow
from remit.engine.birth import Birth
from remit.engine.outside import run_stream
from remit.operations.releases.book import ReleaseBook
from remit.quality.experiments.plan import NEW, OLD, Arm, Plan
from remit.quality.gating.comparing import differing_of
from remit.quality.gating.evidence import rows_of
from remit.quality.gating.preflight import Preflight, preflight
from remit.quality.judging.scorer import JudgeScorer
from remit.store.database import Op

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from remit.control.evaluating.arm import Staff
    from remit.control.evaluating.workbench import Workbench
    from remit.control.running.parts import Parts
    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.suite import Suite


_MOST_GOES = 10_000
_LATELY = 30 * 24 * 3600 * MICROSECONDS


class EvaluatingDesk(ExperimentBook):
    """The experiments of one workspace."""

    def __init__(
        self, parts: Parts, staff: Staff, suite_named: Callable[[str], Suite],
        may_gate: Callable[[str], Awaitable[object]],
    ) -> None:  # fmt: skip
        """`suite_named` gives a suite that fits the workspace; `may_gate` refuses a judge that is not to be trusted."""
        super().__init__(parts.ground)
        self._parts = parts
        self._staff = staff
        self._suite_named = suite_named
        self._may_gate = may_gate

    async def preflight(self, suite: Suite | str, against: str = "", only: str = "") -> Preflight:
        """What a suite can find out, before anything is spent."""
        chosen = self._suite(suite)
        differing = None
        if against and _folder(against) is None and (earlier := await self._earlier(against)) is not None:
            differing = await self._differing(earlier.place, chosen)
        return preflight(chosen.rules, _only(chosen, only), differing)

    async def run(
        self, suite: Suite | str, wish: Wish = Wish(), watch: Watch | None = None  # noqa: B008 - frozen
    ) -> ExperimentView:  # fmt: skip
        """Put a suite to the code of this workspace, perhaps against other code; gives what it came to."""
        chosen, bench = self._suite(suite), workbench(self._parts, self._staff.leave_out)
        scenarios = _only(chosen, wish.only)
        _check(chosen, wish, scenarios)
        for each in chosen.scorers if wish.gate else ():
            if isinstance(each, JudgeScorer) and set(each.metrics) & chosen.rules.keys():
                await self._may_gate(each.name)
        self._staff.check_work()
        self._target(bench, chosen)
        async with self._against(wish.against, bench) as arms:
            before = await self._before(chosen, scenarios, wish, arms)
            more = {
                "trials": wish.trials or chosen.trials, "seed": wish.seed, "seconds": wish.seconds, "fresh": wish.fresh,
                "max_cost": None if wish.max_cost is None else round(wish.max_cost * MICRO), "gate": wish.gate,
                "by": self._parts.ground.principal.id,
                "variants": wish.variants or await self._variants(chosen, arms),
            }  # fmt: skip
            identity = new_run_id(self._parts.ground.clock.now())
            await self._room(identity)
            parallel = self._parallel(wish.parallel)
            plan = Plan.of(chosen, scenarios, arms, parallel=parallel, notes=_notes(arms, before), **more)
            bench.suites[plan.version] = chosen
            return await self._carried(identity, plan, bench, watch, begin=True)

    async def resume(
        self, experiment: str, suite: Suite | str = "", watch: Watch | None = None
    ) -> ExperimentView:
        """Go on with an experiment whose process died; what it had made it does not make again."""
        identity, plan = await self.plan(experiment)
        bench = workbench(self._parts, self._staff.leave_out)
        if plan.arms[NEW].fingerprint != bench.fingerprint:
            raise SuiteChanged(
                f"{identity} tries code {plan.arms[NEW].fingerprint[:12]}, and this is {bench.fingerprint[:12]}.",
                "Go back to that code, or begin another: what was made of either is not made twice.",
            )
        chosen = self._suite(suite or plan.suite)
        bench.suites[plan.version] = chosen
        bench.scorers(plan)
        self._staff.check_work()
        other = next((arm for arm in plan.arms if arm.kind in {"folder", "release"}), None)
        async with self._against("" if other is None else other.release or other.place, bench) as arms:
            if other is not None and arms[OLD].fingerprint != other.fingerprint:
                raise SuiteChanged(
                    f"{other.name} is not the code any more that {identity} tries.", "Begin it again."
                )
            await self._room(identity)
            return await self._carried(identity, plan, bench, watch, begin=False)

    async def serve(self) -> None:
        """Make goes for another process, over standard input and output."""
        await arm.serve(self._parts, self._staff)

    # --- before ---------------------------------------------------------------------------------------

    def _suite(self, suite: Suite | str) -> Suite:
        return self._suite_named(suite) if isinstance(suite, str) else suite

    def _target(self, bench: Workbench, suite: Suite) -> None:
        if trial_flow(bench.fingerprint, suite.target) not in self._parts.flows:
            raise UnknownSuite(
                f"{suite.name} is about {suite.target}, which is no flow or agent here.",
                "Mend its target: remit eval list",
            )

    @asynccontextmanager
    async def _against(self, against: str, bench: Workbench) -> AsyncGenerator[tuple[Arm, ...]]:
        """The arms, as long as they can be tried."""
        own = Arm("this workspace", bench.fingerprint)
        if not against:
            yield (own,)
            return
        place = _folder(against)
        earlier = await self._earlier(against) if place is None else None
        if earlier is not None:
            yield (own, earlier)
            return
        if place is None:
            await self._release(against)
        kind, where = ("release", against) if place is None else ("folder", str(place))
        other = await Elsewhere.start(
            place or self._parts.ground.workspace, "" if place is not None else against
        )
        bench.elsewhere[where] = other
        try:
            release = "" if kind == "folder" else against
            yield (own, Arm(against, other.fingerprint, kind, where, release=release))
        finally:
            bench.elsewhere.pop(where, None)
            await other.close()

    async def _release(self, wanted: str) -> None:
        """Refuse what is no release either, before a process looks for it."""
        ground = self._parts.ground
        team = ground.principal.team
        try:
            await ReleaseBook(ground.database, ground.keys, ground.log, ground.clock, team).find(wanted)
        except UnknownRelease:
            raise NothingToTry(
                f'"{wanted}" is no experiment, no folder with a workspace and no release.',
                "See: remit eval experiments, remit release list",
            ) from None

    async def _earlier(self, against: str) -> Arm | None:
        """An experiment that was made before, as an arm."""
        try:
            view = await self.show(against)
        except UnknownExperiment:
            if against.startswith("r-"):
                raise
            return None
        if not view.outcome:
            raise NothingToTry(f"{view.id} has not ended well: {view.error or view.status}.", "Name another.")
        _, plan = await self.plan(view.id)
        return Arm(view.id, plan.arms[NEW].fingerprint, "experiment", view.id, plan.scoring)

    async def _before(
        self, suite: Suite, scenarios: tuple[Scenario, ...], wish: Wish, arms: tuple[Arm, ...]
    ) -> Preflight | None:
        """Whether it can answer what is asked; where something depends on it, nothing is spent before it can."""
        if len(arms) < 2:  # noqa: PLR2004 - nothing is compared
            return None
        old = arms[OLD]
        differing = await self._differing(old.place, suite) if old.kind == "experiment" else None
        found = preflight(suite.rules, scenarios, differing)
        if wish.gate and not found.enough and not wish.anyway:
            raise Underpowered(
                f"{found.sentence}. Nothing was spent.",
                "Write more scenarios, ask for a wider margin (margins: in the suite), or try it anyway: --anyway",
            )
        return found

    async def _differing(self, experiment: str, suite: Suite) -> float | None:
        about = await self.find(experiment)
        entries, _ = await self._parts.ground.log.read(run_stream(about.id), lenient=True)
        return differing_of([row for row in rows_of(entries) if row.arm == NEW], suite.rules)

    async def _variants(self, suite: Suite, arms: tuple[Arm, ...]) -> int:
        """How many variants were held against the same code by the same suite lately, this one counted."""
        if len(arms) < 2:  # noqa: PLR2004 - nothing is compared
            return 1
        ground = self._parts.ground
        rows = await ground.database.fetch(
            "trials.variants", ground.principal.team, suite.version, arms[OLD].fingerprint, arms[NEW].fingerprint,
            ground.clock.now() - _LATELY,
        )  # fmt: skip
        return 1 + int(rows[0][0])

    async def _room(self, identity: str) -> None:
        if self._staff.worker is None:
            await self._staff.start_worker(only=identity)

    def _parallel(self, wanted: int) -> int:
        """The experiment itself takes a place in the worker."""
        room = self._parts.worker.concurrency if self._parts.worker is not None else 0
        if room < 2:  # noqa: PLR2004 - as above
            raise NothingToTry(
                "a worker that carries one run at a time cannot carry an experiment and its trials.",
                "Let it carry more: worker.concurrency in remit.toml",
            )
        return max(1, min(wanted, room - 1))

    # --- under way ------------------------------------------------------------------------------------

    async def _carried(
        self, identity: str, plan: Plan, bench: Workbench, watch: Watch | None, *, begin: bool
    ) -> ExperimentView:
        parts = self._parts
        flow = parts.flows[experiment_flow(bench.fingerprint)]
        meter = Meter(plan, parts.ground.clock)
        if watch is not None:
            bench.watchers[identity] = lambda row: watch(meter.saw(row))
        try:
            if begin:
                assert parts.worker is not None  # noqa: S101 - it was started for this
                await parts.worker.begin(self._birth(identity, plan))
            with suppress(RunFailed, RunWasCancelled):  # what is shown says why
                await RunHandle(parts, identity, flow).result()
            await bench.clear(identity)
        finally:
            bench.watchers.pop(identity, None)
        return await self.show(identity)

    def _birth(self, identity: str, plan: Plan) -> Birth:
        parts, arms = self._parts, plan.arms
        ground, flow = parts.ground, parts.flows[experiment_flow(arms[NEW].fingerprint)]
        against = arms[OLD].fingerprint if plan.compares else ""
        row = (
            identity, ground.principal.team, plan.suite, plan.version, arms[NEW].fingerprint, against, int(plan.gate),
            ground.principal.id, ground.clock.now(),
        )  # fmt: skip
        given = parts.house.gate.parts.vault.redact(flow.accept({"plan": plan.plain}))
        return Birth(
            identity, ground.principal.team, flow, given, ground.principal.id, policy=parts.services.policy(),
            release=parts.services.release, beside=(Op("trials.begin", row),),
        )  # fmt: skip


def _folder(against: str) -> Path | None:
    """The folder that is meant, if it is one."""
    place = Path(against)
    if place.is_dir():
        return place.resolve()
    if place.name != against:
        raise NothingToTry(f"there is no folder {against}.", "--against EXPERIMENT, FOLDER or RELEASE")
    return None


def _only(suite: Suite, pattern: str) -> tuple[Scenario, ...]:
    """Those that are meant, by name or by a tag of theirs."""
    wanted = pattern or "*"
    found = tuple(
        each for each in suite.scenarios if any(fnmatchcase(said, wanted) for said in (each.name, *each.tags))
    )
    if not found:
        raise NothingToTry(
            f'no scenario of {suite.name} fits "{pattern}".', f"See: remit eval show {suite.name}"
        )
    return found


def _check(suite: Suite, wish: Wish, scenarios: tuple[Scenario, ...]) -> None:
    if wish.gate and not wish.against:
        raise InvalidInput(
            "a gate needs something to hold the change against.", "--against EXPERIMENT, FOLDER or RELEASE"
        )
    trials = wish.trials or suite.trials
    if (
        trials < 1
        or wish.parallel < 1
        or wish.seconds <= 0
        or (wish.variants is not None and wish.variants < 1)
    ):
        raise InvalidInput("goes, how many at once, their time and variants are at least one.")
    if wish.max_cost is not None and not wish.max_cost > 0:
        raise InvalidInput(
            "an experiment that may cost nothing makes no go.", "Leave --max-cost out for no limit."
        )
    if 2 * trials * len(scenarios) > _MOST_GOES:
        raise InvalidInput(
            f"{trials} goes at each of {len(scenarios)} scenarios are more than one experiment keeps.",
            "Choose some with --only, or fewer --trials.",
        )


def _notes(arms: tuple[Arm, ...], before: Preflight | None) -> tuple[str, ...]:
    found: list[str] = []
    if len(arms) > 1 and len({each.fingerprint for each in arms}) == 1:
        found.append("both arms are the same code")
    if before is not None and not before.enough:
        found.append(before.sentence)
    return tuple(found)
