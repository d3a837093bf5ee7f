"""Plan and execute: one agent writes down the steps, others carry them out, and the planner may revise what is left.

Use it for tasks of several steps that are known only once the task is read, when a person should be able to see (or
approve) the plan before anything happens. Do not use it where one agent with tools finds its way turn by turn: a plan
made before looking is often wrong, and every revision costs.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from remit.agents.patterns.given import named
from remit.domain.action_errors import NoProgress
from remit.domain.errors import InvalidInput
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.agents.agent import Agent
    from remit.agents.run import Run


@dataclass(frozen=True)
class PlanStep:
    """One thing to do, and who does it."""

    who: str
    task: str


@dataclass(frozen=True)
class Plan:
    """What is left to do; no step: `answer` is the result."""

    steps: list[PlanStep] = field(default_factory=list[PlanStep])
    answer: str = ""


async def plan_and_execute(
    run: Run,
    planner: Agent,
    workers: Mapping[str, Agent],
    task: object,
    *,
    revisions: int = 3,
    approve: str = "",
) -> str:
    """The planner's answer once nothing is left to do.

    The planner's output type has to be `Plan`. With `approve`, a person of that group sees every plan before it is
    carried out.
    """
    workers = named("a plan", "workers", workers)
    done: list[dict[str, Any]] = []
    for _ in range(revisions + 1):
        plan: Plan = await run.ask(planner, task=canonical.plain(task), workers=sorted(workers), done=done)
        if not plan.steps:
            return plan.answer
        if approve:
            plan = await run.human(approve, plan)
        for step in _checked(plan, workers):
            answer = await run.ask(workers[step.who], task=step.task, done=done)
            done = [*done, {"who": step.who, "task": step.task, "answer": canonical.plain(answer)}]
    raise NoProgress(
        f"{planner.name} revised its plan {revisions} times and is not done.",
        "Allow more revisions, or a smaller task.",
    )


def _checked(plan: Plan, workers: Mapping[str, Agent]) -> list[PlanStep]:
    """Nothing of a plan is carried out that names somebody who does not exist."""
    unknown = [step.who for step in plan.steps if step.who not in workers]
    if unknown:
        raise InvalidInput(
            f'the plan names "{unknown[0]}", and there is no such worker.',
            f"There are: {', '.join(sorted(workers))}.",
        )
    return plan.steps
