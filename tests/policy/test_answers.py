"""What every answer says about itself: under which rules it was given, what nobody permits and how to permit it, how
many have to agree, and what cannot be clamped. Each of these was once changed in the code, and no other test noticed.
"""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cedarpy
import pytest

from remit.domain.action_errors import InvalidPolicy
from remit.domain.decisions import AccessRequest, Decision, Outcome, Reason, Requirement
from remit.policy.answers import unjudged
from remit.policy.arguments import Argument
from remit.policy.cedar import Conditions
from remit.policy.entities import scene_of
from remit.policy.memo import Memo
from remit.policy.rules import Clamp
from remit.policy.schema import OF_ACTIONS
from remit.policy.slices import Compiler, Slice
from tests.policy.worlds import ALLOW_ALL, REFUND, TRANSFER, authority, call, policies, said

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


def test_an_answer_is_whole_whatever_its_outcome(tmp_path: Path) -> None:
    """Outcome, reasons, what is changed and under which rules: of each kind of answer, all of it."""
    from remit.policy.answers import answer, is_settled
    from remit.policy.slices import Matched

    about = 'forbid (principal, action == Action::"call", resource == Tool::"refund");\n'
    rules = authority(
        tmp_path,
        ALLOW_ALL + f'@id("no") {about}'
        f'@id("later") @defer("2030-01-01T00:00Z") {about}'
        f'@id("who") @ask("leads") @reason("money") {about}'
        f'@id("cap") @clamp("amount <= 10") {about}',
    ).rules
    assert [each.rule.name for each in rules[1:]] == ["no", "later", "who", "cap"]
    permits = (frozenset[int](), frozenset({0}), frozenset({0}))
    asked = call(REFUND, amount=11)
    until = rules[2].rule.until
    no, later, who, cap = (each.reason for each in rules[1:])

    def given(
        *forbids: int, errors: tuple[str, ...] = (), at: int = 0, agreed: tuple[str, ...] = ()
    ) -> Decision:
        matched = Matched(permits, frozenset(forbids), errors)
        return answer(rules, matched, asked, asked.context, "p", at, agreed)

    money = Requirement("leads", "who", "money")
    bounded = {"amount": 10}
    assert given() == Decision(Outcome.ALLOW, (rules[0].reason,), policy="p")
    assert given(1, 2, 3, 4) == Decision(Outcome.DENY, (no,), policy="p")
    assert given(2, 3, 4) == Decision(Outcome.DEFER, (later, who), changes=bounded, until=until, policy="p")
    assert given(2, 3, 4, at=until) == Decision(Outcome.ASK, (who,), money, bounded, policy="p")
    assert given(2, 3, at=until - 1).outcome is Outcome.DEFER
    assert given(3, 4, agreed=("who",)) == Decision(Outcome.MODIFY, (cap,), changes=bounded, policy="p")
    unsure = Reason("", text="a rule could not be evaluated (no X)")
    assert given(errors=("no X.", "another")) == Decision(Outcome.DENY, (unsure,), policy="p")
    wrong = answer(rules, Matched(permits, frozenset({4})), asked, {"amount": "x"}, "p")
    no_number = Reason("", text="amount is no number, and cannot be clamped")
    assert wrong == Decision(Outcome.DENY, (no_number,), policy="p")
    settled = [
        is_settled(rules, Matched(permits, frozenset(each)), asked) for each in ((), (1,), (2,), (3,), (1, 3))
    ]
    assert settled == [True, True, False, False, True]


def test_a_rule_that_asks_about_listing_hides_nothing(tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL
        + '@ask("leads") forbid (principal, action == Action::"list", resource == Tool::"refund");\n',
    )
    assert rules.visible(call(REFUND), ["refund"]) == ("refund",)


def test_a_tool_that_may_be_called_and_not_listed_is_not_shown(tmp_path: Path) -> None:
    rules = authority(
        tmp_path, ALLOW_ALL + 'forbid (principal, action == Action::"list", resource == Tool::"refund");\n'
    )
    assert rules.decide(call(REFUND)).allows
    assert rules.visible(call(REFUND), ["refund", "get_ticket"]) == ("get_ticket",)


REFUNDS = 'forbid (principal, action == Action::"call", resource == Tool::"refund")'


def test_what_a_change_leads_to_is_judged_again_until_nothing_changes(tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + f'@clamp("amount <= 10") {REFUNDS} when {{ context.amount > 10 }};\n'
        f'@redact("note") {REFUNDS} when {{ context.amount == 10 }};\n'
        f'@id("later") @defer("2030-01-01T00:00Z") {REFUNDS} when {{ context.amount == 10 }};\n',
    )
    until = rules.rules[-1].rule.until
    changes = {"amount": 10, "note": "[redacted]"}
    for asked in (call(REFUND, amount=50, note="hi"), call(REFUND, amount=50, note="hi", status="open")):
        early, late = rules.decide(asked, until - 1), rules.decide(asked, until)
        assert (early.outcome, early.changes, early.until) == (Outcome.DEFER, changes, until)
        assert (late.outcome, late.changes, late.until) == (Outcome.MODIFY, changes, None)


