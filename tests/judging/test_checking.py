"""`remit check` finds a judge that could not be asked, or would be refused the work of the agents here."""

from __future__ import annotations

from pathlib import Path

import pytest

from remit.control.settings import OnlineSettings, Settings
from remit.control.upkeep.checking import check
from tests.gate.desk import ALL_ALLOWED, write_policy
from tests.judging.bench import write_judge

AGENT = 'from remit import Agent\n\ntriage = Agent("triage", prompt="Triage.", route="fast")\n'


@pytest.mark.parametrize(
    ("judge", "online", "found"),
    [
        (
            "rubric: r\nroute: fast",
            (),
            ("warning", "judges/polite.yaml: it would be refused the work of triage"),
        ),
        ("rubric: r\nroute: nope", (), ("error", 'judges/polite.yaml: there is no route "nope"')),
        ("rubrik: r", (), ("error", 'judges/polite.yaml has "rubrik"')),
        ("rubric: r\nroute: other", ("rude",), ("error", 'this workspace has no judge "rude"')),
        ("rubric: r\nroute: other", ("polite",), None),
    ],
)
async def test_a_check_says_what_is_wrong_with_judges(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    judge: str,
    online: tuple[str, ...],
    found: tuple[str, str] | None,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-nothing-real-at-all")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-nothing-real-at-all")
    write_policy(tmp_path, ALL_ALLOWED)
    (tmp_path / "agents.py").write_text(AGENT)
    (tmp_path / "models.toml").write_text(
        '[routes.fast]\nmodels = ["gpt-5-mini"]\n[routes.other]\nmodels = ["claude-haiku-4-5"]\n'
    )
    write_judge(tmp_path, text=judge)
    report = await check(tmp_path, Settings(code=("agents.py",), online=OnlineSettings(judges=online)))
    told = [(each.severity, each.message) for each in report.problems if each.check == "judges"]
    if found is None:
        assert told == []
    else:
        assert [(severity, message.startswith(found[1])) for severity, message in told] == [
            (found[0], True)
        ], told
