"""How long a run of a course usually takes, and how long nineteen of twenty take at most: drawn from the hops, each
with a time of its own, in the order and side by side as they stand.

What somebody says of a hop (`[usual]`) is used; else what was recorded of it; else figures that are common for its
kind. Draws repeat themselves.
"""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

from remit.quality.statistics.distributions import normal_quantile

if TYPE_CHECKING:
    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course, Hop, Part

MODEL_CALL, TOOL_CALL, STEP = 4.0, 1.0, 1.0
"""Seconds within which a model call, a tool call and a step of one's own are done nineteen times of twenty."""
SPREAD = 0.6
"""Of the logarithm of a time: nineteen of twenty take less than 2.7 times what half of them take."""
TURNS = 3
"""Model calls that an agent with tools usually makes; one without makes one."""
_RUNS = 400
_TURNS_OF_A_LOOP = 3


def quantile_of(plan: Blueprint, course: Course, share: float = 0.95) -> float:
    """Within how many seconds this share of runs is done, without the time that people take."""
    if course.name in plan.said.usual and not course.of("agent")[1:]:
        return plan.said.usual[course.name]
    dice = random.Random(course.name)  # noqa: S311 - the same estimate each time
    drawn = sorted(_draw(plan, course, course.tree, dice) for _ in range(_RUNS))
    return drawn[min(math.ceil(share * _RUNS), _RUNS) - 1]


def known_hops(plan: Blueprint, course: Course) -> int:
    """Of how many hops the time is known, by what somebody says or by what was recorded."""
    kinds = {"agent": "model", "tool": "tool"}
    return sum(
        hop.name in plan.said.usual or (kinds.get(hop.kind, ""), hop.name) in plan.measured
        for hop in course.hops
    )


def _draw(plan: Blueprint, course: Course, part: Part | int, dice: random.Random) -> float:
    if isinstance(part, int):
        return _hop(plan, course.hops[part], dice)
    if part.shape == "again":
        times = _TURNS_OF_A_LOOP if part.times is None else part.times
        return sum(_draw(plan, course, each, dice) for _ in range(min(times, 50)) for each in part.parts)
    times_of = [_draw(plan, course, each, dice) for each in part.parts]
    return sum(times_of) if part.shape == "then" else max(times_of, default=0.0)


def _hop(plan: Blueprint, hop: Hop, dice: random.Random) -> float:
    if hop.name in plan.said.usual and hop.kind in {"agent", "tool", "step"}:
        return _time(plan.said.usual[hop.name], dice)
    match hop.kind:
        case "agent":
            limit = hop.agent.budget.seconds if hop.agent.budget is not None else None
            turns = min(TURNS, hop.agent.limits.steps) if hop.agent.tools or hop.agent.delegates else 1
            call = plan.measured.get(("model", hop.name), MODEL_CALL)
            took = sum(_time(call, dice) for _ in range(turns))
            took += sum(_time(TOOL_CALL, dice) for _ in range(turns - 1))
            return took if limit is None else min(took, limit)
        case "tool":
            return _time(plan.measured.get(("tool", hop.name), TOOL_CALL), dice)
        case "step":
            return _time(STEP, dice)
        case _:
            return 0.0


def _time(p95: float, dice: random.Random) -> float:
    """A time of which nineteen of twenty are below `p95`."""
    return p95 * math.exp(SPREAD * (dice.gauss(0.0, 1.0) - _AT_95))


_AT_95 = normal_quantile(0.95)
