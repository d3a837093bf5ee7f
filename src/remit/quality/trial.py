"""A trial: what came of one go at a scenario, as far as a scorer may see it. It is data, made from the log by whoever
ran it; scorers act on nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from remit.domain.effects import Effect

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.quality.scenarios.scenario import Scenario

Json = Any


class ActStatus(StrEnum):
    """What became of a call."""

    DONE = "done"
    """It took place."""
    SIMULATED = "simulated"
    """The environment accepted it; nothing was sent."""
    DENIED = "denied"
    """The gate said no."""
    REJECTED = "rejected"
    """A person said no."""
    HELD = "held"
    """It waits for somebody."""
    FAILED = "failed"
    """The tool said no, or the environment did."""

    @property
    def took_place(self) -> bool:
        """Whether it counts as done: in the world, or in the world of the scenario."""
        return self in {ActStatus.DONE, ActStatus.SIMULATED}


@dataclass(frozen=True, slots=True)
class Act:
    """One call of a tool."""

    tool: str
    effect: Effect = Effect.READ
    args: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """As it was executed."""
    status: ActStatus = ActStatus.DONE
    result: Json = None
    step: str = ""
    """Its path in the run."""
    reason: str = ""
    """Why it was denied, held or failed."""
    agent: str = ""


@dataclass(frozen=True, slots=True)
class ModelCall:
    """One call of a model."""

    model: str
    tokens: int = 0
    cost_micro: int | None = None
    """In millionths of a dollar; None: without a price."""
    seconds: float = 0.0
    step: str = ""
    agent: str = ""
    route: str = ""


@dataclass(frozen=True, slots=True)
class Trial:
    """One go at a scenario."""

    scenario: Scenario
    index: int = 0
    """Which go it was, from 0."""
    seed: int = 0
    answer: str = ""
    """The result as a person would read it."""
    result: Json = None
    """The result as the flow gave it."""
    error: str = ""
    """The code and words of the error that the run ended with; empty: it ended well."""
    infra: bool = False
    """Whether it failed by something that is not the agent's: a provider down, a world without an answer."""
    acts: tuple[Act, ...] = ()
    """In the order in which they began."""
    calls: tuple[ModelCall, ...] = ()
    cost_micro: int | None = 0
    """Of all of it, in millionths of a dollar; None: not all of it has a price."""
    seconds: float = 0.0
    """Of work, without waiting for people."""
    steps: int = 0
    denials: int = 0
    run_id: str = ""
    simulated: bool = False
    """Whether any answer was made up by the simulated model."""
    state: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """The state of the environment at the end."""
    checks: Mapping[str, Json] = field(default_factory=dict[str, Json])
    """What the tools of the gold state checks answered at the end, by the name of the check."""

    @property
    def writes(self) -> tuple[Act, ...]:
        """What it did to its world."""
        return tuple(act for act in self.acts if act.effect.acts and act.status.took_place)
