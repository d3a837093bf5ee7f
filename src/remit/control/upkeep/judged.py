"""The judges of a workspace as part of a check: those that cannot be read or asked, and those that would be refused the
work of the agents here, because they are of the same family. It asks none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.control.upkeep.bench import Problem
from remit.domain.errors import RemitError
from remit.domain.judge_errors import RelatedJudge
from remit.quality.judging.bench import models_of, refuse_relatives
from remit.quality.judging.reading import judge_named, read_judges

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.agents.agent import Agent
    from remit.control.upkeep.bench import Bench
    from remit.models.configuration import Configuration
    from remit.quality.judging.judge import Judge


async def judge_problems(bench: Bench) -> list[Problem]:
    """What is wrong with judges."""
    if bench.code is None or bench.models is None:
        return []
    try:
        judges = read_judges(bench.root, bench.code.judges)
        for name in bench.chosen.online.judges:
            judge_named(judges, name)
    except RemitError as wrong:
        return [Problem("judges", "error", wrong.message, wrong.hint)]
    agents = list(bench.code.agents.values())
    return [each for judge in judges.values() for each in _of(judge, bench.models, agents)]


def _of(judge: Judge, models: Configuration, agents: list[Agent]) -> Iterator[Problem]:
    place = f"{judge.place}: " if judge.place else ""
    try:
        models_of(models, judge)
    except RemitError as wrong:
        yield Problem("judges", "error", f"{place}{wrong.message}", wrong.hint)
        return
    for agent in agents:
        route = models.routes.get(agent.route)
        try:
            refuse_relatives(models, judge, route.candidates if route is not None else ())
        except RelatedJudge as wrong:
            said = f"{place}it would be refused the work of {agent.name}: {wrong.message}"
            yield Problem("judges", "warning", said, wrong.hint)
            return
