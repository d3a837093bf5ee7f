"""An experiment: the durable flow that puts a suite to one arm or two, a step for each go. A go that is in the log is
never made again; one that was under way when the process died goes on where its own run stands. What it comes to is
reckoned from its rows alone.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect
from remit.domain.errors import RemitError
from remit.domain.trials import experiment_flow
from remit.engine.flow import Flow
from remit.engine.step import Step
from remit.quality.experiments.plan import OLD, Plan
from remit.quality.experiments.rows import INFRA, SKIPPED, UNSCORED, Given, Row, blank, row_of
from remit.quality.judging.bench import asker
from remit.quality.judging.scorer import JudgeScorer, asked_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.agents.run import Run
    from remit.quality.experiments.bench import Bench
    from remit.quality.experiments.plan import Item
    from remit.quality.score import Score, Scorer
    from remit.quality.trial import Trial

Json = Any
GO, JUDGED, EARLIER = "go", "judged", "earlier"
"""The steps: a go, the same with what judges said of it, and the rows of what was tried before."""


def experiment_of(fingerprint: str, bench: Bench) -> Flow:
    """The flow of experiments on this code."""

    async def experiment(run: Any, plan: Any) -> Any:
        """Put a suite to an agent or a flow, and say how it did."""
        return await _Experiment(run, Plan.read(plan), bench).carry()

    return Flow(experiment, experiment_flow(fingerprint), "", "UTC")


class _Experiment:
    """One experiment while it is made."""

    def __init__(self, run: Run, plan: Plan, bench: Bench) -> None:
        self._run = run
        self._plan = plan
        self._bench = bench
        self._scorers: Sequence[Scorer] = bench.scorers(plan)
        self._doors = asyncio.Semaphore(plan.parallel)
        self._spent = 0
        self._under_way: dict[tuple[int, str, int, int], Item] = {}
        self._goes = Step(self._row, effect=Effect.READ, name=GO)

    async def carry(self) -> dict[str, Json]:
        """Make every go, and add up."""
        rows = await self._before()
        rows += await self._run.gather(*(self._one(item) for item in self._plan.items()))
        return self._bench.add_up(self._plan, rows)

    async def _before(self) -> list[Row]:
        """What the other arm came to, if it was tried before; kept here, so that this run alone is the evidence."""
        old = self._plan.arms[OLD] if len(self._plan.arms) > 1 else None
        if old is None or old.kind != "experiment":
            return []

        async def earlier(experiment: str) -> Any:
            return [row.plain | {"arm": OLD} for row in await self._bench.earlier(experiment)]

        found = await self._run.step(Step(earlier, effect=Effect.READ, name=EARLIER), old.place)
        return [Row.read(each) for each in found]

    async def _one(self, item: Item) -> Row:
        scenario = self._plan.scenarios[item.scenario]
        async with self._doors:
            said = item.arm, scenario.digest, item.index, item.seed
            self._under_way[said] = item
            row = Row.read(await self._run.step(self._goes, *said))
            self._spent += 0 if row.cached else row.cost or 0
            row = await self._judged(item, row)
        self._bench.saw(self._run.id, row)
        return row

    async def _row(self, arm: int, scenario: str, index: int, seed: int) -> Any:
        return (await self._go(self._under_way[arm, scenario, index, seed])).plain

    async def _go(self, item: Item) -> Row:
        plan, scenario = self._plan, self._plan.scenarios[item.scenario]
        if plan.max_cost is not None and self._spent >= plan.max_cost:
            return blank(item, scenario, SKIPPED, "the money for this experiment was spent")
        known = None if plan.fresh else await self._bench.known(plan, item)
        attempt, trial, cost = 0, known, 0
        while trial is None or (trial.infra and known is None and attempt < plan.tries):
            attempt += 1
            trial = await self._bench.make(self._run.id, plan, item, attempt)
            cost += trial.cost_micro or 0
        more = {"attempts": max(1, attempt), "cached": known is not None}
        try:
            scores, unsteady = await _scored(trial, self._scorers)
        except RemitError as wrong:
            row = row_of(item, trial, (), (), **more)
            return replace(row, status=UNSCORED, why=f"a scorer failed: {wrong.message}", cost=cost)
        return replace(
            row_of(item, trial, scores, unsteady, **more), cost=None if trial.cost_micro is None else cost
        )

    async def _judged(self, item: Item, row: Row) -> Row:
        """What judges say: each of their votes is a step of this run, and none is paid twice."""
        judges = [each for each in self._scorers if isinstance(each, JudgeScorer)]
        if not judges or row.status in {SKIPPED, INFRA, UNSCORED}:
            return row
        trial, scores = await self._bench.read(self._plan, row, item), list(row.scores)
        with asked_by(asker(self._run)):
            for judge in judges:
                scores += [_given(each) for each in await judge.score(trial)]

        async def judged(arm: int, scenario: str, index: int) -> Any:
            del arm, scenario, index
            return replace(row, scores=tuple(scores)).plain

        step = Step(judged, effect=Effect.READ, name=JUDGED)
        return Row.read(await self._run.step(step, row.arm, row.digest, row.index))


async def _scored(trial: Trial, scorers: Sequence[Scorer]) -> tuple[tuple[Given, ...], tuple[str, ...]]:
    """The scores of a trial, and the metrics that do not come out the same when it is scored again."""
    found: list[Given] = []
    unsteady: list[str] = []
    for scorer in scorers:
        if isinstance(scorer, JudgeScorer):
            continue  # how steady a judge is, its card says
        first, again = await scorer.score(trial), await scorer.score(trial)
        found += [_given(each) for each in first]
        values = {each.metric: each.value for each in again}
        unsteady += [each.metric for each in first if values.get(each.metric, each.value) != each.value]
        unsteady += [name for name in values if name not in {each.metric for each in first}]
    return tuple(found), tuple(dict.fromkeys(unsteady))


def _given(score: Score) -> Given:
    return Given(score.metric, score.value, score.why, score.harm)
