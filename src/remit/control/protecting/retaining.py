"""Retention: content of ended runs is destroyed when its time has come; a legal hold wins, and the log says what went.

That things happened, when, by whom and in which order stays for ever, and stays provable.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from remit.domain.protection_events import RetentionApplied
from remit.store.database import Conflict, Op
from remit.store.exports import clean_exports
from remit.store.holds import held_tags
from remit.store.shred import shred_keys
from remit.store.telling import told

if TYPE_CHECKING:
    from collections.abc import Mapping

    from remit.control.ground.ground import Ground

_PAGE = 200
_DAY = 24 * 3600 * 1_000_000
RECEIPTS_DAYS = 183
"""What the law of several places asks for logs of consequential acts: half a year."""


@dataclass(frozen=True, slots=True)
class RetentionRules:
    """Days after the end of a run; 0 is for ever."""

    days: int = 0
    classes: Mapping[str, int] = field(default_factory=dict[str, int])


@dataclass(frozen=True, slots=True)
class Expired:
    """What one rule has destroyed."""

    rule: str
    """The data class, or empty for the rule of everything else."""
    days: int
    runs: list[str]
    held: int


async def destroy_expired(ground: Ground, rules: RetentionRules, by: str) -> list[Expired]:
    """Destroy what came to the end of its time; what each rule did, where it did something."""
    held = await held_tags(ground.database, ground.principal.team)
    chosen = [*rules.classes.items(), *([("", rules.days)] if rules.days else [])]
    found = [await _apply(ground, rules, name, days, held, by) for name, days in chosen]
    return [each for each in found if each.runs or each.held]


async def _apply(
    ground: Ground, rules: RetentionRules, name: str, days: int, held: frozenset[str], by: str
) -> Expired:
    before = ground.clock.now() - days * _DAY
    team, after = ground.principal.team, ""
    gone: list[str] = []
    spared: set[str] = set()
    while rows := await ground.database.fetch("protection.expired", team, before, after, name, _PAGE):
        after = rows[-1][0]
        keys: dict[str, tuple[str, str]] = {}
        for run, key_id, tag in rows:
            if tag in held:
                spared.add(run)
            elif name or not await _has_rule_of_its_own(ground, run, rules):
                keys[key_id] = (run, tag)
        if keys and await _destroy(ground, name, days, keys, by):
            gone += dict.fromkeys(run for run, _ in keys.values())
    return Expired(name, days, gone, len(spared))


async def _has_rule_of_its_own(ground: Ground, run: str, rules: RetentionRules) -> bool:
    if not rules.classes:
        return False
    return any(row[0] in rules.classes for row in await ground.database.fetch("protection.classes", run))


async def _destroy(
    ground: Ground, name: str, days: int, keys: Mapping[str, tuple[str, str]], by: str
) -> bool:
    """Destroy a page of keys; not where a hold was placed meanwhile: the next sweep sees it."""
    now, team = ground.clock.now(), ground.principal.team
    event = RetentionApplied(name, days, list(dict.fromkeys(run for run, _ in keys.values())), 0, by)
    tells = [await told(ground.keys, event, now, team)]
    unheld = [Op("protection.unheld", (tag,), one=True) for tag in {tag for _, tag in keys.values()} if tag]
    try:
        await shred_keys(
            ground.database, ground.keys, ground.ledger, list(keys), by, now, also=unheld, tells=tells
        )
    except Conflict:
        return False
    await clean_exports(ground.database, keys, now)
    return True
