"""`remit policy check` says of a broken policy what starting on it would say, and more."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Terminal


@pytest.fixture
def rules(remit: Terminal) -> Path:
    """The policy file of the workspace."""
    folder = remit.place / "policies"
    folder.mkdir()
    (folder / "main.cedar").write_text('@id("all") permit (principal, action, resource);\n')
    return folder / "main.cedar"


def test_a_policy_that_fits_is_counted(remit: Terminal, rules: Path) -> None:
    (rules.parent / "examples.yaml").write_text("- {memory: 'user:lea', expect: allow, by: all}\n")
    assert remit("policy", "check", code=0).out.startswith("1 rule, 1 of 1 examples agree; policy ")


def test_a_policy_that_cannot_be_read_stops_the_start_and_is_explained(remit: Terminal, rules: Path) -> None:
    rules.write_text('permit (principal, action, resource == Tool::"refnd");\n')
    sentence = 'policies/main.cedar:1 names Tool::"refnd", which no agent in this workspace has.'
    refused = remit("run", "hello", "--json", code=2)
    assert refused.error["message"] == sentence
    assert refused.error["code"] == "invalid_policy"
    assert "remit policy check" in refused.error["hint"]
    report = remit("policy", "check", "--json", code=1).json
    assert report["findings"] == [{"kind": "broken", "message": sentence}]


def test_a_contradicted_example_fails_and_a_dead_rule_does_not(remit: Terminal, rules: Path) -> None:
    rules.write_text(rules.read_text() + "permit (principal, action, resource);\n")
    assert "says the same as policies/main.cedar:1" in remit("policy", "check", code=0).out
    (rules.parent / "examples.yaml").write_text("- {memory: 'user:lea', expect: deny}\n")
    assert "expects deny, and the answer is allow" in remit("policy", "check", code=1).out


def test_without_any_policy_nothing_starts_that_ran_before(remit: Terminal) -> None:
    remit("doctor", code=0)
    for file in (remit.place / "policies").iterdir():
        file.unlink()
    assert "there is no rule in policies/*.cedar" in remit("run", "order_of_one", code=2).err
    assert remit("runs", code=0).out == "no runs\n"
    assert "there is no rule in policies/*.cedar" in remit("policy", "check", code=1).out
