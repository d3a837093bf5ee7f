"""What came of each go, as the log keeps it: small, plain, and enough to add every figure up again."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from remit.quality.score import SUCCESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.quality.experiments.plan import Item
    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.trial import Trial

Json = Any
SCORED, INFRA, SKIPPED, UNSCORED = "scored", "infra", "skipped", "unscored"
"""It was scored; the ground gave way; it was not begun; a scorer failed."""


class Given(NamedTuple):
    """A score."""

    metric: str
    value: float | None
    why: str = ""
    harm: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One go."""

    arm: int
    scenario: str
    digest: str
    family: str
    index: int
    seed: int
    status: str = SCORED
    why: str = ""
    scores: tuple[Given, ...] = ()
    unsteady: tuple[str, ...] = ()
    """Metrics that came out differently when the same trial was scored again."""
    run: str = ""
    cost: int | None = 0
    seconds: float = 0.0
    steps: int = 0
    calls: int = 0
    denials: int = 0
    attempts: int = 1
    cached: bool = False
    """Whether it had been made before."""
    simulated: bool = False
    """Whether any answer was made up by the simulated model."""

    @classmethod
    def read(cls, said: Mapping[str, Json]) -> Row:
        """The row that was written down."""
        made = dict(said)
        made["scores"] = tuple(Given(str(m), v, str(w), bool(h)) for m, v, w, h in made.get("scores", ()))
        made["unsteady"] = tuple(made.get("unsteady", ()))
        return cls(**made)

    @property
    def plain(self) -> dict[str, Json]:
        """As the log keeps it."""
        return asdict(self) | {
            "scores": [list(each) for each in self.scores],
            "unsteady": list(self.unsteady),
        }

    def value(self, metric: str) -> float | None:
        """What was scored of a metric; None: nothing was."""
        return next((each.value for each in self.scores if each.metric == metric), None)

    @property
    def succeeded(self) -> bool | None:
        """Whether it was a success; None: nobody knows."""
        value = self.value(SUCCESS)
        return None if value is None else value >= 1


def blank(item: Item, scenario: Scenario, status: str, why: str) -> Row:
    """A go that was not made, or came to nothing."""
    return Row(item.arm, scenario.name, scenario.digest, scenario.cluster, item.index, item.seed, status, why)


def row_of(
    item: Item, trial: Trial, scores: tuple[Given, ...], unsteady: tuple[str, ...], **more: Any
) -> Row:
    """A go that was made."""
    scenario = trial.scenario
    status, why = (INFRA, trial.error) if trial.infra else (SCORED, "")
    return Row(
        item.arm, scenario.name, scenario.digest, scenario.cluster, item.index, item.seed, status, why, scores,
        unsteady, trial.run_id, trial.cost_micro, round(trial.seconds, 6), trial.steps, len(trial.calls),
        trial.denials, simulated=trial.simulated, **more,
    )  # fmt: skip
