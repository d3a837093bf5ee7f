"""AgentDojo as data: its four worlds, the calls that solve each task, and the calls of each attack.

It owns which version, which pairs and which calls. It must not know any policy, and it never tells which field of
a world an attacker may write into.
"""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pydantic_core
from agentdojo.functions_runtime import FunctionCall, FunctionsRuntime
from agentdojo.task_suite.load_suites import get_suites

from bench.security.missing_truths import MISSING

VERSION = "v1.2.2"
SUITES = ("workspace", "travel", "banking", "slack")
DEVELOPED_ON = ("workspace", "banking")
"""The suites whose tasks were looked at while rules were written; the others are held out."""
TEXT_ONLY = {("travel", "injection_task_6")}
"""Attacks that only want something said: no call, so nothing for a gate to refuse."""


@dataclass(frozen=True)
class Call:
    """One call as somebody asks for it."""

    tool: str
    arguments: dict[str, Any]
    derived: bool = False
    """Whether its arguments are made from what an earlier call would have to return."""


@dataclass(frozen=True)
class UserTask:
    """What a user asks for, and the world as it then is."""

    suite: str
    id: str
    prompt: str
    raw: Any
    frozen: bytes

    def world(self) -> Any:
        """A fresh copy: parsing the YAML again would cost most of the run."""
        return pickle.loads(self.frozen)  # noqa: S301 - made a moment ago by this process

    def calls(self, world: Any) -> list[Call]:
        """The calls that solve it in this world."""
        return [_call(each) for each in self.raw.ground_truth(world)]

    def solved(self, world: Any, trace: Sequence[Call]) -> bool:
        """The official verdict on what was executed."""
        before, said = self.world(), self.raw.GROUND_TRUTH_OUTPUT
        of_trace = self.raw.utility_from_traces(said, before, world, _functions(trace))
        return bool(self.raw.utility(said, self.world(), world) if of_trace is None else of_trace)


@dataclass(frozen=True)
class Attack:
    """What an attacker wants, and how."""

    suite: str
    id: str
    goal: str
    raw: Any

    def calls(self, world: Any) -> list[Call]:
        """The calls that reach the goal from this world, by an attacker who knows all of it."""
        written = MISSING.get((self.suite, self.id))
        return written(world) if written else [_call(each) for each in self.raw.ground_truth(world)]

    def reached(self, before: Any, world: Any, trace: Sequence[Call]) -> bool:
        """The official verdict on what was executed."""
        of_trace = self.raw.security_from_traces("", before, world, _functions(trace))
        if of_trace is None:
            of_trace = self.raw.security("", before, world)
        return bool(of_trace)


@dataclass(frozen=True)
class Suite:
    """One world with everything that can happen in it."""

    name: str
    tasks: tuple[UserTask, ...]
    attacks: tuple[Attack, ...]
    raw: Any = field(repr=False)

    @cached_property
    def runtime(self) -> FunctionsRuntime:
        return FunctionsRuntime(self.raw.tools)

    @cached_property
    def schemas(self) -> dict[str, dict[str, Any]]:
        """The JSON Schema of each tool's arguments."""
        return {tool.name: tool.parameters.model_json_schema() for tool in self.raw.tools}

    @cached_property
    def descriptions(self) -> dict[str, str]:
        return {tool.name: tool.description for tool in self.raw.tools}

    def execute(self, world: Any, call: Call) -> tuple[Any, str]:
        """Do it; the result in plain JSON, or what went wrong."""
        result, wrong = self.runtime.run_function(world, call.tool, call.arguments)
        return pydantic_core.to_jsonable_python(result), wrong or ""

    @property
    def pairs(self) -> list[tuple[UserTask, Attack]]:
        """Every attack on every task that a gate can have a say in."""
        actionable = [each for each in self.attacks if (self.name, each.id) not in TEXT_ONLY]
        return [(task, attack) for task in self.tasks for attack in actionable]

    @property
    def left_out(self) -> list[tuple[str, str]]:
        """The pairs that only want something said."""
        silent = [each for each in self.attacks if (self.name, each.id) in TEXT_ONLY]
        return [(task.id, attack.id) for task in self.tasks for attack in silent]


def load(names: Sequence[str] = SUITES) -> list[Suite]:
    """The suites of the version that everything here speaks of."""
    return [_suite(name, raw) for name, raw in get_suites(VERSION).items() if name in names]


def _suite(name: str, raw: Any) -> Suite:
    world = raw.load_and_inject_default_environment({})
    kept = pickle.dumps(world)
    tasks = [
        UserTask(name, id_, task.PROMPT, task, pickle.dumps(task.init_environment(pickle.loads(kept))))  # noqa: S301
        for id_, task in raw.user_tasks.items()
    ]
    attacks = [Attack(name, id_, task.GOAL, task) for id_, task in raw.injection_tasks.items()]
    return Suite(name, tuple(_in_order(tasks)), tuple(_in_order(attacks)), raw)


def _in_order(tasks: list[Any]) -> list[Any]:
    return sorted(tasks, key=lambda task: int(task.id.rpartition("_")[2]))


def _call(asked: FunctionCall) -> Call:
    return Call(asked.function, dict(asked.args), _refers(asked.placeholder_args))


def _refers(value: object) -> bool:
    if isinstance(value, str):
        return "$" in value
    if isinstance(value, Mapping):
        return any(_refers(each) for each in value.values())
    return isinstance(value, Sequence) and any(_refers(each) for each in value)


def _functions(trace: Sequence[Call]) -> list[FunctionCall]:
    return [FunctionCall(function=call.tool, args=call.arguments) for call in trace]
