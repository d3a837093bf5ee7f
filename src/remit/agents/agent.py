"""An agent as data: its prompt, the route to its model, its tools, the type of its answers, and its limits.

It does nothing by itself; `run.ask(agent, …)` does. Its digest names everything that shapes its behaviour.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from remit.domain.budgets import Budget
from remit.domain.errors import InvalidName
from remit.domain.ids import is_code_name
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.tools.tool import Tool


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
    """The longest answer, in tokens, where the model's own limit is not smaller."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """What happens when the answer is less certain than `threshold`: a group of people, or a static answer."""

    threshold: float
    human: str = ""
    within: str = "4h"
    answer: object = None


class Agent:
    """Prompt + route + tools + limits."""

    def __init__(
        self, name: str, *, prompt: str, route: str = "fast", tools: Sequence[Tool | str] = (),
        output: Any = None, budget: Budget | None = None, limits: Limits | None = None,
        temperature: float | None = None, delegates: Sequence[Agent] = (),
        fallback: Fallback | None = None, effort: str = "", description: str = "", owner: str = "",
    ) -> None:  # fmt: skip
        if not is_code_name(name):
            raise InvalidName(
                f'an agent cannot be called "{name}".', "Use letters, digits, dots, dashes and _."
            )
        self.name = name
        self.prompt = prompt
        self.route = route
        self.tools = tuple(tools)
        self.output = output
        self.budget = budget
        self.limits = limits or Limits()
        self.temperature = 0.0 if temperature is None and output is not None else temperature
        self.delegates = tuple(delegates)
        self.fallback = fallback
        self.effort = effort
        self.description = description
        self.owner = owner

    def __repr__(self) -> str:
        return f"<agent {self.name}>"

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

    def with_words(self, instructions: str, digest: str) -> Profile:
        """The same with the instructions of another time."""
        return replace(self, instructions=instructions, digest=digest)

    def with_tools(self, tools: tuple[Tool, ...], specs: tuple[Any, ...], specs_digest: str) -> Profile:
        """The same with other tools: what policy lets this actor see."""
        return replace(self, tools=tools, specs=specs, specs_digest=specs_digest)


def digest_of(agent: Agent, instructions: str, specs_digest: str, schema: object) -> str:
    """The name of everything that shapes what the agent does."""
    return canonical.digest(
        canonical.plain(
            [
                agent.name, instructions, agent.route, specs_digest, schema, agent.temperature, agent.effort,
                agent.limits, agent.budget, [each.name for each in agent.delegates],
            ]
        )
    )  # fmt: skip


def text_digest(text: str) -> str:
    """The version of a prompt."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]
