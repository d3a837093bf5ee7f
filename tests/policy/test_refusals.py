"""Remit does not start on a policy it cannot read: each refusal names file, line, and the nearest thing that exists."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from remit.domain.action_errors import InvalidPolicy
from remit.policy.authority import Authority
from remit.policy.loading import policy_files, statements
from tests.policy.worlds import ALLOW_ALL, authority, policies, tool, world

HINT = "Remit does not start on a policy it cannot read. Fix the line, or see what it would decide: remit policy check"
CALL = 'action == Action::"call"'
REFUND = f'(principal, {CALL}, resource == Tool::"refund")'


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(InvalidPolicy) as refused:
        authority(tmp_path, text)
    assert refused.value.hint == HINT
    return refused.value.message


def test_a_name_that_nothing_has_is_named_with_its_line_and_the_nearest(tmp_path: Path) -> None:
    text = f'{ALLOW_ALL}\n\n@ask("x")\nforbid (\n  principal, action, resource == Tool::"refnd");'
    assert refusal(tmp_path, text) == (
        'policies/main.cedar:6 names Tool::"refnd", which no agent in this workspace has (nearest: "refund").'
    )


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('permit (principal == Agent::"triag", action, resource);',
         'policies/main.cedar:1 names Agent::"triag", which this workspace does not have (nearest: "triage").'),
        ('permit (principal in Team::"suport", action, resource);',
         'policies/main.cedar:1 names Team::"suport", which this workspace does not have (nearest: "support").'),
        ('permit (principal in Taem::"support", action, resource);',
         'policies/main.cedar:1 names Taem::"support"; there is no Taem (nearest: "Team").'),
        ('permit (principal, action == Action::"cal", resource);',
         'policies/main.cedar:1 names Action::"cal", which is no action (nearest: "call").'),
        ('permit (principal, action, resource) when { context.environment == Environment::"prd" };',
         'policies/main.cedar:1 names Environment::"prd", which is no environment (nearest: "prod").'),
        (f"forbid {REFUND} when {{ context.amout > 200 }};",
         'policies/main.cedar:1 reads context.amout, which nothing has (nearest: "amount").'),
        (f"forbid {REFUND} when {{ context has amout && context.amout > 200 }};",
         'policies/main.cedar:1 reads context.amout, which nothing has (nearest: "amount").'),
        (f"forbid (principal, {CALL}, resource) when {{ resource has efect }};",
         'policies/main.cedar:1 reads resource.efect, which nothing has (nearest: "effect").'),
        (f'forbid (principal, {CALL}, resource) when {{ resource.effect == "irreversable" }};',
         'policies/main.cedar:1 compares resource.effect with "irreversable" (nearest: "irreversible").'),
        (f'forbid (principal, {CALL}, resource) when {{ ["read", "wirte"].contains(resource.effect) }};',
         'policies/main.cedar:1 compares resource.effect with "wirte" (nearest: "write").'),
        (f'forbid {REFUND} when {{ context has status && context.status == "solvd" }};',
         'policies/main.cedar:1 compares context.status with "solvd" (nearest: "solved").'),
        (f'forbid {REFUND} when {{ context.note == "x" }};',
         ("policies/main.cedar:1 does not fit the schema: unable to guarantee safety of access to"
         ' optional attribute `note` in context for Action::"call".')),
        (f'forbid {REFUND} when {{ context.amount == "200" }};',
         "policies/main.cedar:1 does not fit the schema: the types Long and String are not compatible."),
        (f"forbid {REFUND} when {{ context == context }};",
         "policies/main.cedar:1 uses context as a whole; name the argument that it means."),
        (f'forbid (principal, {CALL}, resource == Tool::"transfer") when {{ context.amount + 1 > 2 }};',
         ("policies/main.cedar:1 uses amount, which can be a fraction, where it would be rounded; compare it directly "
         "with a whole number.")),
        ("permit (principal == ?principal, action, resource);",
         "policies/main.cedar:1 has an open place (?principal or ?resource), which nobody would fill."),
        ("\npermit (principal, action resource);",
         "policies/main.cedar:2 cannot be read: unexpected token `resource`."),
        ("permit (principal, action, resource)", "policies/main.cedar:1 cannot be read: unexpected end of input."),
        ("// nothing here\n", "there is no rule in policies/*.cedar, so nothing would be allowed."),
        ('@id("a") permit (principal, action, resource);\n@id("a") forbid (principal is User, action, resource);',
         'policies/main.cedar:2 and policies/main.cedar:1 are both called "a".'),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_in_one_sentence(text: str, sentence: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, text) == sentence


@pytest.mark.parametrize(
    ("annotation", "sentence"),
    [
        ('@aks("x")', 'has @aks, which means nothing (nearest: "ask").'),
        ("@ask", 'has @ask without a group; name who has to agree: @ask("finance-leads").'),
        ('@ask("x") @redact("note")', "can either ask or modify; write one rule for each."),
        ('@within("4h")', "has @within without @ask."),
        ('@ask("x") @within("soon")', 'has @within("soon"), which is no duration; write "30m", "4h" or "2d".'),
        ('@ask("x") @otherwise("approve")',
         "approves when nobody answers, which would make it no question at all."),
        ('@ask("x") @otherwise("maybe")',
         'has @otherwise("maybe"); it is "reject", "escalate" or "escalate:group".'),
        ('@clamp("amount")',
         'has @clamp("amount"); write the argument and its limit: @clamp("amount <= 200").'),
        ('@clamp("note <= 3")', 'clamps "note", which is no number.'),
        ('@redact("amount")', 'redacts "amount", which is no free text.'),
        ('@redact("status")', 'redacts "status", which is no free text.'),
        ('@redact("nte")', 'changes "nte": nothing has it (nearest: "note").'),
        ('@defer("tomorrow")',
         'has @defer("tomorrow"); write a moment with its zone: @defer("2027-01-04T08:00:00+01:00").'),
        ('@defer("2027-01-04T08:00:00")',
         'has @defer("2027-01-04T08:00:00"); write a moment with its zone: @defer("2027-01-04T08:00:00+01:00").'),
    ],
)  # fmt: skip
def test_annotations_that_cannot_be_carried_out_are_refused(
    annotation: str, sentence: str, tmp_path: Path
) -> None:
    assert refusal(tmp_path, f"{annotation} forbid {REFUND};") == f"policies/main.cedar:1 {sentence}"


def test_only_a_forbid_can_be_softened(tmp_path: Path) -> None:
    said = refusal(tmp_path, '@ask("x") permit (principal, action, resource);')
    assert said == "policies/main.cedar:1 is a permit with @ask; only a forbid can be softened."


def test_arguments_are_changed_only_in_calls(tmp_path: Path) -> None:
    said = refusal(tmp_path, '@redact("note") forbid (principal, action, resource);')
    assert said == 'policies/main.cedar:1 changes arguments; only action == Action::"call" has any.'


def test_a_name_of_two_types_can_be_used_only_where_one_tool_is_named(tmp_path: Path) -> None:
    """Guarded by `has` it would look right, and never hold for one of the two."""
    tools = (
        tool("pay", sum={"type": "integer"}),
        tool("tell", sum={"type": "string"}),
        tool("log", o={"type": "object"}),
    )
    guarded = f"permit (principal, {CALL}, resource) when {{ context has sum && context.sum > 2 }};"
    with pytest.raises(
        InvalidPolicy, match=r"it is Long in pay and String in tell; name the tool that you mean"
    ):
        authority(tmp_path, guarded, *tools)
    with pytest.raises(InvalidPolicy, match=r"context\.o: its type in log has no place in rules"):
        authority(tmp_path, f"permit (principal, {CALL}, resource) when {{ context has o }};", *tools)
    named = guarded.replace("resource)", 'resource == Tool::"pay")')
    authority(tmp_path, named, *tools)


def test_what_a_condition_shared_by_all_tools_reads_must_be_guarded(tmp_path: Path) -> None:
    said = refusal(tmp_path, "forbid (principal, action, resource) when { context.amount > 200 };")
    assert "attribute `amount` in context for" in said
    said = refusal(tmp_path, f"forbid (principal, {CALL}, resource) when {{ context.amount > 200 }};")
    assert "unable to guarantee safety of access to optional attribute `amount`" in said
    authority(
        tmp_path,
        f"{ALLOW_ALL}forbid (principal, action, resource) when {{ context has amount && context.amount > 200 }};",
    )


@pytest.mark.parametrize("kind", ["missing", "empty", "binary", "huge"])
def test_a_folder_that_holds_no_policy_is_refused(kind: str, tmp_path: Path) -> None:
    folder = tmp_path / "policies"
    if kind != "missing":
        folder.mkdir()
    if kind == "binary":
        (folder / "x.cedar").write_bytes(b"\xff\xfe")
    if kind == "huge":
        (folder / "x.cedar").write_text(ALLOW_ALL + " " * 1_000_001)
    sentences = {
        "missing": "there are no policies: policies/ is not in this workspace.",
        "empty": "there is no rule in policies/*.cedar, so nothing would be allowed.",
        "binary": "policies/x.cedar is not UTF-8 text.",
        "huge": "policies/x.cedar has 1,000,039 bytes; a policy file has at most 1,000,000.",
    }
    with pytest.raises(InvalidPolicy) as refused:
        Authority.load(folder, world())
    assert refused.value.message == sentences[kind]


def _dangles(file: Path) -> str:
    file.symlink_to("gone.cedar")
    return "policies/more.cedar is a link to gone.cedar, and there is no such file."


def _is_a_folder(file: Path) -> str:
    file.mkdir()
    return "policies/more.cedar is a folder, and its name is that of a policy file."


def _is_no_file(file: Path) -> str:
    os.mkfifo(file)
    return "policies/more.cedar is no file."


def _leads_to_a_folder(file: Path) -> str:
    (file.parent.parent / "elsewhere").mkdir()
    (file.parent / "more").symlink_to("../elsewhere")
    return "policies/more is a link to a folder; its rules would not be seen."


def _loops(file: Path) -> str:
    file.symlink_to(file.name)
    return "policies/more.cedar is a link to more.cedar, and there is no such file."


@pytest.mark.parametrize("broken", [_dangles, _is_a_folder, _is_no_file, _leads_to_a_folder, _loops])
def test_what_cannot_be_read_beside_a_rule_is_refused_and_not_passed_over(
    broken: Callable[[Path], str], tmp_path: Path
) -> None:
    authority(tmp_path, ALLOW_ALL)
    sentence = broken(policies(tmp_path, ALLOW_ALL) / "more.cedar")
    with pytest.raises(InvalidPolicy) as refused:
        Authority.load(tmp_path / "policies", world())
    assert refused.value.message == sentence


def test_a_mounted_config_map_is_read_once_and_links_to_files_count(tmp_path: Path) -> None:
    folder = policies(tmp_path, ALLOW_ALL)
    (folder / "..2026_11_21").mkdir()
    (folder / "main.cedar").rename(folder / "..2026_11_21" / "main.cedar")
    (folder / "..data").symlink_to("..2026_11_21")
    (folder / "main.cedar").symlink_to("..data/main.cedar")
    assert [file.name for file in policy_files(folder)] == ["main.cedar"]


def test_rules_in_folders_inside_count_too(tmp_path: Path) -> None:
    folder = policies(tmp_path, ALLOW_ALL)
    (folder / "deep").mkdir()
    (folder / "deep" / "more.cedar").write_text('forbid (principal, action, resource == Tool::"nope");')
    with pytest.raises(InvalidPolicy, match=r'policies/deep/more\.cedar:1 names Tool::"nope"'):
        Authority.load(folder, world())


PIECES = st.sampled_from(
    [
        "permit(principal,action,resource)",
        ";",
        ' ";" ',
        " // ; \n",
        '"',
        "/",
        "//",
        "\n",
        '@id("a;b//")',
        "\\",
        " ",
    ]
)


@given(st.lists(PIECES, max_size=12).map("".join))
def test_no_text_is_lost_between_statements(text: str) -> None:
    """Whatever a file holds, each character outside of blanks and comments belongs to exactly one statement."""
    found = list(statements(text))
    kept = iter(text)
    for statement in found:
        for character in statement.text:
            assert any(character == other for other in kept)
        assert text.splitlines()[statement.line - 1 :]
