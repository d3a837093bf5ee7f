"""The rules a run was born under and those of now, together: never more than either allows."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import Outcome
from remit.policy.authority import Authority
from remit.policy.intersection import born_under, both, plain_name
from tests.policy.worlds import ALLOW_ALL, REFUND, call, said, tool, world

REFUNDS = 'forbid (principal, action == Action::"call", resource == Tool::"refund")'
RULES = (
    f"{REFUNDS} when {{ context.amount > 900 }};\n",
    f'@id("a") @ask("leads") {REFUNDS} when {{ context.amount > 500 }};\n',
    f'@id("a") @ask("directors") {REFUNDS} when {{ context.amount > 500 }};\n',
    f'@id("c") @clamp("amount <= 700") {REFUNDS};\n',
    f'@id("d") @clamp("amount <= 300") {REFUNDS};\n',
    f'@id("l") @defer("2099-01-01T00:00:00Z") {REFUNDS} when {{ context.amount == 1 }};\n',
)
WEIGHT = {Outcome.ALLOW: 0, Outcome.MODIFY: 0, Outcome.ASK: 1, Outcome.DEFER: 2, Outcome.DENY: 3}
SETS = st.lists(st.sampled_from(RULES), unique=True, max_size=3).filter(
    lambda rules: sum('@id("a")' in each for each in rules) < 2
)


def files(rules: list[str] | str) -> dict[str, str]:
    return {"policies/main.cedar": ALLOW_ALL + ("".join(rules) if isinstance(rules, list) else rules)}


@given(SETS, SETS, st.sampled_from([1, 250, 600, 800, 1000]))
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=60)
def test_s21_the_answer_of_both_is_never_milder_than_that_of_either(
    new: list[str], old: list[str], amount: int
) -> None:
    now = Authority.of(files(new), world())
    then = born_under(files(old), now)
    request = call(REFUND, amount=amount)
    together = both(now, then, request, 0)
    for each in (now, then):
        final = call(REFUND, **{**request.context, **together.changes})
        alone = each.decide(final)
        assert WEIGHT[together.outcome] >= WEIGHT[alone.outcome], (said(together), said(alone))
        assert together.outcome is Outcome.DENY or not alone.changes, "a change of either counts"


def test_s21_a_rule_that_both_have_asks_once_and_a_changed_one_asks_for_both() -> None:
    now = Authority.of(files(RULES[1]), world())
    same = both(now, born_under(files(RULES[1] + "\n\n"), now), call(REFUND, amount=600), 0, {"a"})
    assert same.outcome is Outcome.ALLOW
    now = Authority.of(files(RULES[2]), world())
    other = both(now, born_under(files(RULES[1]), now), call(REFUND, amount=600), 0, {"a"})
    assert other.outcome is Outcome.ASK
    assert other.requirement is not None
    assert (other.requirement.group, plain_name(other.requirement.rule)) == ("leads", "a")


def test_s21_old_rules_that_fit_no_more_never_permit_and_never_vanish(tmp_path: Path) -> None:
    del tmp_path
    gone = tool("gone", amount={"type": "integer"})
    forbid = 'forbid (principal, action == Action::"call", resource == Tool::"gone");\n'
    Authority.of(files(forbid), world(gone))  # it was good in its time
    now = Authority.of(files(""), world())
    assert born_under(files(forbid), now).decide(call(REFUND, amount=1)).outcome is Outcome.ALLOW
    permit = {"policies/main.cedar": 'permit (principal, action, resource == Tool::"gone");\n'}
    assert born_under(permit, now).decide(call(REFUND, amount=1)).outcome is Outcome.DENY
    lost = 'forbid (principal, action == Action::"call", resource == Tool::"refund") when { context.lost > 1 };\n'
    with pytest.raises(InvalidPolicy):
        born_under(files(lost), now)
