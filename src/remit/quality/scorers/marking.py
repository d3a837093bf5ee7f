"""All scores of one trial: the gold of its scenario, then each scorer of the suite. What a scorer gives that it did not
announce, or gives twice, is refused: a verdict must not rest on whichever came last.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.quality_errors import BadScore
from remit.quality.scorers.gold import GoldScorer
from remit.wire import canonical

if TYPE_CHECKING:
    from remit.quality.score import Score, Scorer
    from remit.quality.suite import Suite
    from remit.quality.trial import Trial

GOLD = GoldScorer()


def scorers_of(suite: Suite) -> tuple[Scorer, ...]:
    """Everyone who scores a trial of this suite."""
    return (GOLD, *suite.scorers)


def digest_of(suite: Suite) -> str:
    """The name of exactly this way of scoring."""
    return canonical.digest([each.digest for each in scorers_of(suite)])


async def mark(suite: Suite, trial: Trial) -> tuple[Score, ...]:
    """The scores of a trial."""
    found: dict[str, Score] = {}
    for scorer in scorers_of(suite):
        for score in await scorer.score(trial):
            _check(scorer, score, found)
            found[score.metric] = score
    return tuple(found.values())


def _check(scorer: Scorer, score: Score, found: dict[str, Score]) -> None:
    if score.metric not in scorer.metrics:
        raise BadScore(
            f'the scorer {scorer.name} gave "{score.metric}", which it did not announce: '
            f"it has {', '.join(scorer.metrics)}.",
            'Name it: @scorer(metrics=("…",)).',
        )
    if score.metric in found:
        raise BadScore(
            f'"{score.metric}" was scored twice, the second time by {scorer.name}.', "Give it another name."
        )
