"""Declaring that a database was restored from a backup: who may, what the reader's checkpoints say was lost, and the
signed note that says so. What a restore does not explain cannot be declared away.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from remit.control.auditing.audit import checkpoint, held_by
from remit.control.authority.duties import require, require_person
from remit.domain.errors import InvalidInput, Refused, WrongState
from remit.domain.evidence_events import LogRestored
from remit.store.database import Commit, Op
from remit.store.log_source import LogSource
from remit.store.signing import open_signer
from remit.store.telling import told
from remit.store.verifying.examination import Examination
from remit.store.verifying.restores import Restore, restore_text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from remit.control.ground.ground import Ground
    from remit.store.signing import Signer
    from remit.store.verifying.held import Held
    from remit.store.verifying.verdicts import Report

_LONGEST = 500


@dataclass(frozen=True, slots=True)
class RestoreView:
    """A restore that was declared."""

    agreed: int
    """The log is what it was up to so many events."""
    lost: int
    """So many had been signed before."""
    until: int
    at: int
    by: str
    reason: str


async def declare_restore(
    ground: Ground, reason: str, anchor: Path | None, anchors: Sequence[str]
) -> RestoreView:
    """Say that this database was restored, so that what its anchors hold of its lost end is no contradiction."""
    await require(ground, "admin", "evidence", "declare a restore")
    await require_person(ground, "declare a restore")
    if not reason.strip() or len(reason) > _LONGEST or not reason.isprintable():
        raise InvalidInput(
            f"a restore is declared with a reason, on one line of {_LONGEST} characters at most.",
            'Say which backup, and why: --reason "the disk failed, backup of last night".',
        )
    held = held_by(ground, anchor, anchors)
    if held is None:
        raise WrongState(
            "nothing outside the database says what was lost.", "Name what you hold: --anchor FILE"
        )
    signer = await open_signer(ground.database, ground.keys, ground.clock)
    restore = await _lost(ground, held, signer, reason.strip())
    report = await _with(ground, held, signer.origin, restore)
    if report.outcome == "fail":
        first = next(verdict for verdict in report.verdicts if verdict.outcome == "fail")
        raise Refused(
            f"more is wrong with this log than that it was restored: {first.sentence}.",
            "See all of it: remit audit verify --anchor FILE",
        )
    note = signer.sign(restore.note.text)
    event = LogRestored(
        restore.agreed, restore.lost, restore.until, ground.principal.id, reason.strip(), note
    )
    said = await told(ground.keys, event, restore.at, path=restore.place)
    ops = [Op("evidence.declare", (restore.at, note)), Op("evidence.go_back", (restore.agreed,))]
    await ground.database.submit(Commit(ops=ops, shared=[said]))
    await checkpoint(ground, anchors)
    return RestoreView(restore.agreed, restore.lost, restore.until, restore.at, restore.by, restore.why)


async def _lost(ground: Ground, held: Held, signer: Signer, reason: str) -> Restore:
    """The declaration that explains what the reader holds and the log does not have."""
    (agreed, root), off = (await _examined(ground, held, signer.origin, None)).contradicted()
    if not off:
        raise WrongState(
            "the log has everything that was anchored: there is no restore to declare.",
            "If another anchor disagrees, name it: --anchor FILE",
        )
    lost = max(each.size for each in off), max(each.at for each in off)
    by, now = ground.principal.id, ground.clock.now()
    text = restore_text(signer.origin, (agreed, root), lost, now, by, reason)
    return Restore.parse(signer.sign(text))


async def _with(ground: Ground, held: Held, origin: str, restore: Restore) -> Report:
    """What a verifier would say once that is declared."""
    return (await _examined(ground, held, origin, restore)).report()


async def _examined(ground: Ground, held: Held, origin: str, restore: Restore | None) -> Examination:
    async with ground.database.snapshot() as snapshot:
        source = await LogSource.of(snapshot, origin)
        outline = await source.outline()
        if restore is not None:
            outline.restores.append(restore)
        examination = Examination(outline, held)
        async for entry in source.entries():
            examination.take(entry)
        if restore is not None:
            examination.name(restore.place)
        if examination.suspects():
            async for entry in source.entries():
                examination.look(entry)
    return examination
