"""The bench on which a workspace is laid to be checked: what was read of it so far, and what was found. Nouns only; who
checks what stands in `checking`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from remit.tools.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.sections import Settings
    from remit.control.workspace.code import Code
    from remit.domain.errors import RemitError
    from remit.domain.guards import Guard
    from remit.domain.objectives import Objective
    from remit.gate.secrets.secrets_file import SecretsFile
    from remit.gate.secrets.vault import Vault
    from remit.models.configuration import Configuration
    from remit.policy.world import World
    from remit.quality.design.findings import Review
    from remit.quality.suite import Suite

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that a person should mend (an error), or look at (a warning)."""

    check: str
    severity: Severity
    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What a check of a workspace found, and how much there was to look at."""

    problems: tuple[Problem, ...]
    agents: int
    flows: int
    tools: int
    rules: int
    design: Review | None = None
    """The review of the design, if one was asked for."""

    @property
    def ok(self) -> bool:
        """Whether it would start, and nothing that is known to be wrong waits in it."""
        return all(problem.severity != "error" for problem in self.problems)


@dataclass(slots=True)
class Bench:
    """A workspace on the bench: what was read of it so far."""

    root: Path
    chosen: Settings
    registry: Registry = field(default_factory=Registry)
    code: Code | None = None
    models: Configuration | None = None
    secrets: SecretsFile | None = None
    vault: Vault | None = None
    guards: list[Guard] = field(default_factory=list["Guard"])
    missing: list[str] = field(default_factory=list[str])
    """Secrets that something names, and that this machine cannot see."""
    accounts: frozenset[str] = frozenset()
    all_tools: bool = False
    """Whether every source of tools answered; while one does not, a tool may be there although nobody sees it."""
    rules: int = 0
    world: World | None = None
    """What rules can speak about, once that is known."""
    suites: tuple[Suite, ...] = ()
    """Those that could be read."""
    review: Review | None = None
    """Of the design, once that was looked at."""
    objectives: tuple[Objective, ...] = ()
    """What was promised of its flows and agents."""
    strict: bool = False
    """Whether a design is failed by whatever it leaves open, not only in prod."""

    def problem(self, check: str, wrong: RemitError, severity: Severity = "error") -> Problem:
        """An error of the workspace as a problem."""
        return Problem(check, severity, wrong.message.replace(f"{self.root}/", ""), wrong.hint)


def unreadable(wrong: RemitError) -> CheckReport:
    """The report on a workspace whose settings cannot be read: nothing else can be looked at."""
    return CheckReport((Problem("settings", "error", wrong.message, wrong.hint),), 0, 0, 0, 0)
