"""What whoever asks is told: how to begin, what proves nothing, and since when nothing moved."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from remit.cli.commands.eval import eval as evaluate
from remit.cli.main import main
from remit.quality.experiments.plan import NEW, OLD, Arm, Plan
from remit.quality.experiments.rows import Given, Row
from remit.quality.gating.comparing import outcome
from remit.quality.verdicts import Rule
from tests.evaluating import desk


def given(*, good: bool) -> tuple[Given, ...]:
    """What a go was scored with."""
    return Given("success", float(good)), Given("harmless", 1.0, harm=True)


def verdict(good: int) -> tuple[str, str]:
    """What forty tickets come to, of which either arm solves so many."""
    suite = desk.suite(40, margins={"success": Rule(0.1)})
    plan = Plan.of(suite, suite.scenarios, (Arm("new", "1" * 64), Arm("old", "2" * 64, "experiment", "r-1")))
    rows = [
        Row(arm, each.name, each.digest, each.cluster, 0, 0, scores=given(good=n < good))
        for arm in (NEW, OLD)
        for n, each in enumerate(suite.scenarios)
    ]
    found = outcome(plan, rows)
    return found["verdict"], " ".join(found["reasons"])


def test_s34_two_arms_that_do_nothing_right_pass_nothing() -> None:
    said, why = verdict(0)
    assert said == "inconclusive"
    assert "nothing succeeded in either arm" in why
    assert verdict(1)[0] == "pass", "one is enough to say that it can be done"


def test_s34_families_that_agree_are_so_many_pieces_of_evidence_and_no_certainty() -> None:
    suite = desk.suite(4)
    plan = Plan.of(suite, suite.scenarios, (Arm("new", "1" * 64),))
    rows = [
        Row(NEW, each.name, each.digest, f"f{min(n, 2)}", 0, 0, scores=given(good=True))
        for n, each in enumerate(suite.scenarios)
    ]
    success = outcome(plan, rows)["arms"][0]["metrics"][0]
    assert (success["value"], success["high"]) == (1.0, 1.0)
    assert success["low"] == pytest.approx(3 / (3 + 1.959964**2), abs=1e-4), "Wilson's, of three"


def test_help_says_how_to_begin() -> None:
    assert re.search(r"^  run +Put SUITE", CliRunner().invoke(evaluate, ["--help"]).output, re.MULTILINE)


def test_what_has_not_drifted_is_said_with_since_when(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "remit.toml").write_text("")
    with pytest.raises(SystemExit):
        main(["-w", str(tmp_path), "release", "drift", "--since", "2d"])
    assert re.search(r"nothing drifted since \d{4}-\d\d-\d\d \d\d:\d\d", capsys.readouterr().out)
