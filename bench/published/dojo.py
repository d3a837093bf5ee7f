"""The solutions of AgentDojo's tasks, scored by the product's scorers; it runs in AgentDojo's own environment.

Each solution is executed in its world and becomes a trial. It has to score, also with a further read in it and with a
whole number written as a float; and it must not score without one of its writes, with a write too many, or where the
official verdict on the world says no.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections import Counter
from dataclasses import replace
from typing import Any, cast

from bench.security import worlds
from bench.security.annotations import manifests_of
from remit.quality.scenarios.expectation import Expectation, Match
from remit.quality.scenarios.scenario import Gold, GoldAction, Scenario
from remit.quality.score import SUCCESS
from remit.quality.scorers.function import scorer
from remit.quality.scorers.gold import GoldScorer
from remit.quality.scorers.trajectory import Trajectory
from remit.quality.trial import Act, ActStatus, Trial


def main() -> int:
    found = asyncio.run(_all())
    print(json.dumps({"version": worlds.VERSION, "counts": found}))
    return 0


async def _all() -> dict[str, int]:
    counts: Counter[str] = Counter()
    for suite in worlds.load():
        manifests = manifests_of(suite)
        for task in suite.tasks:
            counts["tasks"] += 1
            for name, solved in (await _scored(suite, task, manifests)).items():
                counts[name] += solved
    return dict(counts)


async def _scored(suite: worlds.Suite, task: worlds.UserTask, manifests: dict[str, Any]) -> dict[str, bool]:
    world = task.world()
    calls = task.calls(world)
    acts = [_act(suite, world, each, manifests) for each in calls]
    solved = task.solved(world, calls)
    expected = tuple(
        GoldAction(
            each.tool, {name: Expectation(Match.EQUALS, value) for name, value in each.args.items()}, n
        )
        for n, each in enumerate(acts)
        if each.effect.acts
    )
    scenario = Scenario(
        f"{suite.name}/{task.id}", {"question": task.prompt}, gold=Gold(actions=expected, closed=True)
    )

    @scorer
    def official(_trial: Trial) -> bool:
        """The verdict on the world as it is after the solution."""
        return solved

    async def holds(trial: Trial) -> bool:
        order = Trajectory(tuple(each.tool for each in acts))
        each = [*await GoldScorer().score(trial), *await order.score(trial), *await official.score(trial)]
        return all(score.value == 1 for score in each if score.metric in {SUCCESS, order.name, "official"})

    async def in_gold(trial: Trial) -> bool:
        return next(each.value == 1 for each in await GoldScorer().score(trial) if each.metric == SUCCESS)

    whole = Trial(scenario, acts=tuple(acts))
    writes = [n for n, each in enumerate(acts) if each.effect.acts]
    further = Act(next(name for name, each in manifests.items() if not each.effect.acts))
    second = next(name for name, each in manifests.items() if each.effect.acts)
    lacking = [replace(whole, acts=tuple(acts[:n] + acts[n + 1 :])) for n in writes]
    return {
        "gold": await holds(whole),
        "with a further read": await holds(replace(whole, acts=(further, *acts, further))),
        "as floats": await holds(replace(whole, acts=tuple(replace(each, args=_floats(each.args)) for each in acts))),
        "that write": bool(writes),
        "without a write": any([await in_gold(each) for each in lacking]),
        "with a write too many": await in_gold(
            replace(whole, acts=(*acts, Act(second, manifests[second].effect, {"by": "nobody's request"})))
        ),
    }  # fmt: skip


def _act(suite: worlds.Suite, world: Any, call: worlds.Call, manifests: dict[str, Any]) -> Act:
    result, wrong = suite.execute(world, call)
    status = ActStatus.FAILED if wrong else ActStatus.DONE
    return Act(call.tool, manifests[call.tool].effect, call.arguments, status, result, reason=wrong)


def _floats(value: Any) -> Any:
    """Every whole number as a float: the same number."""
    if isinstance(value, dict):
        return {name: _floats(each) for name, each in cast("dict[str, Any]", value).items()}
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


if __name__ == "__main__":
    sys.exit(main())