@pytest.mark.parametrize("kept", ['@ask("leads")', '@defer("2030-01-01T00:00Z")'])
def test_what_a_change_put_right_needs_nobody_any_more(kept: str, tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + f"{kept} {REFUNDS} when {{ context.amount > 40 }};\n"
        f'@clamp("amount <= 10") {REFUNDS} when {{ context.amount > 10 }};\n',
    )
    decision = rules.decide(call(REFUND, amount=50))
    assert (decision.outcome, decision.requirement, decision.until) == (Outcome.MODIFY, None, None)
    assert decision.changes == {"amount": 10}


def test_what_a_change_makes_forbidden_is_denied_and_not_changed(tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + f'@clamp("amount <= 10") {REFUNDS} when {{ context.amount > 10 }};\n'
        f'@id("no") {REFUNDS} when {{ context.amount == 10 }};\n',
    )
    decision = rules.decide(call(REFUND, amount=50))
    assert (said(decision), decision.changes) == (("deny", ["no"]), {})


def test_what_cedar_does_not_decide_is_denied_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = authority(tmp_path, ALLOW_ALL)
    nothing = SimpleNamespace(errors=[], reasons=[])
    silent = SimpleNamespace(decision=cedarpy.Decision.NoDecision, diagnostics=nothing)

    def undecided(*_: object) -> list[object]:
        return [silent]

    monkeypatch.setattr(cedarpy, "is_authorized_batch", undecided)
    (reason,) = rules.decide(call(REFUND, amount=50)).reasons
    assert reason.text == "a rule could not be evaluated (Cedar gave no decision)"


@pytest.mark.parametrize(("amount", "outcome"), [(15, "allow"), (15.5, "deny"), (-15.5, "allow")])
def test_a_fraction_that_is_beyond_a_bound_is_beyond_it(amount: float, outcome: str, tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL
        + 'forbid (principal, action == Action::"call", resource == Tool::"transfer") when { context.amount > 15 };\n',
    )
    assert rules.decide(call(TRANSFER, amount=amount, iban="x")).outcome == outcome


@pytest.mark.parametrize("operator", ["<", "<=", ">", ">="])
@pytest.mark.parametrize("amount", [14.5, 15, 15.5, -15.5])
def test_a_fraction_is_held_against_a_rule_that_stands_alone(
    operator: str, amount: float, tmp_path: Path
) -> None:
    about = 'permit (principal, action == Action::"call", resource == Tool::"transfer")'
    alone = f"{about} when {{ context.amount {operator} 15 }};\n"
    rules = authority(tmp_path, alone)
    holds = {"<": amount < 15, "<=": amount <= 15, ">": amount > 15, ">=": amount >= 15}[operator]
    assert rules.decide(call(TRANSFER, amount=amount, iban="x")).allows is holds


def test_what_the_context_of_an_action_has_is_known_by_name_and_kind(tmp_path: Path) -> None:
    known = authority(tmp_path, ALLOW_ALL)
    compiler = Compiler(known.rules, known.world)
    for action, kinds in OF_ACTIONS.items():
        assert compiler.arguments(action, "") == {
            name: Argument(name, name, kind, present=True) for name, kind in kinds.items()
        }
    assert compiler.arguments("list", "refund") == {}
    assert set(compiler.arguments("call", "refund")) == {"amount", "note", "status"}


def test_rules_that_change_each_others_changes_are_refused_in_words(tmp_path: Path) -> None:
    rules = authority(
        tmp_path,
        ALLOW_ALL + f'@clamp("amount <= 10") {REFUNDS} when {{ context.amount > 15 }};\n'
        f'@clamp("amount >= 20") {REFUNDS} when {{ context.amount < 15 }};\n',
    )
    why = "the rules that change its arguments contradict each other"
    for amount in (50, 1):
        assert rules.decide(call(REFUND, amount=amount)) == unjudged(why, rules.digest)


def test_what_cedar_says_names_rules_by_their_place_where_it_can(tmp_path: Path) -> None:
    rules = authority(tmp_path, ALLOW_ALL + ALLOW_ALL).rules
    conditions = Conditions(rules, [1])
    assert conditions._placed("in policy `1` and policy `7`: boom") == (
        "in policies/main.cedar:2 and policy `7`: boom"
    )


def test_values_that_are_not_those_of_a_slice_are_refused(tmp_path: Path) -> None:
    known = authority(tmp_path, ALLOW_ALL + f"{REFUNDS} when {{ context.amount > 15 }};\n")
    asked = call(REFUND, amount=1)
    piece = Slice(Compiler(known.rules, known.world), scene_of(asked, known.world), "call", "dev")
    assert not piece.match(piece.values(asked.context)).forbids
    for values in ((), (1, 2)):
        with pytest.raises(ValueError, match="zip"):
            piece.match(values)


def test_a_changed_answer_names_its_rules_and_every_change(tmp_path: Path) -> None:
    rules = authority(tmp_path, CLAMPED)
    assert rules.decide(call(REFUND, amount=11)).policy == rules.digest


def test_the_same_rules_in_another_world_are_another_reading(tmp_path: Path) -> None:
    rules = authority(tmp_path, ALLOW_ALL)
    wider = replace(rules.world, agents=rules.world.agents | {"newcomer"})
    assert not rules.know(rules.world)
    assert rules.know(wider)
    assert (rules.world, dict(rules.files)) == (wider, {"policies/main.cedar": ALLOW_ALL})
    assert rules.adopt({"policies/main.cedar": ALLOW_ALL + ALLOW_ALL})
    assert rules.world == wider
