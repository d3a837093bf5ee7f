"""Who may decide, administer and change rules: the people of a workspace, by their roles, under its own policy.

A workspace without users has one owner: whoever can read the database and its keys, and nobody is asked. From the first
user on, each of these acts needs a key, and rules in `policies/` say what its owner may do. What is true whatever a
rule says (nobody decides about their own request, a service is no person) stands in plain code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from remit.control.ground.identity import has_people, principal_now
from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.on_use import on_use
from remit.domain.people import groups_of
from remit.domain.people_errors import KeyNeeded, NotAllowed, NotAPerson

if TYPE_CHECKING:
    from remit.control.authority import people_rules
    from remit.control.ground.ground import Ground
else:
    people_rules = on_use("remit.control.authority.people_rules")

_ASK_AN_ADMIN = "Ask an admin for a role: remit user role NAME --add ROLE"


async def governed(ground: Ground) -> bool:
    """Whether this workspace has users, so that a decision needs a key."""
    return await has_people(ground.database, ground.principal.team)


async def require(ground: Ground, action: str, resource: str, what: str, **facts: Any) -> None:
    """Refuse unless whoever asks may do this; `what` says it in words."""
    principal = ground.principal
    if not await governed(ground):
        return
    if principal.local:
        raise KeyNeeded(
            f"this workspace has users, and to {what} needs a key.",
            "Set REMIT_KEY, or name a file: --key-file FILE",
        )
    principal = await principal_now(ground.database, principal, ground.clock.now())
    request = AccessRequest(
        principal.id, principal.team, "", action, resource, facts,
        groups=tuple(sorted(principal.roles)), environment=ground.environment,
    )  # fmt: skip
    decision = (await people_rules.authority(ground)).decide(request, ground.clock.now())
    if decision.outcome is not Outcome.ALLOW:
        why = decision.reasons[0] if decision.reasons else None
        place = f" ({why.place})" if why is not None and why.place else ""
        raise NotAllowed(
            f"{principal.id} may not {what}: {why.text if why is not None else 'no rule lets them'}{place}.",
            _ASK_AN_ADMIN,
        )


async def require_person(ground: Ground, what: str) -> None:
    """Refuse a service where a person has to decide."""
    if ground.principal.kind == "service" and await governed(ground):
        raise NotAPerson(f"{ground.principal.id} is a service, and to {what} needs a person.")


def is_mine(ground: Ground, group: str, assignee: str) -> bool:
    """Whether a question is asked of whoever acts now."""
    if assignee:
        return assignee == ground.principal.id
    return bool(group) and group in groups_of(ground.principal.roles)
