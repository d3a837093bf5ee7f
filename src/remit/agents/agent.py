"""An agent as data: its prompt, the route to its model, its tools, the type of its answers, and its limits.

It does nothing by itself; `run.ask(agent, …)` does. Its digest names everything that shapes its behaviour.
"""

from __future__ import annotations

import hashlib
import inspect
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, cast

from remit.domain.action_errors import InvalidTool
from remit.domain.budgets import Budget
from remit.domain.errors import InvalidName, InvalidSetting
from remit.domain.guards import Guard
from remit.domain.ids import is_code_name
from remit.domain.memory import SCOPES
from remit.knowledge import offer
from remit.tools.tool import Tool
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from remit.domain.capabilities import Terms
    from remit.domain.contracts import ContractTemplate
    from remit.knowledge.offer import Offered


@dataclass(frozen=True, slots=True)
class Limits:
    """What an agent may do at most in one ask, beside its budget."""

    steps: int = 25
    """Model calls."""
    calls_per_turn: int = 32
    """Tool calls that one answer of the model may ask for."""
    parallel: int = 8
    """Reads at once."""
    repairs: int = 2
    """How often an answer that does not fit the output type is sent back."""
    repeats: int = 3
    """How often the same call with the same result may come again before it counts as a loop."""
    answer_tokens: int = 4096
    """The longest answer, in tokens; a model that cannot give so many does not serve."""

    def __post_init__(self) -> None:
        for each in fields(self):
            value, least = getattr(self, each.name), 0 if each.name == "repairs" else 1
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise InvalidSetting(
                    f"the limit {each.name}={value!r} is none; it is a whole number of at least {least}."
                )


@dataclass(frozen=True, slots=True)
class Fallback:
    """What happens when the answer is less certain than `threshold`: a group of people, or a static answer."""

    threshold: float
    human: str = ""
    within: str = "4h"
    answer: object = None

    def __post_init__(self) -> None:
        if not _is_number(self.threshold, most=1.0):
            raise InvalidSetting(
                f"a fallback cannot have threshold={self.threshold!r}; it is a number from 0 to 1."
            )


class Agent:
    """Prompt + route + tools + limits."""

    def __init__(
        self, name: str, *, prompt: str, route: str = "fast", tools: Sequence[Tool | str] = (),
        output: Any = None, budget: Budget | None = None, limits: Limits | None = None,
        temperature: float | None = None, delegates: Sequence[Agent | str] = (),
        fallback: Fallback | None = None, effort: str = "", description: str = "", owner: str = "",
        memory: Sequence[str] = (), contract: ContractTemplate | None = None,
        terms: Mapping[str, Terms] | None = None, guards: Sequence[Guard] = (), quarantined: bool = False,
    ) -> None:  # fmt: skip
        if not is_code_name(name):
            raise InvalidName(
                f'an agent cannot be called "{name}".', "Use letters, digits, dots, dashes and _."
            )
        self.name = name
        self.prompt = prompt
        self.route = route
        remote = (each for each in delegates if isinstance(each, str))  # asked through the gate, as tools are
        self.tools = (*tools, *remote)
        self.output = output
        self.budget = budget
        self.limits = limits or Limits()
        self.temperature = 0.0 if temperature is None and output is not None else temperature
        self.delegates = tuple(each for each in delegates if not isinstance(each, str))
        """Agents of this workspace that it may hand on to; those of other platforms stand among its tools."""
        self.fallback = fallback
        self.effort = effort
        self.description = description
        self.owner = owner
        self.memory = _scopes(name, memory)
        """The scopes of memory that it is offered: run, user, agent, team."""
        self.contract = contract
        """What it may do at most in one ask, on top of what binds whoever asks."""
        self.guards = tuple(guards)
        """Checks on what it reads, says and does, beside those of the workspace; whom it lets act has them, too."""
        self.quarantined = quarantined
        """Whether it reads what nobody trusts: it can do nothing, and its words reach whoever asks as handles alone."""
        self.terms = dict(terms or {})
        """How far each of its delegates may act for it, by name."""
        self.place = _place()
        """Where it is declared, for people: file and line."""
        self._check()

    def __repr__(self) -> str:
        return f"<agent {self.name}>"

    def _check(self) -> None:
        """What no ask could ever work with is refused where it is written."""
        for kinds, what, given in (
            ((Tool, str), "tools", self.tools),
            ((Agent,), "delegates", self.delegates),
            ((Guard,), "guards", self.guards),
        ):
            for each in cast("tuple[object, ...]", given):
                if not isinstance(each, kinds):
                    raise InvalidTool(
                        f"{self.name} has {each!r} among its {what}, which is none.",
                        "Give tools by @tool or by name, delegates as agents or by name, and guards as Guard(…).",
                    )
        names = [each if isinstance(each, str) else each.name for each in (*self.tools, *self.delegates)]
        names += offer.NAMES if self.memory else ()
        if self.quarantined and (self.delegates or self.memory):
            raise InvalidTool(
                f"{self.name} is quarantined, and has delegates or a memory.",
                "Let whoever asks it hand on and remember.",
            )
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise InvalidTool(
                f'{self.name} has "{twice}" more than once among its tools, delegates and what memory offers.',
                "Its model knows each of them by its name alone.",
            )
        stranger = next(
            (name for name in self.terms if name not in {each.name for each in self.delegates}), None
        )
        if stranger is not None:
            raise InvalidTool(
                f'{self.name} has terms for "{stranger}", which is none of its delegates.',
                "Name one of its delegates.",
            )
        if self.temperature is not None and not _is_number(self.temperature, most=2.0):
            raise InvalidSetting(
                f"{self.name} has temperature={self.temperature!r}; it is a number from 0 to 2."
            )

    @property
    def tool_names(self) -> frozenset[str]:
        """The tools it has, by name."""
        return frozenset(tool if isinstance(tool, str) else tool.name for tool in self.tools)

    def but(self, **changes: Any) -> Agent:
        """The same agent with something changed: another route, fewer tools."""
        known: dict[str, Any] = {
            "name": self.name, "prompt": self.prompt, "route": self.route, "tools": self.tools,
            "output": self.output, "budget": self.budget, "limits": self.limits,
            "temperature": self.temperature, "delegates": self.delegates,
            "fallback": self.fallback, "effort": self.effort, "description": self.description, "owner": self.owner,
            "memory": self.memory, "contract": self.contract, "terms": self.terms, "guards": self.guards,
            "quarantined": self.quarantined,
        }  # fmt: skip
        return Agent(**{**known, **changes})


