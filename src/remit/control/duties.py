"""Who may decide, administer and change rules: the people of a workspace, by their roles, under its own policy.

A workspace without users has one owner: whoever can read the database and its keys, and nobody is asked. From the first
user on, each of these acts needs a key, and rules in `policies/` say what its owner may do. What is true whatever a
rule says (nobody decides about their own request, a service is no person) stands in plain code. It reads no code of the
workspace: rules are held against the tools that were accepted, so that decisions are possible while code is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from cedarpy import pst

from remit.control.identity import has_people, principal_now
from remit.domain.decisions import AccessRequest, Outcome
from remit.domain.people import groups_of
from remit.domain.people_errors import KeyNeeded, NotAllowed, NotAPerson
from remit.domain.tools import ToolManifest
from remit.gate.standing.archive import PolicyArchive
from remit.policy.authority import Authority
from remit.policy.checks import actions_of, checked
from remit.policy.loading import read_rules, rules_of
from remit.policy.schema import ACTIONS, DUTIES
from remit.policy.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.ground import Ground
    from remit.policy.rules import Rule

_KINDS = frozenset(kind for duty in DUTIES for kind in ACTIONS[duty])
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
    decision = (await _authority(ground)).decide(request, ground.clock.now())
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


async def _authority(ground: Ground) -> Authority:
    """The rules about people, held against what was accepted."""
    folder = ground.workspace / "policies"
    rules = [rule for rule in await _rules(ground, folder) if _concerns_people(rule)]
    rows = await ground.database.fetch("tools.all", ground.principal.team)
    tools = {
        row[0]: msgspec.convert(msgspec.json.decode(row[4]), ToolManifest)
        for row in rows
        if row[1] and row[4]
    }
    agents = frozenset(
        uid.id for rule in rules for uid in pst.entity_uids(rule.statement) if str(uid.type) == "Agent"
    )
    world = World(ground.principal.team, tools, agents)
    return Authority(folder, checked(rules, world), world)


async def _rules(ground: Ground, folder: Path) -> tuple[Rule, ...]:
    """The rules of the folder; where these are protected, those that were agreed to."""
    archive = PolicyArchive(ground.database, ground.keys, ground.log, ground.principal.team)
    now = await archive.in_force()
    kept = await archive.files(now.digest) if now is not None and now.protected else None
    return read_rules(folder) if kept is None else rules_of(kept, folder.name)


def _concerns_people(rule: Rule) -> bool:
    """Whether a rule can be about what people do: it names such an action, or all actions and none of their tools."""
    if not actions_of(rule.statement) & DUTIES:
        return False
    match rule.statement.resource:
        case pst.ScopeEq(pst.EntityUid(kind, _)) | pst.ScopeIs(kind) | pst.ScopeIsIn(kind, _):
            return str(kind) in _KINDS
        case _:
            return True
