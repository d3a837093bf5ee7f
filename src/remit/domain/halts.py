"""A halt: somebody or something may not act, from now until it is lifted. Data, and whom it covers; nothing else.

A halt covers an action by plain comparison of names (S22); it is never a fact that rules are asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from remit.domain.value import value


class HaltScope(StrEnum):
    """What stands still."""

    ALL = "all"
    """Everything, of every team on this database."""
    TEAM = "team"
    AGENT = "agent"
    """An agent, and whoever acts for it."""
    RELEASE = "release"
    """Runs bound to this code, by how its digest begins."""
    TOOL = "tool"
    MODEL = "model"
    PRINCIPAL = "principal"
    """Whatever is done on behalf of somebody."""
    RUN = "run"
    """A run and its children."""


class HaltMode(StrEnum):
    """How still."""

    HALT = "halt"
    """Nothing."""
    QUARANTINE = "quarantine"
    """Reads that stay inside, and models; for everything else a person is asked."""


REFUSES = frozenset({HaltScope.TOOL, HaltScope.MODEL})
"""Scopes in which the action is refused and the run goes on, perhaps by another way; in all others it waits."""


@value
class Concern:
    """What an action, or a run as a whole, is about."""

    team: str
    run: str
    release: str = ""
    agents: tuple[str, ...] = ()
    """Who acts, and everybody it acts for."""
    principal: str = ""
    tool: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Halt:
    """One halt."""

    id: str
    scope: HaltScope
    target: str
    """The name of what stands still; empty for everything."""
    mode: HaltMode
    team: str
    """Of whoever made it."""
    by: str
    """A person, or `breaker:NAME`."""
    at: int
    until: int | None = None
    """When it ends by itself."""
    reason: str = ""

    def stands(self, now: int) -> bool:
        """Whether it has not ended by itself."""
        return self.until is None or now < self.until

    def covers(self, about: Concern) -> bool:
        """Whether this is in its scope."""
        if self.scope is HaltScope.ALL:
            return True
        if self.scope is HaltScope.TEAM:
            return self.target == about.team
        return self.team == about.team and self._names(about)

    def _names(self, about: Concern) -> bool:
        match self.scope:
            case HaltScope.AGENT:
                return self.target in about.agents
            case HaltScope.RELEASE:
                return bool(about.release) and about.release.startswith(self.target)
            case HaltScope.TOOL | HaltScope.MODEL:
                return self.target == (about.tool if self.scope is HaltScope.TOOL else about.model)
            case HaltScope.PRINCIPAL:
                return self.target == about.principal
            case _:
                return about.run == self.target or about.run.startswith(f"{self.target}.")

    @property
    def name(self) -> str:
        """What stands still, in words."""
        return "everything" if self.scope is HaltScope.ALL else f"{self.scope} {self.target}"

    @property
    def sentence(self) -> str:
        """What it says, on one line."""
        how = "is halted" if self.mode is HaltMode.HALT else "is in quarantine"
        return f"{self.name} {how} by {self.by}{f': {self.reason}' if self.reason else ''}"
