"""Rules that would lock everybody out: after them nobody could change rules, let people in or lift a halt. Pure: it is
told who there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from remit.domain.decisions import AccessRequest, Outcome
from remit.policy.authority import Authority


class Member(NamedTuple):
    """Somebody who may act now, with roles and groups."""

    name: str
    groups: tuple[str, ...]


_NEEDED = {
    "change the rules": ("change_policy", "policies"),
    "administer people": ("admin", "people"),
    "lift a halt": ("admin", "halts"),
}


def locked_out(
    after: Authority, before: Authority | None, people: Iterable[Member], environment: str, *, protected: bool = False
) -> Iterator[str]:  # fmt: skip
    """What somebody could do under the rules before, and nobody could under those after, in words."""
    members, team = tuple(people), after.world.team
    for deed, (action, resource) in _NEEDED.items():
        if able(after, members, team, environment, action, resource):
            continue
        if before is None or able(before, members, team, environment, action, resource):
            yield f"nobody could {deed} any more"
    changers = able(after, members, team, environment, "change_policy", "policies")
    if protected and changers and not _second(after, members, changers, environment):
        yield "nobody could be the second person who agrees to a change of the rules"


def able(
    authority: Authority, people: Iterable[Member], team: str, environment: str, action: str, resource: str
) -> list[str]:
    """Who may do something."""
    return [
        who.name
        for who in people
        if authority.decide(
            AccessRequest(who.name, team, "", action, resource, groups=who.groups, environment=environment)
        ).outcome
        is Outcome.ALLOW
    ]


def _second(authority: Authority, people: tuple[Member, ...], changers: list[str], environment: str) -> bool:
    facts = {"kind": "proposal", "group": "", "rule": "policy", "agent": "", "mine": False}
    for who in people:
        request = AccessRequest(
            who.name, authority.world.team, "", "approve", "policies", facts, groups=who.groups, environment=environment
        )  # fmt: skip
        if set(changers) - {who.name} and authority.decide(request).outcome is Outcome.ALLOW:
            return True
    return False
