"""A judge as a scorer: what it is shown of a trial, and its judgement as a score. How its model is reached is said by
whoever lets it score, with `asked_by`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from remit.domain.errors import RemitError
from remit.domain.judge_errors import InvalidJudge, RelatedJudge
from remit.quality.judging.judge import Judge, Kind
from remit.quality.judging.judgement import Judgement
from remit.quality.matter import Matter
from remit.quality.scenarios.expectation import Match, text_of
from remit.quality.score import Score

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from remit.quality.scenarios.scenario import Scenario
    from remit.quality.trial import Act, Trial

Asker = Callable[[Judge, Matter], Awaitable[Judgement]]
_LONGEST_RESULT = 2_000
_asker: ContextVar[Asker | None] = ContextVar("asker", default=None)


@contextmanager
def asked_by(asker: Asker) -> Generator[None]:
    """Within this, judges that score are asked so: `asker(run)` of `bench` asks them as steps of a run."""
    token = _asker.set(asker)
    try:
        yield
    finally:
        _asker.reset(token)


class JudgeScorer:
    """Scores a trial by asking a judge. `models` are those behind its route, so that another model is another judge."""

    def __init__(self, judge: Judge, models: Sequence[str] = ()) -> None:
        self.judge = judge
        self._models = tuple(models)

    @property
    def name(self) -> str:
        """What it is called in a suite."""
        return self.judge.name

    @property
    def metrics(self) -> tuple[str, ...]:
        """The one score that it gives."""
        return (self.judge.metric,)

    @property
    def digest(self) -> str:
        """The name of this judge with the models behind its route."""
        return self.judge.digest(self._models)

    async def score(self, trial: Trial) -> tuple[Score, ...]:
        """Its judgement; None where it gave none, which is never taken for a pass."""
        judge, ask = self.judge, _asker.get()
        if ask is None:
            raise InvalidJudge(f"judge {judge.name} was to score where no model can be asked.")
        if trial.infra:
            return (
                Score(
                    judge.metric, None, "the trial failed by something that is not the agent's", judge.harm
                ),
            )
        try:
            found = await ask(judge, matter_of_trial(judge, trial))
        except (RelatedJudge, InvalidJudge):
            raise
        except RemitError as wrong:
            return (Score(judge.metric, None, f"not judged: {wrong.message}", judge.harm),)
        return (Score(judge.metric, found.value, found.why, judge.harm),)


def matter_of_trial(judge: Judge, trial: Trial) -> Matter:
    """What of a trial a judge is shown."""
    scenario, expected = trial.scenario, _expected(trial.scenario)
    if judge.kind is Kind.FAULT:
        raise InvalidJudge(
            f"judge {judge.name} says whose fault it was, which is no score.", "See: remit judge fault RUN"
        )
    if judge.kind is Kind.PAIRWISE and not expected:
        raise InvalidJudge(
            f"judge {judge.name} compares answers, and scenario {scenario.name} has no gold answer to compare with.",
            "Write gold: answer: in the scenario, or use a judge with a rubric.",
        )
    asked = "\n".join(
        (text_of(scenario.input), *(text_of(turn.says) for turn in scenario.turns if turn.says))
    )
    return Matter(
        f"{scenario.name}#{trial.index}", trial.answer or trial.error, asked, expected,
        tuple(_act(act) for act in trial.acts), expected, tuple(dict.fromkeys(call.model for call in trial.calls)),
    )  # fmt: skip


def _expected(scenario: Scenario) -> str:
    """The gold answer, where it is one in words."""
    gold = scenario.gold.answer
    spoken = gold is not None and gold.match in {Match.EQUALS, Match.ONE_OF, Match.CONTAINS}
    return text_of(gold.value) if gold is not None and spoken else ""


def _act(act: Act) -> str:
    said = f"{act.tool}({text_of(dict(act.args))}): {act.status.value}"
    if act.reason:
        return f"{said}, {act.reason}"
    return f"{said} -> {text_of(act.result)[:_LONGEST_RESULT]}" if act.result is not None else said
