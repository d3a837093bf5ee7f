"""Slices: which rules are about whom and what; arguments, the environment and whoever asks in one condition, where each
of them counts; and what cannot be judged at all.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import cedarpy
import pytest
from cedarpy import pst

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest
from remit.policy import checks
from remit.policy.answers import unjudged
from remit.policy.authority import Authority
from remit.policy.cedar import Entity, Node
from remit.policy.loading import rules_of
from remit.policy.schema import statement_named
from remit.policy.scopes import matches, matches_action
from remit.policy.slices import Slice
from tests.policy.worlds import ALLOW_ALL, READ, REFUND, WIPE, authority, call, said, tool, world

REFUNDS = 'forbid (principal, action == Action::"call", resource == Tool::"refund")'


@pytest.mark.parametrize(
    ("environment", "amount", "outcome"),
    [("prod", 16, "deny"), ("prod", 15, "allow"), ("dev", 16, "allow"), ("dev", 15, "allow")],
)
@pytest.mark.parametrize("beside", ["", f"{REFUNDS} when {{ context.amount > 90 }};\n"])
def test_the_environment_counts_beside_an_argument(
    environment: str, amount: int, outcome: str, beside: str, tmp_path: Path
) -> None:
    about = f'{REFUNDS} when {{ context.environment == Environment::"prod" && context.amount > 15 }};\n'
    rules = authority(tmp_path, ALLOW_ALL + about + beside)
    assert rules.decide(replace(call(REFUND, amount=amount), environment=environment)).outcome == outcome


@pytest.mark.parametrize("asker", ['User::"lea"', 'Agent::"triage"', 'Team::"support"'])
def test_whoever_asks_counts_beside_an_argument(asker: str, tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + f'@id("no") {REFUNDS} when {{ principal == {asker} && context.amount > 15 }};\n',
        users=frozenset({"lea", "bo"}),
    )
    for user, agent in (("lea", "triage"), ("bo", "triage"), ("lea", "critic")):
        for amount in (15, 16):
            is_asker = asker.split('"')[1] in (user, agent, "support")
            decision = rules.decide(call(REFUND, user=user, agent=agent, amount=amount))
            assert said(decision) == (
                ("deny", ["no"]) if is_asker and amount > 15 else ("allow", ["policies/main.cedar:1"])
            )


def test_what_a_rule_says_of_memory_is_held_against_what_is_done_there(tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + 'forbid (principal, action == Action::"memory", resource) '
        'when { context.operation == "forget" };\n',
    )
    for operation in ("remember", "recall", "forget"):
        asked = AccessRequest(
            "lea", "support", "triage", "memory", "team", {"scope": "team"}, {"operation": operation}
        )
        assert rules.decide(asked).allows is (operation != "forget")


def test_what_cannot_be_judged_is_denied_in_one_sentence(tmp_path: Path) -> None:
    rules = authority(tmp_path, ALLOW_ALL)
    unsaid = rules.decide(AccessRequest("lea", "support", "triage", "model", "X"))
    assert unsaid == unjudged("nobody said the provider of model X", rules.digest)
    broken = rules.decide(replace(call(REFUND), facts=cast("Any", None)))
    why = "AttributeError: 'NoneType' object has no attribute 'get'"
    assert broken == unjudged(f"the request cannot be judged ({why})", rules.digest)


def test_a_default_counts_where_an_argument_is_left_out(tmp_path: Path) -> None:
    pay = tool("pay", amount={"type": "number", "default": 14.5})
    about = 'permit (principal, action == Action::"call", resource == Tool::"pay")'
    for operator, allowed in (("<", True), (">", False)):
        rules = authority(tmp_path, f"{about} when {{ context.amount {operator} 15 }};\n", pay)
        assert rules.decide(call(pay)).allows is allowed
        (reason,) = rules.decide(call(pay, amount="x")).reasons
        assert reason.text == "amount is no number"


def test_what_was_judged_once_is_not_judged_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rules = authority(tmp_path, ALLOW_ALL + f"{REFUNDS} when {{ context.amount > 15 }};\n")
    first = [rules.decide(call(REFUND, amount=amount)) for amount in (1, 99)]
    seen = rules.decide(call(READ, id=1))

    def asked(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(Slice, "match", asked)
    assert [rules.decide(call(REFUND, amount=amount)) for amount in (1, 99)] == first
    assert [each.outcome for each in first] == ["allow", "deny"]
    assert rules.decide(call(READ, id=2)) == seen
    assert rules.decide(call(REFUND, amount=2)).outcome == "deny", (
        "a new value is judged, and that fails here"
    )
    monkeypatch.setattr(Slice, "values", asked)
    assert rules.decide(call(READ, id=3)) == seen, "nothing of this call is looked at"


def test_rules_are_named_by_their_texts_and_by_every_tool(tmp_path: Path) -> None:
    rules = authority(tmp_path, ALLOW_ALL)
    plain = Authority(tmp_path, rules.rules, rules.world)
    assert (plain.version, dict(plain.files), plain.digest) == ("", {}, rules.digest)
    told = replace(WIPE, description="another sentence")
    assert (
        authority(tmp_path, ALLOW_ALL, REFUND, told).digest
        != authority(tmp_path, ALLOW_ALL, REFUND, WIPE).digest
    )
    assert authority(tmp_path, ALLOW_ALL * 2).digest != rules.digest
    elsewhere = Authority.of({"rules/a.cedar": ALLOW_ALL}, world(), Path("x/rules"))
    with pytest.raises(InvalidPolicy, match=r"there is no rule in rules/\*\.cedar"):
        Authority.of({}, world(), Path("x/rules"))
    with pytest.raises(InvalidPolicy, match=r"there is no rule in rules/\*\.cedar"):
        elsewhere.adopt({})


SUPPORT, LEA = Entity("Team", "support"), Entity("User", "lea")


@pytest.mark.parametrize(
    ("scope", "matching"),
    [
        ("principal", True),
        ('principal == User::"lea"', True),
        ('principal == User::"bo"', False),
        ('principal == Team::"support"', False),
        ('principal in Team::"support"', True),
        ('principal in Team::"sales"', False),
        ('principal in User::"lea"', True),
        ("principal is User", True),
        ("principal is Agent", False),
        ('principal is User in Team::"support"', True),
        ('principal is User in Team::"sales"', False),
        ('principal is Agent in Team::"support"', False),
        ('principal is Agent in Team::"sales"', False),
    ],
)
def test_a_scope_is_held_against_who_asks_and_what_they_belong_to(scope: str, matching: bool) -> None:
    (rule,) = rules_of({"main.cedar": f"permit ({scope}, action, resource);\n"})
    assert matches(rule.statement.principal, Node(LEA, {}, (SUPPORT,))) is matching


@pytest.mark.parametrize(
    ("scope", "about"),
    [
        ("action", {"call", "list"}),
        ('action == Action::"call"', {"call"}),
        ('action in [Action::"list", Action::"undo"]', {"list"}),
        ('action in [Action::"undo"]', set[str]()),
    ],
)
def test_a_rule_is_about_the_actions_that_it_names(scope: str, about: set[str]) -> None:
    (rule,) = rules_of({"main.cedar": f"permit (principal, {scope}, resource);\n"})
    assert {each for each in ("call", "list") if matches_action(rule.statement, each)} == about


def test_rules_are_held_against_a_world_once_and_against_another_one_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def counted(schema: cedarpy.Schema, statement: pst.Template) -> list[str]:
        asked.append(statement.id)
        return statement_named(schema, statement)

    monkeypatch.setattr(checks, "statement_named", counted)
    text = f"{ALLOW_ALL}{REFUNDS} when {{ context.amount > 4711 }};\n"
    first, again = (authority(tmp_path, text, REFUND, READ) for _ in range(2))
    assert len(asked) == len(first.rules) == 2
    assert again.digest == first.digest
    wider = tool("refund", "amount", amount={"type": "integer"}, why={"type": "string"})
    assert authority(tmp_path, text, wider, READ).digest != first.digest
    assert len(asked) == 4
    with pytest.raises(InvalidPolicy, match="amount"):
        authority(tmp_path, text, tool("refund"), READ)
