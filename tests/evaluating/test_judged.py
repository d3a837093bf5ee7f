"""Judges in experiments: asked as steps of the experiment, paid once, and without a card no reason to pass anything."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit.control.evaluating.book import ExperimentBook
from remit.control.evaluating.views import Wish
from remit.domain.judge_errors import UncalibratedJudge
from remit.models.simulation.lines import Line
from remit.quality.judging.reading import judge_named, read_judges
from remit.quality.judging.scorer import JudgeScorer
from remit.quality.suite import Suite
from remit.quality.verdicts import Rule
from remit.testing import stage
from remit.testing.scripting import Script
from tests.evaluating import desk
from tests.judging.bench import ruling, write_judge


def judged(folder: Path) -> Suite:
    """Tickets, whose answers a judge looks at as well."""
    write_judge(folder)
    judge = JudgeScorer(judge_named(read_judges(folder, ()), "polite"))
    suite = desk.suite(scorers=(judge,))
    (metric,) = judge.metrics
    return replace(suite, margins={**suite.margins, metric: Rule(0.5)})


async def test_a_judge_is_asked_once_for_each_go_and_its_words_are_evidence(
    tmp_path: Path, script: Script
) -> None:
    asked: Counter[str] = Counter()

    def rule(scene: Any) -> Any:
        asked[scene.path] += 1
        return answered(ruling("pass"))

    script("judge.polite").plays(rule).forever()
    async with stage(desk.handle, workspace=tmp_path, script=script) as place:
        suite = judged(tmp_path)
        view = await place.platform.evaluating.run(suite, Wish())
        metrics = {each["metric"]: each["value"] for each in view.outcome["arms"][0]["metrics"]}
        assert metrics["polite"] == 1.0
        assert set(asked.values()) == {1}
        assert len(asked) == len(suite.scenarios)
        await place.platform.experiments.bundle(view.id, tmp_path / "bundle")
        assert ExperimentBook.recompute(tmp_path / "bundle").same


async def test_a_judge_without_a_card_lets_nothing_pass(tmp_path: Path, script: Script) -> None:
    script("judge.polite").plays(lambda _: answered(ruling("pass"))).forever()
    async with stage(desk.handle, workspace=tmp_path, script=script) as place:
        suite = judged(tmp_path)
        old = await place.platform.evaluating.run(suite, Wish())
        with pytest.raises(UncalibratedJudge):
            await place.platform.evaluating.run(suite, Wish(against=old.id, gate=True))


def answered(said: dict[str, str]) -> Line:
    """The model of a judge says this."""
    return Line(answer=said)
