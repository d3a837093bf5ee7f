"""What a trial may cost and how long it may take, and whether it kept to the rules. Every figure is on the trial."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from remit.quality.score import INFRA, Score
from remit.wire import canonical

if TYPE_CHECKING:
    from collections.abc import Callable

    from remit.quality.trial import Trial

_MICRO = 1_000_000
_BUDGET_CODES = {"budget_exhausted", "rate_limited"}


@dataclass(frozen=True, slots=True)
class Limit:
    """A figure of the trial: 1 up to `most`, or falling from `target` (1) to `most` (0)."""

    of: str
    """`latency` in seconds, `cost` in dollars, `steps`, `calls` of models, `tokens`, `tool_calls`."""
    most: float
    target: float | None = None

    @property
    def name(self) -> str:
        """As the metric."""
        return self.of

    @property
    def metrics(self) -> tuple[str, ...]:
        """One."""
        return (self.of,)

    @property
    def digest(self) -> str:
        """By its bounds."""
        return canonical.digest(canonical.plain(["limit", 1, asdict(self)]))

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """How far within the limit the trial stayed."""
        if trial.infra:
            return (Score(self.of, None, INFRA),)
        figure = _FIGURES[self.of](trial)
        if figure is None:
            return (Score(self.of, None, "not all of it has a price"),)
        said = f"{figure:g} of at most {self.most:g}"
        if self.target is None:
            return (Score(self.of, float(figure <= self.most), said),)
        share = (self.most - figure) / (self.most - self.target)
        return (Score(self.of, min(1.0, max(0.0, share)), said),)


class PolicyScorer:
    """Whether a trial kept to the rules: no call was denied, and no budget ended it."""

    name = "policy"
    metrics = ("policy", "budget")

    @property
    def digest(self) -> str:
        """The same until the way of scoring changes."""
        return canonical.digest([self.name, 1])

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """Two scores."""
        if trial.infra:
            return tuple(Score(name, None, INFRA) for name in self.metrics)
        denied = next((act for act in trial.acts if act.status == "denied"), None)
        why = f"{trial.denials} denied" if trial.denials else ""
        if denied is not None:
            why = f"{denied.tool} was denied{f': {denied.reason}' if denied.reason else ''}"
        ended = trial.error.partition(":")[0] in _BUDGET_CODES
        return Score("policy", float(not why), why), Score(
            "budget", float(not ended), trial.error if ended else ""
        )


def _cost(trial: Trial) -> float | None:
    return None if trial.cost_micro is None else trial.cost_micro / _MICRO


_FIGURES: dict[str, Callable[[Trial], float | None]] = {
    "latency": lambda trial: trial.seconds,
    "cost": _cost,
    "steps": lambda trial: float(trial.steps),
    "calls": lambda trial: float(len(trial.calls)),
    "tokens": lambda trial: float(sum(call.tokens for call in trial.calls)),
    "tool_calls": lambda trial: float(len(trial.acts)),
}
FIGURES = tuple(_FIGURES)
"""What can be limited."""
