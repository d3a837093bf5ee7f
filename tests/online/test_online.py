"""Live runs are scored as they end: a share of them, once, without a model always and by judges as far as money goes;
what comes of it has intervals, and objectives that burn.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from remit.cli.main import main
from remit.control.online.evaluator import Evaluator
from remit.control.online.scoring import is_drawn
from remit.control.online.terms import OnlineTerms
from remit.control.settings import OnlineSettings, Settings, reporting_terms
from remit.domain.errors import InvalidSetting
from remit.domain.judging_events import JudgeChecked, RunScored
from remit.engine.outside import team_stream
from remit.models.simulation.lines import Line
from remit.testing import stage
from remit.testing.clock import ManualClock
from remit.testing.scripting import Script
from remit.tools.tool import PythonTool, tool
from tests.engine.places import until
from tests.gate.desk import agent, desk, write_policy
from tests.judging.bench import ruling, write_judge
from tests.judging.test_cards import Mood, label_forty

if TYPE_CHECKING:
    from remit.control.platform import Platform
    from remit.testing import Stage

SLO = """
[slo.grounded]
metric = "score"
score = "groundedness"
objective = 0.9
least = 1
"""
ALLOWED = '@id("everything") permit (principal, action, resource);'


def lookup() -> PythonTool:
    @tool(effect="read", name="balance")
    async def balance(account: str) -> dict[str, Any]:
        """What an account holds."""
        return {"account": account, "cents": 4812}

    return balance


async def ended(on: Stage, script: Script, clerk: Any, *answers: str) -> list[str]:
    """Runs that gave these answers after a look."""
    runs: list[str] = []
    for answer in answers:
        script(clerk).calls("balance", account="a-17").says(answer)
        run = await on.start("clerk", question="What is on a-17?")
        await run.result()
        runs.append(run.id)
    return runs


def evaluator(platform: Platform, judges: tuple[str, ...] = (), judge_micro: int = 0) -> Evaluator:
    return Evaluator(platform.parts, platform, OnlineTerms(100, judges, judge_micro))


async def test_every_task_that_ended_is_scored_once_and_figures_have_intervals(
    database: str, script: Script, tmp_path: Path
) -> None:
    clerk = agent(lookup())
    (tmp_path / "remit.toml").write_text(SLO)
    async with desk(tmp_path, script, agents=[clerk], database=database) as on:
        platform = on.platform
        runs = await ended(
            on, script, clerk, "It holds 4812 cents.", "It holds 4812.", "It holds 9999 cents."
        )
        assert await Evaluator(platform.parts, platform, OnlineTerms(0)).look() == 0
        looks = [evaluator(platform), evaluator(platform)]
        looked = await asyncio.gather(*(each.look() for each in looks))
        assert sum(looked) == 3, "whoever is first, each task is looked at once"
        assert await looks[0].look() == 0
        view = await platform.online.figures()
        found = {each.metric: each for each in view.figures}
        assert (view.looked, sorted(found)) == (3, ["budget", "citations", "groundedness", "policy"])
        grounded = found["groundedness"]
        assert (grounded.n, grounded.whole) == (3, pytest.approx(2 / 3))
        assert grounded.low is not None
        assert grounded.high is not None
        assert grounded.low < 2 / 3 < grounded.high
        assert (found["policy"].mean, found["citations"].n) == (1.0, 0)
        assert view.hallucinating is not None
        assert view.hallucinating.whole == pytest.approx(1 / 3)
        assert (await platform.online.figures(agent="nobody")).figures == ()
        log, _ = await platform.ground.log.read(team_stream("default"))
        said = {each.event.run: each.event for each in log if isinstance(each.event, RunScored)}
        assert sorted(said) == sorted(runs)
        why = {metric: text for metric, _, text, _ in said[runs[2]].scores}
        assert "9999" in why["groundedness"]
        terms = reporting_terms(Settings(), tmp_path)
        platform._terms = terms  # pyright: ignore[reportPrivateUsage]
        (burn,) = await platform.reporting.objectives()
        assert (burn.tasks, burn.missed, burn.state, burn.score) == (
            3,
            1,
            "burning" if burn.burning else "spent",
            "groundedness",
        )


async def test_judges_are_asked_until_the_money_of_the_day_is_spent(script: Script, tmp_path: Path) -> None:
    clerk = agent(lookup())
    write_judge(tmp_path)
    script("judge.polite").plays(
        lambda scene: Line(answer=ruling("pass" if "4812" in scene.user else "fail"))
    ).forever()
    async with desk(tmp_path, script, agents=[clerk]) as on:
        await ended(on, script, clerk, "It holds 4812 cents.", "It holds 4812.", "It holds 4812.")
        look = evaluator(on.platform, judges=("polite",), judge_micro=100_000)
        assert await look.look() == 3
        (figure,) = [each for each in (await on.platform.online.figures()).figures if each.judge]
        assert (figure.metric, figure.judge, figure.n, figure.whole, figure.gates) == (
            "polite",
            "polite",
            2,
            1.0,
            False,
        )
        assert figure.corrected is None, "nobody knows what a judge without a card is worth"


async def test_a_judge_of_live_runs_is_shown_golden_items_once_a_day_and_corrected_by_its_card(
    script: Script, tmp_path: Path
) -> None:
    clerk, mood = agent(lookup()), Mood()
    write_judge(tmp_path)
    script("judge.polite").plays(mood.judge).forever()
    async with desk(tmp_path, script, agents=[clerk]) as on:
        platform = on.platform
        await label_forty(platform, tmp_path)
        await platform.labelling.review("gold", "use")
        await platform.judging.calibrate("polite", "gold")
        await ended(on, script, clerk, "It is kind.", "It is rude.", "It is kind.", "It is rude.")
        look = evaluator(platform, judges=("polite",), judge_micro=10_000_000)
        assert await look.look() == 4
        assert await look.look() == 0
        (figure,) = [each for each in (await platform.online.figures()).figures if each.judge]
        assert (figure.n, figure.whole, figure.gates) == (4, 0.5, True)
        assert figure.corrected is not None
        assert figure.corrected < 0.5, "it misses some of what is rude, so more is rude than it says"
        log, _ = await platform.ground.log.read(team_stream("default"))
        checks = [each.event for each in log if isinstance(each.event, JudgeChecked)]
        assert [each.looked for each in checks] == [5], "once a day, however often somebody looks"


async def test_a_worker_scores_what_it_is_told_to_and_nothing_of_its_own(tmp_path: Path) -> None:
    write_policy(tmp_path, ALLOWED)
    script, clerk, clock = Script(), agent(lookup()), ManualClock()
    chosen = Settings(online=OnlineSettings(percent=100, seconds=30))
    async with stage(workspace=tmp_path, agents=[clerk], chosen=chosen, clock=clock, script=script) as on:
        await ended(on, script, clerk, "It holds 4812 cents.")

        async def scored() -> bool:
            await clock.advance(31)
            return (await on.platform.online.figures()).looked == 1

        await until(scored)
    lot = [is_drawn(f"r-{n}", 10) for n in range(2000)]
    assert 140 < sum(lot) < 260
    assert not any(is_drawn(f"r-{n}", 0) for n in range(100))
    assert all(is_drawn(f"r-{n}", 100) for n in range(100))


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        ('metric = "score"\nobjective = 0.9', "score is missing"),
        ('metric = "score"\nobjective = 0.9\nscore = "polite"\nat_least = 2', "at_least is 2"),
        ('metric = "success"\nobjective = 0.9\nscore = "polite"', "score means nothing for success"),
    ],
)
def test_an_objective_of_scores_says_which(tmp_path: Path, text: str, wrong: str) -> None:
    (tmp_path / "remit.toml").write_text(f"[slo.one]\n{text}\n")
    with pytest.raises(InvalidSetting, match=wrong):
        reporting_terms(Settings(), tmp_path)


def test_the_terminal_says_how_live_runs_were_scored(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_policy(tmp_path, ALLOWED)
    (tmp_path / "remit.toml").write_text("")

    def said(*words: str) -> str:
        with pytest.raises(SystemExit) as done:
            main(["-w", str(tmp_path), "kpis", "--online", *words])
        assert done.value.code == 0
        return capsys.readouterr().out

    assert "nothing was scored; see docs/how-to/score-live-runs.md" in said()

    async def scored() -> None:
        script, clerk = Script(), agent(lookup())
        async with stage(workspace=tmp_path, agents=[clerk], script=script) as on:
            await ended(on, script, clerk, "It holds 4812 cents.", "It holds 9999 cents.")
            await evaluator(on.platform).look()

    asyncio.run(scored())
    told = said("--since", "2d")
    assert "2 tasks looked at" in told
    assert "hallucinating  2" in told
    assert "50.0 %   9.5 to 90.5" in told
