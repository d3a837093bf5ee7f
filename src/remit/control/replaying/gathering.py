"""A run of the log as a past that can be told again: its input, what tools and models answered, what people said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from remit.control.suites.adding import recorded_run
from remit.domain.errors import WrongState
from remit.domain.event import object_of
from remit.domain.events import ChildSpawned, RunContinued, StepDone, StepFailed
from remit.engine.outside import run_stream
from remit.quality.counterfactual.past import Own, Past, Said, told_of
from remit.quality.experiments.reading import read_trial
from remit.quality.scenarios.scenario import Scenario, Turn
from remit.store.conversations import refers, resolve

if TYPE_CHECKING:
    from remit.control.running.parts import Parts
    from remit.quality.scenarios.scenario import Environment
    from remit.quality.suites.drafting import Answered
    from remit.quality.trial import Trial
    from remit.store.log import Entry

Json = Any


@dataclass(frozen=True, slots=True)
class Recording:
    """A run, and what is needed to make it again."""

    run: str
    flow: str
    input: dict[str, Json]
    past: Past
    trial: Trial


async def record_of(parts: Parts, run: str, environment: Environment | None) -> Recording:
    """What the log says of a run; raises why it cannot be made again."""
    recorded = await recorded_run(parts, run)
    entries, _ = await parts.ground.log.read(run_stream(recorded.run))
    if any(isinstance(each.event, ChildSpawned | RunContinued) for each in entries):
        raise WrongState(
            f"{recorded.run} had children or went on for generations, which are runs of their own.",
            "Make those again.",
        )
    tools = {tool.name: tool.manifest for tool in parts.house.gate.parts.registry}
    trial = await read_trial(parts.services, recorded.run, Scenario(recorded.run), 0, 0, tools)
    turns = tuple(_turn(each) for each in recorded.answered)
    past = Past(
        recorded.run, told_of(trial.acts), tuple(await _said(parts, entries)), tuple(await _own(parts, entries)), turns,
        environment,
    )  # fmt: skip
    return Recording(recorded.run, recorded.flow, dict(recorded.input), past, trial)


async def _said(parts: Parts, entries: list[Entry]) -> list[Said]:
    """What models answered, by what they were asked."""
    found: list[Said] = []
    for entry in entries:
        event = entry.event
        if not isinstance(event, StepDone) or event.name != "model":
            continue
        detail, plain = object_of(event.detail), event.result
        if refers(plain):
            plain = await resolve(plain, parts.ground.database, parts.ground.keys)
        if "message" in object_of(plain):
            used = object_of(detail.get("used"))
            found.append(Said(event.digest, str(detail.get("model", "")), plain, int(used.get("money", 0))))
    return found


async def _own(parts: Parts, entries: list[Entry]) -> list[Own]:
    """What steps of the author's own code gave: those that the gate says nothing of."""
    found: list[Own] = []
    for entry in entries:
        event = entry.event
        if not isinstance(event, StepDone | StepFailed) or object_of(event.detail):
            continue
        if isinstance(event, StepFailed):
            found.append(Own(event.name, event.digest, error=event.error, message=event.message))
            continue
        result = event.result
        if refers(result):
            result = await resolve(result, parts.ground.database, parts.ground.keys)
        found.append(Own(event.name, event.digest, result))
    return found


def _turn(answered: Answered) -> Turn:
    """What somebody said is said again, word for word."""
    says = None
    if answered.signal or (answered.approved and answered.value != answered.asked):
        says = answered.value
    return Turn(says, answered.signal, answered.group, answered.approved, answered.reason)