@dataclass(frozen=True, slots=True)
class Profile:
    """An agent made ready: its prompt read, its tools known; what an ask works with."""

    agent: Agent
    instructions: str
    digest: str
    prompt_digest: str
    tools: tuple[Tool, ...] = ()
    specs: tuple[Any, ...] = ()
    """Its tools as the model is told about them (`ToolSpec`), delegates included."""
    specs_digest: str = ""
    shape: Any = None
    """The form of its answers (`OutputShape`), if it has one."""
    delegates: dict[str, Agent] = field(default_factory=dict[str, Agent])
    memory: Offered = field(default_factory=dict[str, tuple[str, ...]])
    """What it is offered of memory."""

    def with_words(self, instructions: str, digest: str) -> Profile:
        """The same with the instructions of another time."""
        return replace(self, instructions=instructions, digest=digest)

    def with_tools(
        self, tools: tuple[Tool, ...], specs: tuple[Any, ...], specs_digest: str, memory: Offered
    ) -> Profile:
        """The same with other tools: what policy lets this actor see."""
        return replace(self, tools=tools, specs=specs, specs_digest=specs_digest, memory=memory)


def digest_of(agent: Agent, instructions: str, specs_digest: str, schema: object) -> str:
    """The name of everything that shapes what the agent does."""
    return canonical.digest(
        canonical.plain(
            [
                agent.name, instructions, agent.route, specs_digest, schema, agent.temperature, agent.effort,
                agent.limits, agent.budget, [each.name for each in agent.delegates],
                *([repr(agent.contract)] if agent.contract is not None else []),
                *([repr(sorted(agent.terms.items()))] if agent.terms else []),
                *([repr(agent.guards)] if agent.guards else []),
                *(["quarantined"] if agent.quarantined else []),
            ]
        )
    )  # fmt: skip


def _is_number(value: object, *, most: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def _scopes(name: str, memory: Sequence[str]) -> frozenset[str]:
    given = [memory] if isinstance(memory, str) else list(memory)
    odd = next((each for each in given if each not in SCOPES), None)
    if odd is not None:
        raise InvalidTool(
            f'{name} has the memory "{odd}", which is none.', f"It is one of {', '.join(SCOPES)}."
        )
    return frozenset(given)


def _place() -> str:
    frame = inspect.currentframe()
    while frame is not None and frame.f_code.co_filename == __file__:
        frame = frame.f_back
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""


def text_digest(text: str) -> str:
    """The version of a prompt."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
