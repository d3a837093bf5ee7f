"""Models that end: told in time, with who depends on them and what their replacements were tried with."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from remit.cli.main import main
from remit.control.inventory.deprecations import findings, sentences
from remit.domain.action_errors import InvalidCatalog
from remit.models import configuration
from remit.models.deprecations import WARNED_DAYS

MODELS = """
[providers.openai]
kind = "openai"
[models."gpt-6-luna"]
[models."gpt-6.1-sol"]
[routes.fast]
models = ["gpt-6-luna"]
[routes.strong]
models = ["gpt-6.1-sol"]
fallbacks = ["gpt-6-luna"]
[deprecations."gpt-6-luna"]
date = {}
replacement = "gpt-6.1-sol"
suites = ["triage"]
"""
ENDS = date(2027, 3, 31)


@pytest.mark.parametrize("left", [WARNED_DAYS + 1, WARNED_DAYS, 1, 0, -5])
def test_a_model_that_a_route_asks_is_named_from_sixty_days_before_it_ends(tmp_path: Path, left: int) -> None:
    (tmp_path / "models.toml").write_text(MODELS.format(ENDS))
    models = configuration.load(tmp_path, env={})
    said = list(sentences(models, ENDS - timedelta(days=left)))
    if left > WARNED_DAYS:
        assert said == []
        return
    ((what, remedy, over),) = said
    assert "the routes fast, strong may ask it" in what
    assert ("ended on 2027-03-31" in what) is over is (left <= 0)
    assert "gpt-6.1-sol take its place" in remedy
    now = datetime(ENDS.year, ENDS.month, ENDS.day, 13, tzinfo=UTC) - timedelta(days=left)
    (finding,) = findings(models, int(now.timestamp()) * 1_000_000)
    assert finding.state == ("broken" if left <= 0 else "warning")


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('[deprecations."gpt-6-lunar"]\ndate = 2027-01-01', 'names "gpt-6-lunar".*nearest: "gpt-6-luna"'),
        ('[deprecations."gpt-6-luna"]\ndate = "soon"', "takes a day"),
        ('[deprecations."gpt-6-luna"]\ndate = 2027-01-01T00:00:00', "takes a day"),
        ('[deprecations."gpt-6-luna"]\nreplacement = "gpt-6.1-sol"', 'does not say "date"'),
        ('[deprecations."gpt-6-luna"]\ndate = 2027-01-01\nreplacement = "gpt-6-luna"', "by itself"),
        ('[deprecations."gpt-6-luna"]\ndate = 2027-01-01\nreplaced = "x"', '"replaced", which is no key'),
    ],
)
def test_a_calendar_that_cannot_be_meant_is_refused(tmp_path: Path, table: str, why: str) -> None:
    (tmp_path / "models.toml").write_text(table)
    with pytest.raises(InvalidCatalog, match=why):
        configuration.load(tmp_path, env={"OPENAI_API_KEY": "k"})


def test_the_terminal_says_who_depends_on_it_and_that_nothing_was_measured(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soon = datetime.now(UTC).date() + timedelta(days=30)
    (tmp_path / "remit.toml").write_text("")
    (tmp_path / "policies").mkdir()
    (tmp_path / "policies" / "all.cedar").write_text('@id("all") permit (principal, action, resource);')
    (tmp_path / "agents").mkdir()
    agent = 'from remit import Agent\nclerk = Agent("clerk", prompt="Hello.", route="fast")\n'
    (tmp_path / "agents" / "clerk.py").write_text(agent)
    simulated = '[providers.sim]\nkind = "simulated"\n[models.old]\nprovider = "sim"\nlike = "sim-fast"\n'
    routes = '[models.new]\nprovider = "sim"\nlike = "sim-fast"\n[routes.fast]\nmodels = ["old"]\nunpriced = "allow"\n'
    ends = f'[deprecations.old]\ndate = {soon}\nreplacement = "new"\nsuites = ["triage"]\n'
    (tmp_path / "models.toml").write_text(simulated + routes + ends)
    with pytest.raises(SystemExit):
        main(["-w", str(tmp_path), "run", "clerk", "--ask", "hello", "--json"])
    capsys.readouterr()
    with pytest.raises(SystemExit) as ended:
        main(["-w", str(tmp_path), "models", "deprecations", "--json"])
    told = capsys.readouterr()
    assert ended.value.code == 1, told
    (each,) = json.loads(told.out)
    assert (each["model"], each["replacement"], each["routes"], each["agents"]) == (
        "old",
        "new",
        ["fast"],
        ["clerk"],
    )
    assert (each["calls"], each["callers"]) == (1, ["clerk"])
    assert [suite["verdict"] for suite in each["suites"]] == ["not measured"]
    with pytest.raises(SystemExit) as checked:
        main(["-w", str(tmp_path), "check"])
    assert checked.value.code == 0
    assert f"old ends on {soon}, in 30 days" in " ".join(capsys.readouterr().out.split())
