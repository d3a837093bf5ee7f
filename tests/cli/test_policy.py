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


def test_a_change_is_tried_on_the_log_before_it_counts(remit: Terminal, rules: Path) -> None:
    (remit.place / "tools").mkdir(exist_ok=True)
    (remit.place / "tools" / "money.py").write_text(
        "from remit import tool\n\n\n@tool(effect='write')\nasync def refund(order: str, amount: int) -> int:\n"
        '    """Pay."""\n    return amount\n'
    )
    (remit.place / "flows" / "pay.py").write_text(
        "from remit import Run, flow\nfrom tools.money import refund\n\n\n@flow\n"
        "async def pay(run: Run, amount: int) -> int:\n    return await run.call(refund, 'o-1', amount)\n"
    )
    for amount in (50, 500):
        remit("run", "pay", "--input", f'{{"amount": {amount}}}', code=0)
    run = remit("runs", "--json", code=0).json[0]["id"]
    assert "expects allow" in remit("policy", "example", f"{run}/refund", code=0).out
    assert "1 of 1 examples agree" in remit("policy", "test", code=0).out
    other = remit.place / "next"
    other.mkdir()
    forbid = '@id("large") forbid (principal, action == Action::"call", resource == Tool::"refund") when {'
    (other / "main.cedar").write_text(rules.read_text() + f"{forbid} context.amount > 200 }};\n")
    tried = remit("policy", "simulate", "--policies", "next", "--json", code=0).json
    assert (tried["requests"], tried["same"], tried["new_denials"]) == (2, 1, 1)
    assert (tried["changes"][0]["rule"], tried["changes"][0]["example"]) == ("large", f"{run}/refund")
    remit("policy", "simulate", "--policies", "next", "--fail-on-new-denials", code=1)
    assert "no folder here" in remit("policy", "simulate", "--policies", "nowhere", code=2).err
    rules.write_text((other / "main.cedar").read_text())
    assert "expects allow, and the answer is deny" in remit("policy", "test", code=1).out


def test_access_is_reviewed_by_a_date(remit: Terminal, rules: Path) -> None:
    del rules
    (remit.place / "tools").mkdir(exist_ok=True)
    (remit.place / "tools" / "money.py").write_text(
        "from remit import tool\n\n\n@tool(effect='write')\nasync def refund(order: str) -> str:\n"
        '    """Pay."""\n    return order\n'
    )
    right = "user:owner/refund"
    shown = remit("policy", "review", "--json", code=0).json["rights"]
    assert [(each["right"], each["last_used"]) for each in shown if "refund" in each["right"]] == [
        (right, None)
    ]
    remit("policy", "review", "confirm", right, code=2)
    remit("policy", "review", "--open", "--due", "1s", code=0)
    assert "rights wait to be confirmed or revoked" in remit("doctor").out
    remit("policy", "review", "revoke", right, "--reason", "unused", code=0)
    assert (
        next(
            each
            for each in remit("policy", "review", "--json", code=0).json["rights"]
            if each["right"] == right
        )["answer"]
        == "revoked"
    )
    remit("policy", "review", "restore", right, code=0)
    assert "is not revoked" in remit("policy", "review", "restore", right, code=1).err


def test_without_any_policy_nothing_starts_that_ran_before(remit: Terminal) -> None:
    remit("doctor", code=0)
    for file in (remit.place / "policies").iterdir():
        file.unlink()
    assert "there is no rule in policies/*.cedar" in remit("run", "order_of_one", code=2).err
    assert remit("runs", code=0).out == "no runs\n"
    assert "there is no rule in policies/*.cedar" in remit("policy", "check", code=1).out
