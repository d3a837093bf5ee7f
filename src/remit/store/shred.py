"""Erasing content by destroying its key: the chain still verifies, and nobody can read it again (S7).

The ledger comes first, so that no crash and no restore can bring a key back; then key, everything sealed with it that
is not the log itself, and the event that tells of it go in one transaction; then the files are scrubbed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from remit.domain.events import KeyShredded
from remit.store.database import Commit, Conflict, Op
from remit.store.telling import told

if TYPE_CHECKING:
    from collections.abc import Iterable

    from remit.store.database import Database, SharedEvent
    from remit.store.keys import KeyRing
    from remit.store.ledger import ShredLedger

PURGED: dict[str, tuple[str, str]] = {
    "blobs": ("keys.count_blobs", "keys.drop_blobs"),
    "reductions": ("keys.count_reductions", "protection.drop_reductions"),
    "memory": ("keys.count_memory", "memory.drop_of_key"),
    "answers": ("keys.count_answers", "answers.drop_of_key"),
    "search_documents": ("search.count_of_key", "search.drop_of_key"),
    "search_meanings": ("meanings.count_of_key", "meanings.drop_of_key"),
    "task_hooks": ("tasks.count_hooks", "tasks.drop_of_key"),
}
"""Tables whose rows go with their key: how to count and how to remove them. A test finds one that is missing here."""


async def shred_subject(
    database: Database, keys: KeyRing, ledger: ShredLedger, *, team: str, subject: str, by: str, at: int
) -> list[str]:
    """Destroy every key of one subject: of its runs and of what is kept about it; the ids of those keys.

    Whether it may be destroyed is for the caller to know: `deletion.delete_subject` looks for holds, and signs.
    """
    rows = await database.fetch("keys.of_subject", keys.subject_tag(team, subject))
    return await shred_keys(database, keys, ledger, [row[0] for row in rows], by, at)


async def shred_key(
    database: Database, keys: KeyRing, ledger: ShredLedger, *, key_id: str, by: str, at: int
) -> None:
    """Destroy one key; raises `WrongKey` if there is none and `Shredded` if it is gone already."""
    await keys.get(key_id)
    await shred_keys(database, keys, ledger, [key_id], by, at)


async def shred_keys(
    database: Database, keys: KeyRing, ledger: ShredLedger, key_ids: list[str], by: str, at: int,
    also: Iterable[Op] = (), tells: Iterable[SharedEvent] = (),
) -> list[str]:  # fmt: skip
    """Destroy these keys, in one commit with what belongs to it, and clean the files.

    Raises `Conflict` where one of the other operations forbids it; then nothing was destroyed.
    """
    if not key_ids:
        return []
    ledger.add(key_ids, at)
    commit = Commit(ops=list(also), shared=list(tells))
    for key_id in key_ids:
        commit.shared.append(await told(keys, KeyShredded(key_id, by), at))
        commit.ops.append(Op("keys.shred", (key_id, at)))
        commit.ops += [Op(remove, (key_id,)) for _, remove in PURGED.values()]
    try:
        await database.submit(commit)
    except Conflict:
        found = {key_id: await database.fetch("keys.get", key_id) for key_id in key_ids}
        ledger.withdraw([key_id for key_id, rows in found.items() if rows and rows[0][0] is not None], at)
        raise
    for key_id in key_ids:
        keys.forget(key_id)
    await database.scrub()
    return key_ids
