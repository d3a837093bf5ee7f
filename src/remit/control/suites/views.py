"""What is answered about suites: plain frozen data that the terminal prints and JSON carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = Any


@dataclass(frozen=True, slots=True)
class ProblemView:
    """Something about a suite that has to be mended."""

    place: str
    message: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SuiteSummary:
    """A suite in one line."""

    name: str
    target: str
    scenarios: int
    families: int
    harm: int
    """Scenarios in which an unwanted write harms somebody."""
    trials: int
    version: str
    owner: str
    file: str
    problems: tuple[ProblemView, ...] = ()


@dataclass(frozen=True, slots=True)
class ScenarioSummary:
    """A scenario in one line."""

    name: str
    family: str
    tags: tuple[str, ...]
    harm: bool
    provenance: str
    owner: str
    place: str
    digest: str


@dataclass(frozen=True, slots=True)
class ScorerView:
    """Somebody who scores, and what."""

    name: str
    metrics: tuple[str, ...]
    digest: str


@dataclass(frozen=True, slots=True)
class RuleView:
    """A metric that counts for a verdict."""

    metric: str
    margin: float
    harm: bool


@dataclass(frozen=True, slots=True)
class SuiteView:
    """A suite as its page shows it."""

    suite: SuiteSummary
    about: str
    scorers: tuple[ScorerView, ...]
    rules: tuple[RuleView, ...]
    scenarios: tuple[ScenarioSummary, ...]


@dataclass(frozen=True, slots=True)
class ScenarioView:
    """A scenario in the words in which it is written."""

    suite: str
    scenario: ScenarioSummary
    written: dict[str, Json]
    text: str
    """The same as YAML."""


@dataclass(frozen=True, slots=True)
class AddedView:
    """A scenario that was drafted from a run."""

    suite: str
    file: str
    written: dict[str, Json]
    text: str
    veiled: dict[str, int] = field(default_factory=dict[str, int])
    notes: tuple[str, ...] = ()
    kept: bool = True
    """Whether it was written down."""


@dataclass(frozen=True, slots=True)
class MovedView:
    """What was brought in or taken out."""

    suite: str
    file: str
    form: str
    scenarios: int
    notes: tuple[str, ...] = ()
