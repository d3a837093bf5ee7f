"""Erasing content by destroying its key: the chain still verifies, and nobody can read it again (S7).

The ledger comes first, so that no crash and no restore can bring a key back; then key, blobs and the event
that tells of it go in one transaction; then the files are scrubbed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import KeyShredded
from remit.store.database import Commit, Op, SharedEvent
from remit.store.pen import Pen

if TYPE_CHECKING:
    from remit.store.database import Database, EventRow, Head
    from remit.store.keys import DataKey, KeyRing
    from remit.store.ledger import ShredLedger

_WORKSPACE = "workspace"


async def shred_subject(
    database: Database, keys: KeyRing, ledger: ShredLedger, *, team: str, subject: str, by: str, at: int
) -> list[str]:
    """Destroy every key of one subject: of its runs and of what is kept about it; the ids of those keys."""
    rows = await database.fetch("keys.of_subject", keys.subject_tag(team, subject))
    return await _shred(database, keys, ledger, [row[0] for row in rows], by, at)


async def shred_key(
    database: Database, keys: KeyRing, ledger: ShredLedger, *, key_id: str, by: str, at: int
) -> None:
    """Destroy one key; raises `WrongKey` if there is none and `Shredded` if it is gone already."""
    await keys.get(key_id)
    await _shred(database, keys, ledger, [key_id], by, at)


async def _shred(
    database: Database, keys: KeyRing, ledger: ShredLedger, key_ids: list[str], by: str, at: int
) -> list[str]:
    if not key_ids:
        return []
    pen_key = await keys.team_key(_WORKSPACE, at)
    ledger.add(key_ids, at)
    commit = Commit()
    for key_id in key_ids:
        commit.shared.append(_told(pen_key, KeyShredded(key_id, by), at))
        commit.ops += [Op("keys.shred", (key_id, at)), Op("keys.drop_blobs", (key_id,))]
    await database.submit(commit)
    for key_id in key_ids:
        keys.forget(key_id)
    await database.scrub()
    return key_ids


def _told(key: DataKey, event: KeyShredded, at: int) -> SharedEvent:
    def seal(head: Head) -> EventRow:
        return Pen(_WORKSPACE, _WORKSPACE, key, head).write(event, "", at)

    return SharedEvent(_WORKSPACE, seal)
