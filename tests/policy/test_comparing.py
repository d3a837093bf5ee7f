"""Two sets of rules judge the same requests: what is told is what changed, by which rule, how often and where."""

from __future__ import annotations

from pathlib import Path

from remit.domain.decisions import AccessRequest
from remit.policy.comparing import Change, compare
from tests.policy.worlds import ALLOW_ALL, READ, REFUND, WIPE, authority, call

CALL = 'action == Action::"call"'


def large(amount: int, **more: str) -> AccessRequest:
    return call(REFUND, amount=amount, **more)


def test_what_changes_is_told_once_for_each_rule_with_the_denied_and_the_frequent_first(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    now = authority(
        tmp_path / "a", f'{ALLOW_ALL}@id("old") forbid (principal, {CALL}, resource == Tool::"wipe");'
    )
    other = authority(
        tmp_path / "b", f'{ALLOW_ALL}@id("much") @ask("finance") @reason("large sums are looked at")'
        f'forbid (principal, {CALL}, resource == Tool::"refund") when {{ context.amount > 200 }};\n'
        f'@id("none") forbid (principal, {CALL}, resource == Tool::"get_ticket");',
    )  # fmt: skip
    told = compare(
        now, other,
        [
            ("run/1", large(5)), ("run/2", large(201)), ("run/3", large(500)), ("run/4", call(READ, id=1)),
            ("run/5", call(WIPE)), ("run/6", call(WIPE)), ("run/7", call(WIPE)), ("run/8", large(300, agent="critic")),
        ],
    )  # fmt: skip
    assert told.requests == 8
    assert told.same == 1
    assert told.new_denials == 1
    asked = ("allow", "ask", "much", "policies/main.cedar:2", "large sums are looked at")
    assert told.changes == (
        Change("call", "get_ticket", "triage", "allow", "deny", "none", "policies/main.cedar:3", "a rule forbids it",
               1, "run/4"),
        Change("call", "wipe", "triage", "deny", "allow", "policies/main.cedar:1", "policies/main.cedar:1",
               "a rule permits it", 3, "run/5"),
        Change("call", "refund", "triage", *asked, 2, "run/2"),
        Change("call", "refund", "critic", *asked, 1, "run/8"),
    )  # fmt: skip


def test_a_change_that_is_as_frequent_comes_by_the_name_of_what_it_is_about(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    now, other = (
        authority(tmp_path / "a", ALLOW_ALL),
        authority(tmp_path / "b", f"forbid (principal, {CALL}, resource);"),
    )
    told = compare(now, other, [("1", call(WIPE)), ("2", call(READ, id=1)), ("3", call(REFUND, amount=1))])
    assert [each.resource for each in told.changes] == ["get_ticket", "refund", "wipe"]
    assert [each.place for each in told.changes] == ["policies/main.cedar:1"] * 3
    assert (told.same, told.new_denials) == (0, 3)


def test_nothing_changes_between_rules_that_answer_alike_except_what_is_sent(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    clamp = f'@id("clamp") @clamp("amount <= 100") forbid (principal, {CALL}, resource == Tool::"refund");'
    now = authority(tmp_path / "a", ALLOW_ALL)
    same = compare(now, now, [("1", large(5)), ("2", call(WIPE))])
    assert (same.requests, same.same, same.changes, same.new_denials) == (2, 2, (), 0)
    clamped = compare(now, authority(tmp_path / "b", ALLOW_ALL + clamp), [("1", large(500))])
    assert [(each.before, each.after, each.rule) for each in clamped.changes] == [
        ("allow", "modify", "clamp")
    ]


def test_where_no_rule_speaks_any_more_the_one_before_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    nothing = authority(tmp_path / "a", f'permit (principal, {CALL}, resource == Tool::"wipe");')
    everything = authority(tmp_path / "b", ALLOW_ALL)
    (there,) = compare(nothing, everything, [("1", large(5))]).changes
    (back,) = compare(everything, nothing, [("1", large(5))]).changes
    assert (there.before, there.after, there.rule, there.place) == (
        "deny",
        "allow",
        *["policies/main.cedar:1"] * 2,
    )
    assert (back.before, back.after) == ("allow", "deny")
    assert (back.rule, back.text) == ("", 'no rule lets user "lea" call refund')
