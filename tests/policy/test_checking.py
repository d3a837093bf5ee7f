"""Checking policies: all that does not fit at once, rules that decide nothing, and examples that hold the rules to
what they are meant to say.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import InvalidPolicy
from remit.policy.checking import PolicyReport, check
from tests.policy.worlds import ALLOW_ALL, policies, world

CALL = 'action == Action::"call"'


def checked(tmp_path: Path, text: str, *examples: dict[str, Any], **more: Any) -> PolicyReport:
    return check(policies(tmp_path, text), world(**more), list(examples) or None)


def said(report: PolicyReport) -> list[str]:
    return [f"{finding.kind}: {finding.message}" for finding in report.findings]


def test_everything_that_does_not_fit_is_named_at_once(tmp_path: Path) -> None:
    report = checked(
        tmp_path, f'{ALLOW_ALL}permit (principal, {CALL}, resource == Tool::"refnd");\n'
        'forbid (principal is User, action, resource) when { resource has efect };',
    )  # fmt: skip
    assert said(report) == [
        'broken: policies/main.cedar:2 names Tool::"refnd", which no agent in this workspace has (nearest: "refund").',
        'broken: policies/main.cedar:3 reads resource.efect, which nothing has (nearest: "effect").',
    ]
    assert (report.rules, report.digest) == (3, "")


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (f"permit (principal, {CALL}, resource);", ""),
        ("permit (principal, action, resource);", "says the same as policies/main.cedar:1."),
        (f'permit (principal, {CALL}, resource in Team::"sales");', "is about nothing that this workspace has."),
        ('permit (principal in Team::"sales", action, resource is Model);', ""),
        ('permit (principal == User::"anybody", action, resource);', ""),
        ('forbid (principal in Role::"interns", action, resource);', ""),
        ('permit (principal in Agent::"triage", action, resource) when { resource has effect };', ""),
        ((f'forbid (principal, {CALL}, resource == Tool::"wipe"); @ask("x") forbid (principal, {CALL}, resource =='
         ' Tool::"wipe");'), "decides nothing: all that it is about is forbidden without a condition."),
        ((f'forbid (principal, {CALL}, resource) when {{ resource.undoable }}; permit (principal, {CALL}, resource =='
         ' Tool::"wipe");'), ""),
    ],
)  # fmt: skip
def test_a_rule_that_decides_nothing_is_named(rule: str, sentence: str, tmp_path: Path) -> None:
    report = checked(tmp_path, ALLOW_ALL + rule, teams=frozenset({"sales"}))
    assert said(report) == ([f"dead: policies/main.cedar:2 {sentence}"] if sentence else [])


def test_a_question_about_what_nothing_permits_is_never_asked(tmp_path: Path) -> None:
    report = checked(
        tmp_path, f'permit (principal, {CALL}, resource == Tool::"refund");\n'
        f'@ask("x") forbid (principal, {CALL}, resource == Tool::"wipe");',
    )  # fmt: skip
    assert said(report) == ["dead: policies/main.cedar:2 decides nothing: no rule permits what it is about."]


def test_examples_hold_the_rules_to_what_they_are_meant_to_say(tmp_path: Path) -> None:
    text = ALLOW_ALL + (
        f'@id("much") @ask("finance") forbid (principal, {CALL}, resource == Tool::"refund")'
        "when { context.amount > 200 };\n"
        '@id("night") forbid (principal in Role::"night", action, resource);'
        '@id("pretend") forbid (principal, action == Action::"model", resource)'
        'when { resource.simulated && context.environment == Environment::"prod" };'
    )
    report = checked(
        tmp_path, text,
        {"example": "small", "agent": "triage", "call": "refund", "with": {"amount": 5}, "expect": "allow"},
        {"example": "large", "call": "refund", "with": {"amount": 201}, "expect": "ask", "by": "much"},
        {"example": "huge", "call": "refund", "with": {"amount": 9999}, "expect": "deny"},
        {"example": "night", "groups": ["night"], "undo": "refund", "expect": "deny", "by": "much"},
        {"model": "m", "facts": {"simulated": True}, "environment": "prod", "expect": "deny", "by": "pretend"},
        {"list": "get_ticket", "expect": "allow"},
        {"memory": "user:lea", "user": "lea", "expect": "allow"},
    )  # fmt: skip
    assert said(report) == [
        (
            'example: examples.yaml: "huge" expects deny, and the answer is ask (policies/main.cedar:2: finance has to'
            " agree)."
        ),
        'example: examples.yaml: "night" expects deny by much, and it is by night.',
    ]
    assert report.examples == 7


@pytest.mark.parametrize(
    ("examples", "why"),
    [
        ("call: x", "it is no list"),
        (["x"], "example 1 is not a table"),
        (
            [{"call": "refund", "expect": "allow", "wiht": 1}],
            'has "wiht", which means nothing \\(nearest: "with"\\)',
        ),
        ([{"expect": "allow"}], "needs exactly one of call, list"),
        ([{"call": "a", "model": "b", "expect": "allow"}], "needs exactly one of call, list"),
        ([{"call": "a", "expect": "perhaps"}], "needs expect: allow, deny, modify, ask, defer"),
    ],
)
def test_an_example_that_makes_no_sense_is_refused(examples: object, why: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidPolicy, match=why):
        check(policies(tmp_path, ALLOW_ALL), world(), examples)
