"""What may be listed is what may be called: one policy answers both questions."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from remit.domain.decisions import AccessRequest, Outcome
from tests.policy import test_s22_slices as slices
from tests.policy.worlds import ALLOW_ALL, READ, REFUND, WIPE, authority
from tests.samples import samples

ASKED = AccessRequest("lea", "support", "triage", "list", "")
CALL = 'action == Action::"call"'


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (ALLOW_ALL, ["refund", "get_ticket", "wipe"]),
        (f'permit (principal, {CALL}, resource == Tool::"refund");', ["refund"]),
        (f"permit (principal is Agent, {CALL}, resource);", []),
        (f'permit (principal, {CALL}, resource == Tool::"refund") when {{ context.amount < 5 }};', ["refund"]),
        (f'{ALLOW_ALL}forbid (principal, {CALL}, resource) when {{ resource.effect == "irreversible" }};',
         ["refund", "get_ticket"]),
        (f'{ALLOW_ALL}forbid (principal, {CALL}, resource == Tool::"refund") when {{ context.amount > 5 }};',
         ["refund", "get_ticket", "wipe"]),
        (f'{ALLOW_ALL}@ask("x") forbid (principal, {CALL}, resource == Tool::"wipe");',
         ["refund", "get_ticket", "wipe"]),
        (f'{ALLOW_ALL}forbid (principal, action == Action::"list", resource == Tool::"wipe");',
         ["refund", "get_ticket"]),
        ('permit (principal, action == Action::"list", resource);', []),
        (f'permit (principal, {CALL}, resource); forbid (principal == User::"lea", action, resource);', []),
    ],
)  # fmt: skip
def test_a_tool_is_shown_unless_its_call_is_surely_denied(
    text: str, shown: list[str], tmp_path: Path
) -> None:
    decided = authority(tmp_path, text, REFUND, READ, WIPE)
    assert list(decided.visible(ASKED, ["refund", "get_ticket", "wipe", "unknown"])) == shown


@settings(max_examples=samples(50), deadline=None)
@given(slices.rulebooks, slices.requests())
def test_what_can_be_called_is_always_shown(texts: list[str], request: AccessRequest) -> None:
    texts = [text for text in texts if slices.fits(text)] or [ALLOW_ALL]
    request = replace(request, action="call")
    with tempfile.TemporaryDirectory() as folder:
        decided = authority(Path(folder), "\n".join(texts), *slices.WORLD.tools.values())
        listed = decided.visible(request, [request.resource])
        if decided.decide(request).outcome is not Outcome.DENY:
            assert listed == (request.resource,)
