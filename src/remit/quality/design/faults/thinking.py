"""Faults of what models are asked for: what a table could answer, and answers that vary where much hangs on them."""

from __future__ import annotations

import dataclasses
import re
import types
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from remit.agents.prompts import read_prompt
from remit.domain.errors import RemitError
from remit.quality.design.findings import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from remit.agents.agent import Agent
    from remit.quality.design.blueprint import Blueprint
    from remit.quality.design.course import Course

_LINE = re.compile(
    r"^\s*(?:[-*]|\d+[.)])?\s*(?:if\s+)?(?P<left>[^\n]*?)\s*(?:->|→|=>|:|=|\|)\s*(?P<right>[^\n|]+?)\s*[.;|]?\s*$",
    re.IGNORECASE,
)
_SHORT = 6
"""Words on the left of a line of a table; more is a description, which only a reader understands."""


def needless_model(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Models that are asked what a table or a comparison answers."""
    for _, hop in course.of("agent"):
        agent = hop.agent
        choices = _choices(agent.output)
        if not choices or agent.tools or agent.delegates or agent.memory:
            continue
        if hop.hints and all(each is not None and _choices(each) for each in hop.hints):
            yield Fault(
                FaultKind.NEEDLESS_MODEL, agent.name, hop.place,
                f"{agent.name} is given one of a few values and answers with one of {len(choices)}: a table says the "
                "same, at once, for nothing, each time",
                "Write the mapping down as a dictionary, or as match and case.",
            )  # fmt: skip
        elif _is_table(plan, agent, choices):
            yield Fault(
                FaultKind.NEEDLESS_MODEL, agent.name, _prompt_place(plan, agent),
                f"the prompt of {agent.name} is a table of words and {len(choices)} answers, which code could follow",
                "Write the mapping down as a dictionary, or say in the prompt what only a reader can judge.",
            )  # fmt: skip


def warm_logic(plan: Blueprint, course: Course) -> Iterator[Fault]:
    """Models that are told to vary, and whose answer decides what is done next."""
    decided = {number for test in course.tests for number in test.sources}
    seen: set[str] = set()
    for number, hop in course.of("agent"):
        agent = hop.agent
        if number not in decided or agent.name in seen or hop.reviewed == "a vote":
            continue
        if agent.temperature is None or agent.temperature > 0:
            seen.add(agent.name)
            how = (
                f"at temperature {agent.temperature:g}"
                if agent.temperature
                else "at the temperature its provider likes"
            )
            test = next(test for test in course.tests if number in test.sources)
            yield Fault(
                FaultKind.WARM_LOGIC, agent.name, plan.of_agent(agent.name, "temperature"),
                f"{agent.name} answers {how}, and {course.name} decides by it ({test.place}): one case may go two ways",
                "Say temperature=0, and an output type for what is decided by.",
            )  # fmt: skip


def _choices(hint: Any) -> tuple[str, ...]:
    """The values that a type can have, where they are few and can be listed."""
    if isinstance(hint, type) and issubclass(hint, Enum):
        return tuple(str(each.value) for each in hint)
    if hint is bool:
        return ("true", "false")
    if get_origin(hint) is Literal:
        return tuple(str(each) for each in get_args(hint))
    if get_origin(hint) in {Union, types.UnionType}:
        parts = [_choices(each) for each in get_args(hint) if each is not type(None)]
        return tuple(each for part in parts for each in part) if parts and all(parts) else ()
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        try:
            fields = [_choices(each) for each in get_type_hints(hint).values()]
        except NameError:
            return ()
        return tuple(each for part in fields for each in part) if fields and all(fields) else ()
    return ()


def _is_table(plan: Blueprint, agent: Agent, choices: tuple[str, ...]) -> bool:
    """Whether a prompt does nothing but name an answer for each of some words."""
    try:
        text = read_prompt(plan.root, agent)
    except RemitError:
        return False
    wanted, found = {each.casefold() for each in choices}, set[str]()
    for line in text.splitlines():
        match = _LINE.match(line)
        right = match["right"].strip("`\"'* ").casefold() if match else ""
        if match and right in wanted and 0 < len(match["left"].split()) <= _SHORT:
            found.add(right)
    return found == wanted


def _prompt_place(plan: Blueprint, agent: Agent) -> str:
    return agent.prompt if (plan.root / agent.prompt).is_file() else plan.of_agent(agent.name, "prompt")
