"""The rules a run was born under and those of now, together: never more than either allows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest, Decision, Outcome, Reason, Requirement
from remit.policy.authority import Authority
from remit.policy.intersection import born_under, both, plain_name
from remit.policy.loading import digest_of
from tests.policy.worlds import ALLOW_ALL, REFUND, call, said, tool, world
from tests.samples import samples

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
@settings(suppress_health_check=[HealthCheck.too_slow], max_examples=samples(40))
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


class Scripted:
    """Rules that say what they were told to, and remember what they were asked."""

    def __init__(self, *decisions: Decision) -> None:
        self._decisions = list(decisions)
        self.asked: list[tuple[object, int, object]] = []

    def decide(self, request: AccessRequest, at: int = 0, agreed: object = ()) -> Decision:
        self.asked.append((dict(request.context), at, agreed))
        return self._decisions.pop(0)


def together(now: Scripted, then: Scripted) -> Decision:
    return both(cast("Any", now), cast("Any", then), call(REFUND, amount=9, note="n"), 7, ("a",))


WHY, OTHER = (Reason("w", "here", "why"), Reason("w2")), (Reason("o", "there", "other"),)
YES = Decision(Outcome.ALLOW, OTHER, policy="then")


def test_s21_what_the_rules_of_now_change_is_what_the_old_rules_are_asked_about() -> None:
    first = Decision(Outcome.MODIFY, WHY, changes={"amount": 5}, policy="now")
    now, then = Scripted(first), Scripted(YES)
    assert together(now, then) == first
    assert now.asked == [({"amount": 9, "note": "n"}, 7, ("a",))]
    assert then.asked == [({"amount": 5, "note": "n"}, 7, ("a",))]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_s21_what_the_old_rules_change_is_judged_again_by_those_of_now(outcome: Outcome) -> None:
    first = Decision(Outcome.MODIFY, WHY, changes={"note": "x"}, policy="now")
    again = Decision(outcome, OTHER, policy="now", until=3 if outcome is Outcome.DEFER else None)
    now = Scripted(first, again)
    then = Scripted(Decision(Outcome.MODIFY, OTHER, changes={"amount": 5}, policy="then"))
    answer = together(now, then)
    assert now.asked[1:] == [({"amount": 5, "note": "x"}, 7, ("a",))]
    assert then.asked == [({"amount": 9, "note": "x"}, 7, ("a",))]
    assert answer.outcome is (Outcome.MODIFY if outcome is Outcome.ALLOW else outcome)
    assert answer.policy == "now"
    assert answer.changes == ({} if outcome is Outcome.DENY else {"amount": 5, "note": "x"})


def test_s21_an_ask_of_now_outlives_a_change_of_the_old_rules() -> None:
    need = Requirement("leads", "w")
    first = Decision(Outcome.ASK, WHY, need, policy="now")
    then = Scripted(Decision(Outcome.MODIFY, OTHER, changes={"amount": 5}, policy="then"))
    milder = Decision(Outcome.ALLOW, policy="now")
    assert together(Scripted(first, milder), then) == Decision(
        Outcome.ASK, WHY, need, {"amount": 5}, policy="now"
    )


@pytest.mark.parametrize("outcome", [Outcome.DENY, Outcome.DEFER, Outcome.ASK])
def test_s21_a_no_to_what_the_old_rules_made_of_it_outweighs_a_yes_to_what_it_was(outcome: Outcome) -> None:
    then = Scripted(Decision(Outcome.MODIFY, OTHER, changes={"amount": 5}, policy="then"))
    stricter = Decision(outcome, OTHER, policy="now")
    answer = together(Scripted(Decision(Outcome.ALLOW, WHY, policy="now"), stricter), then)
    assert (answer.outcome, answer.reasons) == (outcome, OTHER)


def test_s21_whichever_rules_win_those_of_now_are_named_and_every_change_is() -> None:
    first = Decision(Outcome.MODIFY, WHY, changes={"amount": 5}, policy="now")
    later = Decision(Outcome.DEFER, OTHER, until=20, policy="then")
    assert together(Scripted(first), Scripted(later)) == Decision(
        Outcome.DEFER, OTHER, until=20, changes={"amount": 5}, policy="now"
    )
    odd = Decision(Outcome.ALLOW, WHY, changes={"amount": 5}, policy="now")
    assert together(Scripted(odd), Scripted(YES)).outcome is Outcome.MODIFY
    no = Decision(Outcome.DENY, WHY, changes={"amount": 5}, policy="now")
    assert together(Scripted(no), Scripted(YES)) == Decision(Outcome.DENY, WHY, policy="now")


def test_s21_rules_of_another_time_say_so_and_keep_their_texts() -> None:
    now = Authority.of(files(""), world(), Path("elsewhere/policies"))
    old = files(RULES[1])
    then = born_under(old, now)
    mark = digest_of(old)[:8]
    named = then.rules[-1].rule
    assert (named.name, named.place) == (f"a (as of {mark})", f"policies/main.cedar:2 (as of {mark})")
    assert (dict(then.files), then.folder, then.world) == (old, now.folder, now.world)


def test_s21_of_two_times_the_later_counts() -> None:
    soon = Decision(Outcome.DEFER, WHY, until=10, changes={"note": "x"}, policy="now")
    late = Decision(Outcome.DEFER, OTHER, until=20, policy="then")
    for first, second, reasons in ((soon, late, WHY), (replace(late, changes={"note": "x"}), soon, OTHER)):
        answer = together(Scripted(first), Scripted(replace(second, changes={})))
        assert answer == Decision(
            Outcome.DEFER, reasons, until=20, changes={"note": "x"}, policy=first.policy
        )
    timeless = Decision(Outcome.DEFER, WHY, policy="now")
    assert together(Scripted(timeless), Scripted(YES)).until == 0


def test_s21_a_denial_changes_nothing_and_names_the_rules_of_now() -> None:
    first = Decision(Outcome.MODIFY, WHY, changes={"amount": 5}, policy="now")
    no = Decision(Outcome.DENY, OTHER, changes={"note": "x"}, policy="then")
    assert together(Scripted(first), Scripted(replace(no, changes={}))) == Decision(
        Outcome.DENY, OTHER, policy="now"
    )
    assert together(Scripted(first), Scripted(replace(no, changes={}))).changes == {}


def test_s21_rules_that_change_back_and_forth_are_refused_in_words() -> None:
    first = Decision(Outcome.MODIFY, WHY, changes={"amount": 5}, policy="now")
    old = [Decision(Outcome.MODIFY, OTHER, changes={"amount": n}, policy="then") for n in (6, 7, 8)]
    new = [Decision(Outcome.MODIFY, OTHER, changes={"note": n}, policy="now") for n in ("a", "b", "c")]
    now, then = Scripted(first, *new), Scripted(*old)
    said = "the rules of now and those that the run began under change its arguments back and forth"
    assert together(now, then) == Decision(Outcome.DENY, (replace(WHY[0], text=said),), policy="now")
    seen = [context for context, *_ in then.asked]
    assert seen == [{"amount": 5, "note": "n"}, {"amount": 6, "note": "a"}, {"amount": 7, "note": "b"}]
