"""A judge gates only with a card: of exactly this judge, fresh, good enough, not suspended; and drift suspends it."""

from __future__ import annotations

import json
import random
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.domain.errors import InvalidInput
from remit.domain.judge_errors import LabelsNotReady, UncalibratedJudge, UnknownJudge
from remit.domain.judging_events import JudgeCalibrated, JudgeSuspended
from remit.engine.outside import team_stream
from remit.models.simulation.lines import Line
from remit.quality.judging.card import card, card_of, plain_card
from remit.quality.judging.judge import Judge, Kind
from remit.quality.judging.judgement import Judgement, Vote, judged
from remit.quality.judging.standing import Standing, drifted, problem
from remit.quality.statistics.drift import fallen
from remit.testing.scripting import Script
from tests.gate.desk import desk
from tests.judging.bench import POLITE, ruling, write_judge

if TYPE_CHECKING:
    from remit.control.platform import Platform

DAY = 86_400_000_000
MISTAKEN = ("a3 ", "a17 ", "a21 ")


@dataclass
class Mood:
    """A judge that fails what is rude, but for a few it gets wrong; later the other way round."""

    turned: bool = False

    def judge(self, scene: Any) -> Line:
        wrong = any(each in scene.user for each in MISTAKEN) is not self.turned
        return Line(answer=ruling("fail" if ("rude" in scene.user) is not wrong else "pass", "it looks so"))


async def label_forty(platform: Platform, folder: Path) -> None:
    """Forty things that people labelled, half of them rude."""
    sorts = [(n, "rude", "fail") if n % 2 else (n, "kind", "pass") for n in range(40)]
    lines = [{"id": f"a{n}", "answer": f"a{n} {how}", "label": label} for n, how, label in sorts]
    file = folder / "labelled.jsonl"
    file.write_text("\n".join(map(json.dumps, lines)))
    await platform.labelling.open("answers")
    await platform.labelling.add_file("answers", file)
    await platform.labelling.freeze("answers", "gold")


async def test_a_judge_is_calibrated_gates_and_is_suspended_when_it_is_another_one(
    database: str, script: Script, tmp_path: Path
) -> None:
    write_judge(tmp_path)
    mood = Mood()
    script("judge.polite").plays(mood.judge).forever()
    async with desk(tmp_path, script, database=database) as on:
        platform, judging = on.platform, on.platform.judging
        with pytest.raises(UncalibratedJudge, match="it has no calibration card"):
            await judging.gating("polite")
        await label_forty(platform, tmp_path)
        with pytest.raises(LabelsNotReady, match="was not reviewed yet"):
            await judging.calibrate("polite", "gold")
        await platform.labelling.review("gold", "use")
        with pytest.raises(InvalidInput, match=r"may cost up to \$6.00, and \$1.00 was allowed"):
            await judging.calibrate("polite", "gold", usd=1)
        found = await judging.calibrate("polite", "gold")
        made = found.card
        assert made is not None
        assert (found.gates, found.problem, made.n, made.unjudged, made.simulated) == (True, "", 40, 0, True)
        assert (made.hits, made.misses, made.alarms, made.passes) == (17, 3, 0, 20)
        assert (made.share.value, made.swap.value, made.itself.value) == (37 / 40, 1.0, 1.0)
        assert made.kappa.value == pytest.approx(0.85)
        assert made.corrected(17, 40) is not None
        assert (await judging.gating("polite")).digest == found.digest
        good = await judging.check("polite", 10, seed=1)
        assert (good.looked, good.suspended) == (10, "")
        mood.turned = True
        last = await judging.check("polite", 10, seed=2)
        assert "golden items it says" in last.suspended
        with pytest.raises(UncalibratedJudge, match="it is suspended: of"):
            await judging.gating("polite")
        write_judge(tmp_path, text=POLITE + "votes: 3\n")
        with pytest.raises(UncalibratedJudge, match="its card is of"):
            await judging.gating("polite")
        log, _ = await platform.ground.log.read(team_stream("default"))
        sealed = [each.event for each in log if isinstance(each.event, JudgeCalibrated | JudgeSuspended)]
        assert [type(each) for each in sealed] == [JudgeCalibrated, JudgeSuspended]
        assert isinstance(sealed[0], JudgeCalibrated)
        assert card_of(sealed[0].card) == made
        with pytest.raises(UnknownJudge, match="has no card"):
            await judging.suspend("nobody")


def _card(hits: int, misses: int, alarms: int, passes: int, at: int = 0) -> Any:
    """A card of a judge that was held against so many things."""
    told = (
        [("fail", "fail")] * hits
        + [("fail", "pass")] * misses
        + [("pass", "fail")] * alarms
        + [("pass", "pass")] * passes
    )
    labels = {str(n): label for n, (label, _) in enumerate(told)}
    said = [judged(str(n), (Vote(verdict, "because"),)) for n, (_, verdict) in enumerate(told)]
    return card(JUDGE, (), labels, said, said[:5], said[:5], simulated=False, name="gold", version=1, at=at)


JUDGE = Judge("polite", "rule")


def test_a_card_lets_gate_only_while_it_holds() -> None:
    good = _card(28, 2, 2, 28)
    assert problem(JUDGE, (), Standing(good), 0) == ""
    assert "it has no calibration card" in problem(JUDGE, (), Standing(), 0)
    assert "its card is of" in problem(JUDGE, ("another-model",), Standing(good), 0)
    assert "its card is of 123" in problem(JUDGE, (), Standing(other="123"), 0)
    blames = replace(JUDGE, kind=Kind.FAULT)
    assert "whose fault a run was" in problem(blames, (), Standing(good), 0)
    assert "it is suspended: because" in problem(JUDGE, (), Standing(good, "because"), 0)
    assert problem(JUDGE, (), Standing(good), 90 * DAY) == ""
    assert "is 91 days old, and lasts 90" in problem(JUDGE, (), Standing(good), 91 * DAY)
    assert "and 10 of each are needed" in problem(JUDGE, (), Standing(_card(9, 0, 0, 40)), 0)
    assert "by a kappa of 0.00" in problem(JUDGE, (), Standing(_card(20, 0, 20, 0)), 0)
    assert "cannot be told from chance" in problem(
        replace(JUDGE, least_kappa=0.0), (), Standing(_card(7, 5, 5, 6)), 0
    )
    assert card_of(json.loads(json.dumps(plain_card(good)))) == good


def test_what_gave_no_verdict_counts_as_nothing() -> None:
    made = card(
        JUDGE, (), {"1": "fail", "2": "pass"}, [Judgement("1", "", ()), judged("2", (Vote("pass"),))], [], [],
        simulated=False, name="gold", version=1, at=0,
    )  # fmt: skip
    assert (made.n, made.unjudged, made.hits, made.passes, made.itself.value) == (1, 1, 0, 1, None)


def test_drift_is_found_soon_and_seldom_without_cause() -> None:
    made = _card(90, 10, 10, 90)
    assert drifted(made, [True] * 9 + [False]) == ""
    assert "golden items" in drifted(made, [True, False] * 20)
    chance, alarms, waits = random.Random(7), 0, list[int]()
    for _ in range(200):
        alarms += fallen((chance.random() < 0.86 for _ in range(100)), 0.86, 0.71) is not None
        alarm = fallen((chance.random() < 0.6 for _ in range(400)), 0.86, 0.71)
        assert alarm is not None
        waits.append(alarm.at + 1)
    assert alarms <= 20, "at most one in a thousand looks: 200 times 100 looks make 20"
    assert sorted(waits)[100] < 40
