"""A trial: the flow or agent that is judged, run as it is, through the one gate, in the world of a scenario. Time that
it would wait is not waited, chance is that of the seed, and children that it starts are trials as well.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from remit.agents.loop import ask
from remit.agents.run import Run
from remit.agents.story import Story
from remit.domain.budgets import Account
from remit.domain.errors import Refused, StepFailed, ToolFailed
from remit.domain.event import object_of
from remit.domain.trials import trial_flow
from remit.engine import spawning
from remit.engine.flow import Flow
from remit.engine.generation import ContinueAs
from remit.engine.scope import inside
from remit.engine.step import Step, as_step
from remit.quality.experiments.plain import environment_of, turns_of
from remit.quality.experiments.scripted import Scripted
from remit.quality.suites.checking import PROD
from remit.wire.messages import Message, Text, message_to_plain

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterable
    from datetime import timedelta

    from remit.agents.agent import Agent
    from remit.agents.house import House
    from remit.engine.execution import Execution
    from remit.engine.spawning import Child
    from remit.gate.actor import Actor
    from remit.tools.registry import Registry

Json = Any
Stage = Callable[[dict[str, Any]], Scripted]
TRIAL = "trial"
"""The parameter that says which world it takes place in."""
CHECKS = "checks"
"""The scope in which it is looked how things stand at the end."""


class TrialRun(Run):
    """The run as code sees it that is tried."""

    __slots__ = ("_fingerprint", "_given", "_world")

    def __init__(
        self, execution: Execution, house: House, actor: Actor, world: Scripted, fingerprint: str,
        given: dict[str, Json],
    ) -> None:  # fmt: skip
        super().__init__(execution, house, actor)
        self._world = world
        self._fingerprint = fingerprint
        self._given = given

    def acting(self, actor: Actor) -> TrialRun:
        """The same run in the hands of an agent."""
        return TrialRun(self._execution, self.house, actor, self._world, self._fingerprint, self._given)

    def step(
        self, fn: Callable[..., Any] | Step, *args: object, **kwargs: object
    ) -> Coroutine[Any, Any, Any]:
        """The author's own code, unless this world knows what it gave."""
        return super().step(self._world.own(as_step(fn), args, kwargs), *args, **kwargs)

    async def sleep(self, duration: float | str | timedelta) -> None:
        """Nobody waits in a trial."""

    async def signal(self, name: str) -> Any:
        """The scripted user says it at once."""
        self._execution.scope()
        return self._world.message(name)

    async def spawn(self, flow: Flow, *args: object, terms: Any = None, **kwargs: object) -> Child:
        """Start a child, which is a trial in the same world as it was at the beginning."""
        del terms  # what a child may do at most is asked of its own world, where nothing is sent
        tried = self._execution.services.flows[trial_flow(self._fingerprint, flow.name)]
        named = flow.name_arguments(args, kwargs)
        return await spawning.spawn(self._execution, tried, (), {**named, TRIAL: self._given})

    def _seed(self, name: str) -> bytes:
        path = self._execution.scope().next_path(name)
        return hashlib.sha256(f"{self._given.get('seed', 0)}|{path}".encode()).digest()


def staged(trial: dict[str, Json]) -> Scripted:
    """The world of a trial as its scenario says."""
    return Scripted(environment_of(trial["environment"]), turns_of(trial["turns"]), trial.get("taken", 0))


def trial_flows(
    fingerprint: str, flows: Iterable[Flow], agents: dict[str, Agent], own: Iterable[str], stage: Stage = staged
) -> list[Flow]:  # fmt: skip
    """For every flow and agent of a workspace the flow that tries it; `own` are flows that are nobody's to judge."""
    left_out = set(own) - agents.keys()
    return [
        _tried(fingerprint, flow, agents.get(flow.name), stage)
        for flow in flows
        if flow.name not in left_out and not flow.name.startswith("remit.")
    ]


def _tried(fingerprint: str, flow: Flow, agent: Agent | None, stage: Stage) -> Flow:
    talks = agent is not None and flow.fn.__module__ == "remit.agents.agent_flow"

    async def tried(run: Run, **given: Any) -> Any:
        trial = object_of(given.pop(TRIAL))
        world = stage(trial)
        world.world.state = {**world.world.state, **object_of(trial.get("state"))}
        if run.house.gate.parts.environment == PROD:
            world.keep_to(partial(_only_reads, run.house.gate.parts.registry))
        run.execution.simulation = world
        face = TrialRun(run.execution, run.house, _apart(run, flow), world, fingerprint, trial)
        try:
            value = await flow.fn(face, **given)
            if talks and agent is not None:
                value = await _talked(face, agent, world, given, value)
            await _looked(face, trial.get("checks", ()))
        except ContinueAs as more:
            going_on = {**trial, "state": world.world.state, "taken": world.taken}
            raise ContinueAs({**more.state, TRIAL: going_on}) from None
        return value

    tried.__doc__ = f"A trial of {flow.name}."
    run = inspect.Parameter("run", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    last = inspect.Parameter(TRIAL, inspect.Parameter.KEYWORD_ONLY)
    parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in flow.parameters.values()]
    tried.__signature__ = inspect.Signature([run, *parameters, last])
    tried.__annotations__ = {"run": Any, **flow.hints, TRIAL: Any}
    made = Flow(tried, trial_flow(fingerprint, flow.name), "", "UTC")
    made.__module__ = flow.__module__  # it is pinned to the code that is tried
    made.internal = flow.internal | {TRIAL}
    made.contract, made.classes, made.foreign = flow.contract, flow.classes, flow.foreign
    return made


def _only_reads(registry: Registry, name: str) -> bool:
    """Whether a name is that of a tool which changes nothing; steps of the flow's own are no tools."""
    tool = registry.find(name)
    return tool is not None and not tool.manifest.effect.acts


async def _looked(run: TrialRun, checks: Iterable[dict[str, Json]]) -> None:
    """What tools say at the end, where that is what the scenario judges by: each in a scope of its own."""
    for check in checks:
        with inside(run.execution, CHECKS), suppress(Refused, ToolFailed, StepFailed):
            await run.call(str(check["tool"]), **object_of(check.get("args")))


def _apart(run: Run, flow: Flow) -> Actor:
    """Whoever acts, out of no purse but the trial's own: as much as its flow has for one run."""
    shared = run.house.gate.parts.accounts.get(f"flow:{flow.name}")
    own = (Account(f"run:{run.id}", shared.budget),) if shared is not None else ()
    return replace(run.actor, accounts=(*run.actor.accounts, *own), apart=True)


async def _talked(run: TrialRun, agent: Agent, world: Scripted, given: dict[str, Any], answer: Any) -> Any:
    """A talk goes on for as long as the scripted user has something to say; the agent knows what was said before."""
    said = [_message("user", given.get("question"))]
    while (words := world.words()) is not None:
        profile = await run.house.profile(agent)
        said += [_message("assistant", answer), _message("user", words)]
        story = Story([_message("system", profile.instructions), *said])
        answer = run.open(await ask(run, agent, (words,), {}, story))
    return answer


def _message(role: Any, value: Any) -> dict[str, Json]:
    from remit.quality.scenarios.expectation import text_of
    from remit.wire import canonical

    return message_to_plain(Message(role, (Text(text_of(canonical.plain(value))),)))
