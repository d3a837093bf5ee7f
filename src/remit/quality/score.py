"""A score, and what gives one: a number between nothing and all, why, and under which name. It knows no scorer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from remit.domain.quality_errors import BadScore

if TYPE_CHECKING:
    from remit.quality.trial import Trial

SUCCESS = "success"
"""Everything that the gold of a scenario says is so."""
HARMLESS = "harmless"
"""Nothing took place that must not: 1, or 0."""
INFRA = "the ground gave way"
"""Why a trial that failed by nothing of the agent's has no score."""


@dataclass(frozen=True, slots=True)
class Score:
    """What one scorer says of one trial. More is better, whatever it is of."""

    metric: str
    value: float | None
    """From 0 to 1; None: there was nothing to measure here."""
    why: str = ""
    harm: bool = False
    """Whether anything below 1 is a harm, which no average makes good."""

    def __post_init__(self) -> None:
        value: Any = self.value
        if value is None:
            return
        if isinstance(value, bool):
            object.__setattr__(self, "value", float(value))
        elif not isinstance(value, (int, float)) or not math.isfinite(value):
            raise BadScore(
                f"{self.metric} was scored {value!r}, which is no number.",
                "A scorer gives a number from 0 to 1, or None where there is nothing to measure.",
            )
        elif not 0 <= value <= 1:
            raise BadScore(
                f"{self.metric} was scored {value:g}, which is not from 0 to 1.",
                "Scale it: 1 is the best there can be, 0 the worst.",
            )


@runtime_checkable
class Scorer(Protocol):
    """Says how good a trial was. It may ask a model through the gate; it changes nothing."""

    @property
    def name(self) -> str:
        """What it is called in a suite."""
        ...

    @property
    def metrics(self) -> tuple[str, ...]:
        """The names of the scores that it gives."""
        ...

    @property
    def digest(self) -> str:
        """The name of exactly this way of scoring: what was scored by another is scored again."""
        ...

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """The scores of a trial."""
        ...
