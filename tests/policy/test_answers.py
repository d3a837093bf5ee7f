"""What every answer says about itself: under which rules it was given, what nobody permits and how to permit it, how
many have to agree, and what cannot be clamped. Each of these was once changed in the code, and no other test noticed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest, Outcome
from remit.policy.memo import Memo
from remit.policy.rules import Clamp
from tests.policy.worlds import ALLOW_ALL, REFUND, authority, call, policies

CLAMPED = ALLOW_ALL + (
    '@id("cap") @clamp("amount <= 10") forbid (principal, action == Action::"call", resource == Tool::"refund");\n'
)


def test_every_answer_names_the_rules_it_was_given_under(tmp_path: Path) -> None:
    rules = authority(tmp_path, ALLOW_ALL)
    asked = call(REFUND, amount=1)
    seen = replace(asked, action="list", context={})
    stranger = replace(asked, facts={"digest": "another"})
    for request in (asked, seen, stranger, replace(asked, action="no-such-action")):
        assert rules.decide(request).policy == rules.digest
    forbidding = authority(tmp_path, ALLOW_ALL + 'forbid (principal, action, resource == Tool::"refund");\n')
    for request in (asked, seen):
        decision = forbidding.decide(request)
        assert (decision.outcome, decision.policy) == (Outcome.DENY, forbidding.digest)


def test_rules_that_turn_keep_their_names_and_their_version(tmp_path: Path) -> None:
    rules = authority(tmp_path, ALLOW_ALL)
    before = rules.version
    policies(tmp_path, main=ALLOW_ALL + 'forbid (principal, action, resource == Tool::"refund");\n')
    assert rules.reload()
    assert rules.version != before
    fresh = type(rules).load(tmp_path / "policies", rules.world)
    assert (rules.version, rules.digest) == (fresh.version, fresh.digest)
    (reason,) = rules.decide(call(REFUND, amount=1)).reasons
    assert reason.place == fresh.decide(call(REFUND, amount=1)).reasons[0].place
    assert reason.place.startswith("policies/")
    with pytest.raises(InvalidPolicy, match=r"there is no rule in policies/\*\.cedar"):
        rules.adopt({})
    assert rules.version == fresh.version, "what cannot be read changes nothing"


def test_what_is_not_listed_says_so_and_whose_rule_is_nobodys(tmp_path: Path) -> None:
    rules = authority(tmp_path, 'permit (principal, action, resource == Tool::"transfer");\n')
    (reason,) = rules.decide(replace(call(REFUND), action="list", context={})).reasons
    assert (reason.rule, reason.text) == ("", "refund is not shown to whom it is surely denied")


@pytest.mark.parametrize(
    ("action", "resource", "deed"),
    [
        ("call", "refund", "call refund"),
        ("undo", "refund", "undo refund"),
        ("delegate", "critic", "hand work to critic"),
    ],
)
def test_what_nobody_permits_is_said_in_words_with_the_way_out(
    action: str, resource: str, deed: str, tmp_path: Path
) -> None:
    rules = authority(tmp_path, 'permit (principal, action == Action::"model", resource);\n')
    facts = {"digest": REFUND.digest, "kind": "tool"} if resource == "refund" else {}
    context: dict[str, Any] = {"amount": 1} if action == "call" else {}
    asked = AccessRequest("lea", "support", "triage", action, resource, facts, context)
    user, agent = rules.decide(asked).reasons
    assert (user.rule, user.text) == ("", f'no rule lets user "lea" {deed}')
    assert agent.text == f'no rule lets agent "triage" {deed}'
    assert user.remedies == ('permit it to User::"lea" in policies/',)
    assert agent.remedies == ('permit it to Agent::"triage" in policies/',)


def test_an_ask_says_how_many_have_to_agree_by_when_and_what_else(tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + '@id("two") @ask("leads") @quorum("2") @within("4h") @reason("money") '
        'forbid (principal, action == Action::"call", resource == Tool::"refund");\n',
    )
    asked = rules.decide(call(REFUND, amount=1)).requirement
    assert asked is not None
    assert (asked.group, asked.rule, asked.text) == ("leads", "two", "money")
    assert (asked.within, asked.otherwise, asked.quorum) == ("4h", "reject", 2)


@pytest.mark.parametrize("value", [True, False, "11", math.inf, -math.inf, math.nan, [11]])
def test_what_is_no_number_is_denied_and_never_clamped(value: object) -> None:
    from remit.policy.answers import changes_by
    from remit.policy.arguments import Unfit

    rule = _clamping()
    with pytest.raises(Unfit, match="amount is no number, and cannot be clamped"):
        changes_by([rule], {"amount": value})


@pytest.mark.parametrize(("value", "becomes"), [(11, 10), (10, None), (3, None)])
def test_a_number_beyond_the_bound_becomes_the_bound(value: int, becomes: int | None, tmp_path: Path) -> None:
    rules = authority(tmp_path, CLAMPED)
    decision = rules.decide(call(REFUND, amount=value))
    assert decision.changes == ({} if becomes is None else {"amount": becomes})


def test_two_bounds_on_one_argument_are_both_kept() -> None:
    from remit.policy.answers import changes_by

    wide, narrow = _clamping(20), _clamping(10)
    for order in ([wide, narrow], [narrow, wide]):
        assert changes_by(order, {"amount": 50}) == {"amount": 10}


@pytest.mark.parametrize("limit", [1, 2, 3, 4, 8, 20])
def test_a_memo_is_bounded_and_forgets_a_quarter_of_the_oldest(limit: int) -> None:
    memo: Memo[int, int] = Memo(limit)
    for number in range(limit):
        memo.keep(number, number)
        assert len(memo) == number + 1
    memo.keep(limit, limit)
    gone = max(1, limit // 4)
    assert len(memo) == limit - gone + 1
    assert [memo.get(number) for number in range(gone)] == [None] * gone
    assert [memo.get(number) for number in range(gone, limit + 1)] == list(range(gone, limit + 1))


def _clamping(most: int = 10) -> Any:
    from remit.policy.loading import rules_of

    text = (
        f'@id("cap") @clamp("amount <= {most}") '
        'forbid (principal, action == Action::"call", resource == Tool::"transfer");\n'
    )
    (rule,) = rules_of({"main.cedar": text})
    assert isinstance(rule.clamps[0], Clamp)
    return rule
