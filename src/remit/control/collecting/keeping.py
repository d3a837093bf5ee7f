"""How long telemetry is kept: the keys of a source hold a week each, and go when their last day is older than the
rule of retention lets it be. A legal hold wins.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.protection_events import RetentionApplied
from remit.store.database import Conflict, Op
from remit.store.holds import held_tags
from remit.store.keys import PERIOD
from remit.store.shred import shred_keys
from remit.store.telling import told

if TYPE_CHECKING:
    from remit.control.ground.ground import Ground

RULE = "telemetry"
SUBJECT = "source:"
"""What the subject of a source begins with: `remit shred source:NAME` erases all that it sent."""
_DAY = 24 * 3600 * 1_000_000


async def destroy_old(ground: Ground, days: int, by: str) -> int:
    """Destroy the keys whose telemetry has come to the end of its time; how many those were. 0 days is for ever."""
    if not days:
        return 0
    team, before = ground.principal.team, ground.clock.now() - days * _DAY - PERIOD
    held = await held_tags(ground.database, team)
    gone = 0
    for (source,) in await ground.database.fetch("foreign.senders", team):
        tag = ground.keys.subject_tag(team, f"{SUBJECT}{source}")
        if tag in held:
            continue
        names = [row[0] for row in await ground.database.fetch("keys.of_subject", tag)]
        old = [name for name in names if int(name.rpartition("-")[2]) <= before]
        gone += len(old) if await _destroy(ground, days, old, tag, by) else 0
    return gone


async def _destroy(ground: Ground, days: int, keys: list[str], tag: str, by: str) -> bool:
    """Destroy some keys of a source; not where a hold was placed meanwhile: the next sweep sees it."""
    if not keys:
        return False
    now = ground.clock.now()
    tells = [await told(ground.keys, RetentionApplied(RULE, days, [], 0, by), now, ground.principal.team)]
    unheld = [Op("protection.unheld", (tag,), one=True)]
    try:
        await shred_keys(ground.database, ground.keys, ground.ledger, keys, by, now, also=unheld, tells=tells)
    except Conflict:
        return False
    return True
