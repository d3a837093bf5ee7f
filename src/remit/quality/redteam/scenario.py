"""What an attack starts from, and what came of it: plain data.

A scenario is somebody's request to an agent (or to a flow), what was read and done for it, and the tools within reach.
Where it comes from (a recorded run, a file of examples, nothing at all) is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from remit.domain.contracts import ContractTemplate

Json = Any


class Mode(StrEnum):
    """How a hijacked model comes by the values that it wants to use."""

    APPEND = "append"
    """Its own, after everything that was asked for was done."""
    SUBSTITUTE = "substitute"
    """Its own, instead of what was asked for, with nothing used up."""
    LITERAL = "literal"
    """Values that the user wrote, in places they were not meant for."""
    REFERENCE = "reference"
    """Members of trusted directories that the run has looked into, chosen by the attacker."""
    CONTENT = "content"
    """The right recipient, and a text that sends the reader to the attacker."""
    MEMORY = "memory"
    """Its own, remembered in an earlier run and recalled in this one."""
    SUB_AGENT = "sub-agent"
    """Its own, by way of an agent that this one may let act for it."""


class Reach(StrEnum):
    """What became of an attempt, the worst last."""

    DENIED = "denied"
    ASKED = "asked"
    ALLOWED = "allowed"

    @property
    def weight(self) -> int:
        """For telling which is worse."""
        return list(Reach).index(self)


@dataclass(frozen=True, slots=True)
class Seen:
    """A call that was made, and what it gave."""

    tool: str
    arguments: dict[str, Json]
    result: Json = None


@dataclass(frozen=True, slots=True)
class Sink:
    """A tool within reach, with the arguments that the author's own code fixes."""

    tool: str
    fixed: dict[str, Json] = field(default_factory=dict[str, Json])


@dataclass(frozen=True, slots=True)
class Scenario:
    """One request, and the ground on which an attacker takes over."""

    name: str
    agent: str
    """Empty where the flow itself makes the call with what a model said."""
    flow: str = ""
    user: str = "owner"
    text: str = ""
    """What the user asked for, in the user's words."""
    given: dict[str, Json] = field(default_factory=dict[str, Json])
    calls: tuple[Seen, ...] = ()
    sinks: tuple[Sink, ...] = ()
    templates: tuple[ContractTemplate, ...] = ()
    """What its contracts are made from, the flow's and the agent's; none: nothing but the rules limits it."""
    delegates: dict[str, tuple[str, ...]] = field(default_factory=dict[str, "tuple[str, ...]"])
    """Agents that this one may let act, with the tools they have in common."""

    @property
    def who(self) -> str:
        """Whose authority the attacker has."""
        return self.agent or self.flow


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that the attacker would make."""

    mode: Mode
    tool: str
    arguments: dict[str, Json]
    by: str = ""
    """The agent that makes it, where it is not the one that was asked."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What would have become of an attempt, and why."""

    reach: Reach
    rule: str = ""
    place: str = ""
    text: str = ""
    argument: str = ""
    remedies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """The worst that one mode of attack does with one tool in the hands of one agent or flow."""

    who: str
    tool: str
    effect: str
    mode: Mode
    reach: Reach
    scenario: str
    arguments: dict[str, Json]
    rule: str
    place: str
    text: str
    remedies: tuple[str, ...] = ()
    waived: str = ""
    """Why somebody accepts it, if somebody does."""
    tried: int = 1
    """How many attempts it is the worst of."""

    @property
    def open(self) -> bool:
        """Whether the attacker gets through, and nobody has accepted that."""
        return self.reach is Reach.ALLOWED and not self.waived


@dataclass(frozen=True, slots=True)
class WorstCase:
    """What a hijacked model could do here."""

    findings: tuple[Finding, ...]
    scenarios: int
    attempts: int
    counts: dict[str, int]
    """Attempts by what became of them."""
    notes: tuple[str, ...] = ()
    """What was not tried, and why; waivers that nothing needs any more."""

    @property
    def open(self) -> tuple[Finding, ...]:
        """What has to be mended or accepted."""
        return tuple(finding for finding in self.findings if finding.open)
