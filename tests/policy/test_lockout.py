"""A policy that would lock everybody out is told from one that does not."""

from __future__ import annotations

import pytest

from remit.policy.authority import Authority
from remit.policy.lockout import Member, locked_out
from tests.policy.worlds import world

PEOPLE = [Member("ada", ("admin",)), Member("bob", ("developer",)), Member("eve", ())]
ADMIN = (
    'permit (principal in Role::"admin", action in [Action::"admin", Action::"change_policy"], resource);\n'
)
CALLS = 'permit (principal, action == Action::"call", resource);\n'
SECOND = 'permit (principal in Role::"developer", action == Action::"approve", resource);\n'


def of(text: str) -> Authority:
    return Authority.of({"policies/main.cedar": text}, world())


@pytest.mark.parametrize(
    ("after", "protected", "said"),
    [
        (CALLS + ADMIN, False, []),
        (CALLS, False, ["change the rules", "administer people", "lift a halt"]),
        (
            CALLS + ADMIN + 'forbid (principal, action == Action::"admin", resource == Area::"halts");\n',
            False,
            ["halt"],
        ),
        (CALLS + ADMIN, True, ["second person"]),
        (CALLS + ADMIN + SECOND, True, []),
        (
            CALLS + ADMIN + 'permit (principal in Role::"admin", action == Action::"approve", resource);\n',
            True,
            ["second"],
        ),
    ],
)
def test_whoever_takes_a_duty_from_everybody_is_told_which(
    after: str, protected: bool, said: list[str]
) -> None:
    found = list(locked_out(of(after), of(CALLS + ADMIN), PEOPLE, "dev", protected=protected))
    assert len(found) == len(said)
    assert all(word in sentence for word, sentence in zip(said, found, strict=True))


def test_what_nobody_could_do_before_is_taken_from_nobody() -> None:
    assert list(locked_out(of(CALLS), of(CALLS), PEOPLE, "dev")) == []
    assert len(list(locked_out(of(CALLS), None, PEOPLE, "dev"))) == 3
