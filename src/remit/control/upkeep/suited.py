"""The suites of a workspace as part of a check: those that cannot be read, and those that do not fit what there is. It
runs none of them, and lays what it read on the bench.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.agents.agent_flow import flow_of
from remit.control.suites.shelf import read_shelf
from remit.control.upkeep.bench import Problem
from remit.quality.judging.bench import models_of
from remit.quality.judging.reading import judge_named, read_judges
from remit.quality.judging.scorer import JudgeScorer
from remit.quality.suites.checking import Known

if TYPE_CHECKING:
    from remit.control.upkeep.bench import Bench
    from remit.control.workspace.code import Code
    from remit.models.configuration import Configuration
    from remit.quality.score import Scorer
    from remit.quality.suites.node import Node


async def suite_problems(bench: Bench) -> list[Problem]:
    """What is wrong with suites."""
    code, models = bench.code, bench.models
    if code is None or models is None:
        return []

    def judge(node: Node) -> Scorer:
        return _judge(bench, code, models, node)

    flows = {agent.name: flow_of(agent) for agent in code.agents.values()}
    tools = {tool.name: tool.manifest for tool in bench.registry}
    away = () if bench.all_tools else ("a source of tools does not answer",)
    known = Known(
        {**flows, **{flow.name: flow for flow in code.flows}}, tools, away, bench.chosen.workspace.environment
    )
    shelf = read_shelf(bench.root, known, {"judge": judge})
    bench.suites = tuple(shelf.suites.values())
    return [
        Problem("suites", "error", f"{each.place}: {each.message}", each.hint)
        for name in sorted({*shelf.suites, *shelf.broken})
        for each in shelf.problems(name)
    ]


def _judge(bench: Bench, code: Code, models: Configuration, node: Node) -> Scorer:
    found = judge_named(read_judges(bench.root, code.judges), node.text("judge"))
    return JudgeScorer(found, models_of(models, found))
