"""What a rule can be about: everything that a workspace has and everything that nobody keeps a list of. A rule about
anything else is named as one that decides nothing; golden decisions speak of the same things.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import InvalidPolicy
from remit.policy.authority import Authority
from remit.policy.checking import Tried, check, tried
from tests.policy.worlds import ALLOW_ALL, REFUND, policies, world

CALL = 'action == Action::"call"'
KEPT: dict[str, Any] = {
    "users": frozenset({"lea"}), "roles": frozenset({"leads"}), "models": frozenset({"small"}),
    "teams": frozenset({"sales"}),
}  # fmt: skip


def dead(tmp_path: Path, rule: str, **more: Any) -> list[str]:
    """Only the sentences about this rule; another one lets everything pass."""
    text = f"{ALLOW_ALL}{rule}"
    report = check(policies(tmp_path, text), world(**more), None)
    assert (report.rules, report.examples) == (2, 0)
    assert report.digest == Authority.load(policies(tmp_path, text), world(**more)).digest
    return [f"{each.kind} {each.message}" for each in report.findings]


@pytest.mark.parametrize(
    "scope",
    [
        'principal == Team::"support", action, resource is Tool',
        'principal in Team::"support", action, resource is Model',
        'principal is User in Team::"support", action, resource',
        'principal == User::"lea", action, resource',
        'principal in Role::"leads", action, resource',
        'principal is Agent in Team::"support", action, resource',
        'principal == Agent::"critic", action, resource',
        'principal == Team::"sales", action, resource',
        'principal, action == Action::"call", resource == Tool::"refund"',
        'principal, action == Action::"call", resource in Team::"support"',
        'principal, action == Action::"undo", resource is Run',
        'principal, action == Action::"undo", resource is Run in Team::"support"',
        'principal, action == Action::"undo", resource == Run::"run_1"',
        'principal, action == Action::"delegate", resource == Agent::"critic"',
        'principal, action == Action::"delegate", resource in Team::"support"',
        'principal, action == Action::"model", resource == Model::"small"',
        'principal, action == Action::"memory", resource == Memory::"user:lea"',
        'principal, action == Action::"egress", resource == Host::"example.org"',
        'principal, action == Action::"advise", resource == LocalTool::"bash"',
        'principal, action == Action::"approve", resource == Approval::"a"',
        'principal, action == Action::"change_policy", resource == Policy::"main"',
        'principal, action == Action::"admin", resource == Area::"keys"',
        'principal, action in [Action::"egress", Action::"approve"], resource is Approval',
        'principal, action in [Action::"advise", Action::"list"], resource is LocalTool',
    ],
)
@pytest.mark.parametrize("kept", [True, False])
def test_a_rule_about_what_there_is_decides_something(scope: str, kept: bool, tmp_path: Path) -> None:
    more = KEPT if kept else {"teams": frozenset({"sales"})}
    assert dead(tmp_path, f"forbid ({scope});", **more) == []


@pytest.mark.parametrize(
    "scope",
    [
        'principal, action == Action::"delegate", resource in Team::"sales"',
        'principal == Team::"sales", action == Action::"call", resource in Team::"sales"',
        'principal is Agent in Team::"sales", action, resource',
        'principal, action == Action::"undo", resource is Run in Team::"sales"',
    ],
)
def test_a_rule_about_what_there_is_none_of_is_dead(scope: str, tmp_path: Path) -> None:
    assert dead(tmp_path, f"forbid ({scope});", **KEPT) == [
        "dead policies/main.cedar:2 is about nothing that this workspace has."
    ]


def test_a_rule_that_says_the_same_under_another_name_is_a_twin_and_one_that_treats_it_otherwise_is_none(
    tmp_path: Path,
) -> None:
    scope = f'forbid (principal, {CALL}, resource == Tool::"refund");\n'
    text = (
        f'{ALLOW_ALL}@id("a") @ask("leads") {scope}@id("b") @reason("said otherwise") @ask("leads") {scope}'
        f'@id("c") @ask("others") {scope}@id("d") @redact("note") {scope}@id("e") @redact("note") {scope}'
        f'@id("f") @clamp("amount <= 5") {scope}@id("g") @clamp("amount <= 6") {scope}'
        f'@id("h") @defer("2027-01-04T08:00:00+01:00") {scope}@id("i") @defer("2027-01-04T08:00:00+02:00") {scope}'
    )
    report = check(policies(tmp_path, text), world(), None)
    assert [each.message for each in report.findings] == [
        "policies/main.cedar:3 says the same as policies/main.cedar:2.",
        "policies/main.cedar:6 says the same as policies/main.cedar:5.",
    ]


def test_rules_that_cannot_be_read_or_fitted_are_said_with_how_many_there_are(tmp_path: Path) -> None:
    unread = check(policies(tmp_path, "permit (principal"), world(), None)
    assert (unread.rules, unread.examples, unread.digest, len(unread.findings)) == (0, 0, "", 1)
    assert unread.findings[0].kind == "broken"
    unfit = check(
        policies(tmp_path, f'{ALLOW_ALL}permit (principal, {CALL}, resource == Tool::"x");'), world(), None
    )
    assert (unfit.rules, unfit.examples, unfit.digest, len(unfit.findings)) == (2, 0, "", 1)


def test_golden_decisions_are_tried_with_what_they_say_and_with_what_goes_without_saying(
    tmp_path: Path,
) -> None:
    text = (
        f'@id("calls") permit (principal, {CALL}, resource);\n'
        '@id("lists") permit (principal in Agent::"critic", action == Action::"list", resource);\n'
        f'@id("leas") forbid (principal == User::"lea", {CALL}, resource == Tool::"wipe");\n'
        f'@id("dev") forbid (principal, {CALL}, resource == Tool::"get_ticket")'
        'when { context.environment == Environment::"dev" };\n'
        '@id("local") permit (principal, action == Action::"model", resource) when { resource.region == "eu" };'
    )
    cases: list[Any] = [
        {"call": "refund", "with": {"amount": 1}, "expect": "allow", "by": "calls"},
        {"call": "refund", "with": {"amount": 1}, "expect": "deny"},
        {"call": "refund", "with": {"amount": 1}, "expect": "allow", "by": "lists"},
        {"list": "refund", "agent": "critic", "expect": "allow"},
        {"list": "refund", "agent": "triage", "expect": "deny", "by": "lists"},
        {"call": "wipe", "user": "lea", "expect": "deny", "by": "leas"},
        {"call": "wipe", "expect": "allow"},
        {"call": "get_ticket", "with": {"id": 1}, "expect": "deny", "by": "dev"},
        {"call": "get_ticket", "with": {"id": 1}, "environment": "prod", "expect": "allow"},
        {"model": "small", "facts": {"region": "eu"}, "expect": "allow"},
        {"model": "small", "expect": "allow", "example": "abroad"},
        {"egress": 7, "expect": "allow"},
        {"call": "refund", "facts": {"digest": "another"}, "with": {"amount": 1}, "expect": "allow"},
    ]
    place = policies(tmp_path, text)
    found = tried(place, world(), cases)
    assert [each.example for each in found] == [
        "abroad" if number == 11 else f"example {number}" for number in range(1, 14)
    ]
    problems = {number: each.problem for number, each in enumerate(found, 1) if each.problem}
    assert problems == {
        2: "expects deny, and the answer is allow (policies/main.cedar:1: a rule permits it)",
        3: "expects allow by lists, and it is by calls",
        5: "expects deny, and the answer is allow",
        11: 'expects allow, and the answer is deny (no rule lets user "somebody" use the model small)',
        12: 'expects allow, and the answer is deny (no rule lets user "somebody" reach 7)',
        13: "expects allow, and the answer is deny (version another of refund is not the one that was accepted"
            f" ({REFUND.digest[:12]}))",
    }  # fmt: skip
    assert tried(place, world(), cases, "prod")[7] == Tried(
        "example 8", "expects deny, and the answer is allow (policies/main.cedar:1: a rule permits it)"
    )
    assert tried(place, world(), None) == ()
    assert (
        check(place, world(), cases, "prod")
        .findings[2]
        .message.startswith('examples.yaml: "example 5" expects')
    )


@pytest.mark.parametrize(
    ("examples", "sentence"),
    [
        ({"call": "x"}, "it is no list; write examples below each other, each with a dash"),
        ([{"call": "a", "expect": "allow"}, 3], "example 2 is not a table"),
        ([{"call": "a", "expect": "allow", "xyz": 1}], '"example 1" has "xyz", which means nothing'),
        ([{"example": "mine", "expect": "allow"}], ('"mine" needs exactly one of call, list, undo, model, memory,'
         " delegate, egress, advise, approve, change_policy, admin")),
        ([{"call": "a"}], '"example 1" needs expect: allow, deny, modify, ask, defer'),
    ],
)  # fmt: skip
def test_an_example_that_makes_no_sense_is_told_in_these_words(
    examples: Any, sentence: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidPolicy) as refused:
        tried(policies(tmp_path, ALLOW_ALL), world(), examples)
    assert refused.value.message == f"policies/examples.yaml: {sentence}."
    assert refused.value.hint == "What an example can say: docs/reference/policy.md"
