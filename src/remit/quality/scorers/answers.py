"""Whether the answer of every trial of a suite is as one expectation says: exact, containing, matching, near, JSON of a
schema. What is right for one scenario alone stands in its gold.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from remit.quality.scenarios.paths import MISSING, follow, parts_of
from remit.quality.score import INFRA, Score
from remit.quality.scorers.gold import misended
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.quality.scenarios.expectation import Expectation
    from remit.quality.trial import Trial


@dataclass(frozen=True, slots=True)
class AnswerScorer:
    """1 where the answer is as expected."""

    expect: Expectation
    name: str
    """Also the metric."""
    at: str = ""
    """Which part of the result is looked at, such as `reply.text`; empty: the whole of it."""

    @property
    def metrics(self) -> tuple[str, ...]:
        """One."""
        return (self.name,)

    @property
    def digest(self) -> str:
        """By what it expects."""
        return canonical.digest(canonical.plain(["answer", 1, asdict(self)]))

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """One score."""
        if trial.infra:
            return (Score(self.name, None, INFRA),)
        if trial.error:
            ended = misended(trial)
            return (Score(self.name, 0.0 if ended else None, ended or "it ends without an answer"),)
        whole = trial.result if trial.result is not None else trial.answer
        there = follow(whole, parts_of(self.at))
        why = self.expect.unmet(None if there is MISSING else there)
        return (Score(self.name, float(not why), why),)
