"""What is answered about what agents have, tools, models, routes and memory: plain frozen data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from datetime import date

_SOON_DAYS = 60


@dataclass(frozen=True, slots=True)
class ToolView:
    """A tool of the workspace."""

    name: str
    description: str
    effect: str
    source: str
    place: str
    undo: str
    """none, restore or inverse."""
    best_effort: str
    keyed: bool
    owner: str
    secrets: tuple[str, ...]
    digest: str
    state: Literal["accepted", "quarantined"]
    changes: tuple[str, ...]
    """What is different from what was accepted, in words."""
    parameters: dict[str, Any]
    roles: dict[str, str]
    proposal: str = ""
    """The proposal to accept it, where one person alone may not."""
    hold: float = 0.0
    """For how many seconds its calls are held back here before they are done."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """A model of the workspace's catalog."""

    name: str
    provider: str
    window: int | None
    capabilities: tuple[str, ...]
    regions: tuple[str, ...]
    retention: int | None
    input: int | None
    """Micro-dollars per million tokens; None: nobody knows."""
    output: int | None
    simulated: bool
    resting: float
    """Seconds for which nobody calls it, because it failed."""
    cassette: str = ""
    """The file that answers for it, or is recorded: `answers.jsonl (replay)`."""


@dataclass(frozen=True, slots=True)
class RouteView:
    """A route, and whom it would ask now."""

    name: str
    models: tuple[str, ...]
    fallbacks: tuple[str, ...]
    order: tuple[str, ...]
    eliminated: tuple[str, ...]
    """Why models may not serve, a sentence each."""


@dataclass(frozen=True, slots=True)
class ModelUseView:
    """What a model was used for, on one route, by agents that are not ours."""

    route: str
    model: str
    calls: int
    prompt: int
    """Tokens that were sent."""
    cached: int
    """Those of them that its provider had cached."""
    hits: int
    """Answers that were given again instead of asking it."""
    avoided: int
    """Micro-dollars that this saved."""

    @property
    def cached_share(self) -> float:
        """How much of what was sent its provider had cached."""
        return self.cached / self.prompt if self.prompt else 0.0


@dataclass(frozen=True, slots=True)
class ModelsView:
    """Everything about models."""

    models: list[ModelView]
    routes: list[RouteView]
    book: str
    uses: list[ModelUseView] = field(default_factory=list["ModelUseView"])
    """What they were used for by agents that are not ours, in the last days."""


@dataclass(frozen=True, slots=True)
class SuiteStanding:
    """What a suite says of a replacement."""

    suite: str
    verdict: str
    """pass, fail, inconclusive, not measured, or that it was compared with nothing."""
    experiment: str = ""
    at: int = 0


@dataclass(frozen=True, slots=True)
class DeprecationView:
    """A model that ends, and who depends on it."""

    model: str
    date: date
    days_left: int
    replacement: str
    routes: tuple[str, ...]
    agents: tuple[str, ...]
    """Agents of the workspace that ask one of these routes."""
    calls: int
    """How often it was called in the last 30 days."""
    callers: tuple[str, ...]
    """By which agents, or flows."""
    suites: tuple[SuiteStanding, ...]
    note: str = ""

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way of the replacement any more."""
        return bool(self.replacement) and all(each.verdict == "pass" for each in self.suites)

    @property
    def is_pressing(self) -> bool:
        """Whether a route asks what has ended, or will soon without anything being ready to take its place."""
        soon = self.days_left <= _SOON_DAYS
        return bool(self.routes) and soon and (self.days_left <= 0 or not self.ready)


@dataclass(frozen=True, slots=True)
class MemoryView:
    """One thing that is remembered."""

    scope: str
    key: str
    value: Any
    integrity: str
    """How far it is trusted: untrusted, typed, endorsed, literal."""
    readers: tuple[str, ...] | None
    """Who may see it; None is everybody."""
    sources: tuple[str, ...]
    run: str
    """The run that remembered it."""
    at: int
    expires: int | None
