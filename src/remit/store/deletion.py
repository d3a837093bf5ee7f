"""Deleting a subject as a whole: begun once, finished whatever happens in between, and proven by a signed receipt (S7).

The order matters. It is written down that a deletion has begun, which no hold can stop from there on; keys and what
they sealed are destroyed; files outside of the database are cleaned; then the receipt is signed and the log told of
it. A process that dies in between leaves an open deletion, and whoever comes next goes on with it.
"""

from __future__ import annotations

import secrets
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from remit.domain.protection_events import SubjectShredded
from remit.store.database import Commit, Conflict, Op
from remit.store.deletion_receipt import digest_of, public_key, sign
from remit.store.exports import Cleaned, clean_exports
from remit.store.holds import hold_of, refusal
from remit.store.shred import PURGED, shred_keys
from remit.store.telling import WORKSPACE, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from remit.store.database import Database
    from remit.store.keys import KeyRing
    from remit.store.ledger import ShredLedger

SIGNER = "sign-deletions"
"""The data key whose secret signs receipts."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """A deletion that is done."""

    id: str
    keys: list[str]
    counts: dict[str, int] = field(default_factory=dict[str, int])
    left: list[Cleaned] = field(default_factory=list[Cleaned])
    """Files that were made once and could not be cleaned from here."""
    receipt: str = ""


async def delete_subject(
    database: Database, keys: KeyRing, ledger: ShredLedger, *, team: str, subject: str, by: str, at: int
) -> Deletion | None:
    """Destroy everything about a subject; None if there is nothing. Raises `LegalHold` where that is forbidden."""
    tag = keys.subject_tag(team, subject)
    open_ = await database.fetch("protection.open_deletion", tag)
    if not open_:
        held = await hold_of(database, keys, team, subject)
        if held is not None:
            raise refusal(subject, held)
        if not await database.fetch("keys.of_subject", tag):
            return None
        begin = Op("protection.begin_deletion", (f"d-{secrets.token_hex(6)}", team, tag, by, at), one=True)
        try:
            await database.submit(Commit(ops=[Op("protection.alone", ()), begin]))
        except Conflict:
            held = await hold_of(database, keys, team, subject)
            if held is not None:
                raise refusal(subject, held) from None
        open_ = await database.fetch("protection.open_deletion", tag)
    return (
        await _finish(database, keys, ledger, (open_[0][0], team, tag, *open_[0][1:]), at) if open_ else None
    )


async def finish_deletions(database: Database, keys: KeyRing, ledger: ShredLedger, at: int) -> list[Deletion]:
    """Go on with what somebody began and could not finish."""
    rows = await database.fetch("protection.open_deletions")
    return [await _finish(database, keys, ledger, row, at) for row in rows]


async def signing_key(keys: KeyRing, at: int) -> str:
    """The public key that receipts of this workspace are verified with."""
    return public_key(await keys.secret_of(SIGNER, WORKSPACE, at))


async def _finish(
    database: Database, keys: KeyRing, ledger: ShredLedger, begun: Sequence[Any], at: int
) -> Deletion:
    deletion, team, tag, by, started = begun
    living = [row[0] for row in await database.fetch("keys.of_subject", tag)]
    counts = await _counted(database, living)
    if living:
        await shred_keys(database, keys, ledger, living, by, at)
    destroyed = [row[0] for row in await database.fetch("keys.destroyed_of_subject", tag, started)]
    files = await clean_exports(database, destroyed, at)
    await database.scrub()  # also what an earlier life had deleted and not yet scrubbed
    workspace = await database.fetch("workspace.get", "root_key")
    receipt = sign(
        {
            "id": deletion, "workspace": str(workspace[0][0]) if workspace else "", "team": team, "subject": tag,
            "by": by, "started": started, "finished": at, "keys": destroyed,
            "counts": {"keys": len(destroyed), **counts},
            "exports": [asdict(each) for each in files],
        },
        await keys.secret_of(SIGNER, WORKSPACE, at),
    )  # fmt: skip
    event = SubjectShredded(deletion, tag, by, len(destroyed), digest_of(receipt))
    done = Op("protection.finish_deletion", (deletion, at, receipt), one=True)
    try:
        await database.submit(Commit(ops=[done], shared=[await told(keys, event, at)]))
    except Conflict:  # another process finished it in this moment: its receipt is the receipt
        receipt = str((await database.fetch("protection.deletion", team, deletion))[0][1])
    left = [each for each in files if each.outcome != "clean"]
    return Deletion(deletion, destroyed, counts, left, receipt)


async def _counted(database: Database, key_ids: list[str]) -> dict[str, int]:
    """How much these keys protect; events are counted for whole runs, which is where they are found by key."""
    runs = [key_id.removeprefix("k-") for key_id in key_ids if key_id.startswith("k-")]
    counts = {"runs": len(runs), "events": 0}
    for run in runs:
        counts["events"] += (await database.fetch("keys.count_events", f"run:{run}", f"k-{run}"))[0][0]
    for table, (count, _) in PURGED.items():
        found = [await database.fetch(count, key_id) for key_id in key_ids]
        counts[table] = sum(rows[0][0] for rows in found)
    return counts
