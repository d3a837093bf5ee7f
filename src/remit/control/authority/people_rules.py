"""The rules about people, made ready to decide. No code of the workspace is read: they are held against the tools that
were accepted, so that decisions are possible while code is broken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from cedarpy import pst

from remit.domain.tools import ToolManifest
from remit.gate.standing.archive import PolicyArchive
from remit.policy.authority import Authority
from remit.policy.checks import actions_of, checked
from remit.policy.loading import read_rules, rules_of
from remit.policy.schema import ACTIONS, DUTIES
from remit.policy.world import World

if TYPE_CHECKING:
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.policy.rules import Rule

_KINDS = frozenset(kind for duty in DUTIES for kind in ACTIONS[duty])


async def authority(ground: Ground) -> Authority:
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
